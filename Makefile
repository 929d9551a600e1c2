# The two commands: `make book` writes the pages, `make test` checks everything.
PYTHON ?= python3
SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# One thread for small matrix products: two stall on a busy machine.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export JUPYTER_PREFER_ENV_PATH := 1

RUN := .venv/bin/python -m
JUPYTER_BOOK := .venv/bin/python -c "from jupyter_book.cli.main import main; main()"
NOTEBOOKS := $(wildcard book/*.ipynb book/assignments/source/*/*.ipynb)
SOURCES := _config.yml _toc.yml $(shell find book classroom lstm_lib -type f -not -path '*/__pycache__/*' -not -path '*/.ipynb_checkpoints/*')

.PHONY: help book test test-slow lab keep slides pdf assignments bench lint audit clean

help:
	@echo "make book       build the book and print its address"
	@echo "make test       lint, tests, notebooks and the pages in a browser"
	@echo "make test-slow  the tests that take minutes"
	@echo "make lab        open the notebooks in JupyterLab"
	@echo "make keep       run NOTEBOOK=book/..., keep its outputs tagged keep_output"
	@echo "make slides     slides for chapters 4, 7 and 9 from the built pages"
	@echo "make pdf        the book as one PDF, printed by Chromium"
	@echo "make assignments  write the student versions from their sources"
	@echo "make bench      time the library (ARGS=--quick for a minute)"
	@echo "make lint       ruff alone"
	@echo "make audit      weight and speed of each page, into _audit/"
	@echo "make clean      remove what was built; .venv stays"

# A Python that is too old or has no venv module is named here, before anything else fails.
.venv/.reader: requirements.txt constraints.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 ..."; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python %d.%d is too old: install 3.11 or newer, or name one: make PYTHON=python3.12 ..." % v[:2])'
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv module: install it, on Debian and Ubuntu with: sudo apt install python3-venv"; exit 1; }
	@test -x .venv/bin/python || "$(PYTHON)" -m venv .venv
	@echo "Installing what the book needs into .venv ..."
	@$(RUN) pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: .venv/.reader requirements-dev.txt
	@echo "Installing what the tests need into .venv ..."
	@$(RUN) pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# jupyter-book exits with 0 after some failures unless warnings are errors, and leaves pages behind
# that the table of contents no longer names.
_build/html/.built: .venv/.reader $(SOURCES)
	@if [ _toc.yml -nt $@ ] || [ _config.yml -nt $@ ]; then rm -rf _build/html; fi
	@$(JUPYTER_BOOK) build . -W -n --keep-going
	@touch $@

book: _build/html/.built
	@.venv/bin/python -c 'import pathlib; print("The book:", pathlib.Path("_build/html/index.html").resolve().as_uri())'

lint: .venv/.dev
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

test: .venv/.dev _build/html/.built lint
	@$(RUN) pytest -q -m "not slow" -n 2
	@LSTM_LIB_EXERCISE=1 $(RUN) pytest -q -p no:cacheprovider --nbval-lax --nbval-current-env --nbval-cell-timeout=120 -n 2 --dist loadfile $(NOTEBOOKS)

# JupyterHub's proxy is a Node program; without npm its test is skipped.
.venv/.proxy: .venv/.dev
	@npm install --silent --prefix .venv configurable-http-proxy@5.3.0 || echo "npm was not found or failed: the test of JupyterHub will be skipped"
	@touch $@

test-slow: .venv/.dev .venv/.proxy _build/html/.built
	@$(RUN) pytest -q -m slow -n 2

lab: .venv/.reader
	@$(RUN) jupyterlab --notebook-dir=book

# Of what running writes into a notebook only the tagged outputs and the counts stay.
keep: .venv/.dev
	@$(RUN) jupyter nbconvert --to notebook --execute --inplace --log-level WARN $(NOTEBOOK)
	@$(RUN) jupyter nbconvert --coalesce-streams --log-level WARN $(NOTEBOOK)
	@$(RUN) nbstripout --keep-id --keep-count --extra-keys "$(addprefix metadata.language_info.,codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer version)" $(NOTEBOOK)

slides: .venv/.reader _build/html/.built
	@$(RUN) classroom.slides

pdf: .venv/.dev _build/html/.built
	@$(RUN) classroom.pdf

assignments: .venv/.dev
	@$(RUN) classroom.release

bench: .venv/.dev
	@$(RUN) tests.benchmarks $(ARGS)

audit: .venv/.dev _build/html/.built
	@.venv/bin/python tests/browser/audit.py

clean:
	rm -rf _build _audit .pytest_cache .ruff_cache .hypothesis build *.egg-info
