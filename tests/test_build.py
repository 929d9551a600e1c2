"""The build: what it must write, what must stop it, and what no cache may hide."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
from bookext.fresh import packages

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "sample_book"


class Book:
    """A copy of the build with the sample pages, in a folder whose name has a space."""

    def __init__(self, root):
        self.root = root
        for name in ("_config.yml", "lstm_lib", "book/_ext", "book/_static", "book/_templates"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, root / name)
        shutil.copy(SAMPLE / "_toc.yml", root)
        for name in ("intro.md", "page.ipynb", "references.bib", "seeds.yml"):
            shutil.copy(SAMPLE / name, root / "book")

    def build(self, *flags):
        """Run jupyter-book as `make book` does; the copy's lstm_lib comes before the installed."""
        main = "from jupyter_book.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", main, "build", ".", "-W", "-n", "--keep-going", *flags],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root), "JUPYTER_PREFER_ENV_PATH": "1"},
            capture_output=True,
            text=True,
        )

    def page(self, name="page"):
        return (self.root / f"_build/html/book/{name}.html").read_text(encoding="utf-8")

    def edit(self, name, old, new):
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def add_cell(self, source, *tags):
        file = self.root / "book/page.ipynb"
        notebook = json.loads(file.read_text(encoding="utf-8"))
        cell = {"cell_type": "code", "id": "added", "metadata": {"tags": list(tags)}}
        notebook["cells"].append(cell | {"source": source, "outputs": [], "execution_count": None})
        file.write_text(json.dumps(notebook), encoding="utf-8")


def succeeded(run):
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    return run


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A finished build, never changed: tests that change something take a copy."""
    book = Book(tmp_path_factory.mktemp("a path with a space"))
    succeeded(book.build())
    return book


@pytest.fixture
def book(built, tmp_path):
    copy = Book.__new__(Book)
    copy.root = Path(shutil.copytree(built.root, tmp_path / "a book"))
    return copy


@pytest.mark.slow
def test_page_holds_every_feature(built):
    page = built.page()
    assert 'class="enclosing q-f"' in page  # a coloured term
    assert "tabindex" not in re.sub(r"<(button|input)[^>]*>", "", page)
    assert "Figure 1" in page
    assert '<figure id="fig-sample"' in page or 'id="fig-sample"' in page
    assert "Checked by machine" in page
    assert "<details" in page
    assert "Werbos" in page
    assert 'download href="../_sources/book/page.ipynb"' in page
    assert "Report an error" not in page
    assert "http://" not in re.sub(r"xmlns(:\w+)?=\"[^\"]*\"|<annotation.*?</annotation>", "", page)


@pytest.mark.slow
def test_repository_address_brings_the_buttons(book):
    book.edit("_config.yml", 'book_repository: ""', 'book_repository: "https://example.org/a/b"')
    succeeded(book.build())
    assert 'href="https://example.org/a/b/edit/main/book/page.ipynb"' in book.page()
    assert "Report an error" in book.page()


@pytest.mark.slow
def test_changed_library_reaches_the_page(book):
    old = re.search(r'^f = \["(#\w+)"', (ROOT / "lstm_lib/colours.toml").read_text(), re.M)[1]
    book.edit("lstm_lib/colours.toml", f'f = ["{old}"', 'f = ["#123456"')
    book.add_cell('from lstm_lib import plots\nprint("colour", plots.colour("f"))')
    succeeded(book.build())
    assert "colour #123456" in book.page()
    assert "--c-f:#123456" in (book.root / "_build/html/_static/colours.css").read_text()
    book.edit("lstm_lib/colours.toml", "#123456", "#234567")
    succeeded(book.build())
    assert "colour #234567" in book.page()


@pytest.mark.slow
def test_a_changed_page_keeps_the_previews_of_equations_on_others(book):
    def previews():
        folder = book.root / "_build/html/_static/tippy/book"
        return "".join(f.read_text(encoding="utf-8") for f in folder.glob("intro.*.js"))

    assert "equation-eq-sample" in previews()
    book.edit("book/intro.md", "One page", "One single page")
    succeeded(book.build())
    assert "equation-eq-sample" in previews()


@pytest.mark.slow
def test_a_line_printed_in_pieces_stays_one_line(book):
    book.add_cell("import time\nprint(1, end='', flush=True)\ntime.sleep(1)\nprint(2)")
    succeeded(book.build())
    assert re.search(r"<pre><span></span>12\n</pre>", book.page())


@pytest.mark.slow
def test_changed_static_file_is_copied(book):
    book.edit("book/_static/book.css", "/* The theme", "/* changed */ /* The theme")
    succeeded(book.build())
    assert "/* changed */" in (book.root / "_build/html/_static/book.css").read_text()


STOPS = {
    "failing cell": ("1 / 0", "ZeroDivisionError"),
    "image": ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "figure path"),
    "image as HTML": (
        'from IPython.display import HTML\nHTML(\'<img alt="a text" src="data:,">\')',
        "figure path",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STOPS)
def test_cell_stops_the_build(book, name):
    source, message = STOPS[name]
    book.add_cell(source)
    run = book.build()
    assert run.returncode != 0
    assert message in run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{eq}`eq-sample`", "{eq}`eq-none`", "eq-none"),
        ("{eq}`eq-sample`", "{numref}`fig-none`", "fig-none"),
        ("{eq}`eq-sample`", r"$\unknown{x}$", "unknown"),
    ],
    ids=["equation", "figure", "command"],
)
def test_mistake_in_the_text_stops_every_build_until_mended(book, old, new, message):
    book.edit("book/intro.md", old, new)
    for _ in range(2):  # the second build must not pass because the first read the page already
        run = book.build()
        assert run.returncode != 0
        assert message in run.stdout + run.stderr
    book.edit("book/intro.md", new, old)
    succeeded(book.build())


@pytest.mark.slow
def test_a_row_is_listed_with_a_link_to_its_section(built):
    intro = built.page("intro")
    assert "S0-1. A row of the sample" in intro
    assert re.search(r'href="page.html">Every feature a chapter uses</a>', intro)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("step-none", "row S0-1 is covered by no page"),
        ("covers-S0-7", "covers-S0-7: book/seeds.yml has no such row"),
    ],
)
def test_the_rows_of_the_sources_stop_the_build(book, tag, message):
    book.edit("book/page.ipynb", '"covers-S0-1"', f'"{tag}"')
    run = book.build()
    assert run.returncode != 0
    assert message in run.stdout + run.stderr


def nbval(notebook):
    flags = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *flags, str(notebook)],
        cwd=notebook.parent,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_changed_digit_of_a_stored_output_fails(tmp_path):
    notebook = Path(shutil.copy(SAMPLE / "page.ipynb", tmp_path))
    run = nbval(notebook)
    assert run.returncode == 0, run.stdout[-3000:]
    notebook.write_text(notebook.read_text().replace("sum   1.5000", "sum   1.5001"))
    run = nbval(notebook)
    assert run.returncode == 1, run.stdout[-3000:]
    assert "1.5001" in run.stdout


def make(folder, *arguments, path=None):
    environment = os.environ | ({"PATH": str(path)} if path else {})
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def empty_clone(folder):
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("import sys; sys.version_info = (3, 10)", "Python 3.10 is too old: install 3.11 or newer"),
        ("import sys; sys.modules['venv'] = None", "sudo apt install python3-venv"),
    ],
    ids=["old", "no-venv"],
)
def test_make_names_what_python_lacks(tmp_path, answers, message):
    clone = empty_clone(tmp_path / "a clone")
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\nexec \"{sys.executable}\" -c \"{answers}; exec('''$2''')\"\n")
    python.chmod(0o755)
    run = make(clone, "book", f"PYTHON={python}")
    assert run.returncode != 0
    assert message in run.stdout + run.stderr
    assert not (clone / ".venv").exists()


def test_make_names_a_missing_python(tmp_path):
    run = make(empty_clone(tmp_path / "a clone"), "book", "PYTHON=no-such-python")
    assert run.returncode != 0
    assert "no-such-python was not found: install Python 3.11" in run.stdout + run.stderr


def test_live_notebooks_know_the_books_commands():
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from bookext.maths import MACROS

    live = "".join(
        rf"\def{name}{'#1#2' if '#' in body else ''}{{{body}}}" for name, body in MACROS.items()
    )
    used = re.compile("|".join(re.escape(name) + r"(?![a-zA-Z])" for name in MACROS))
    for file in [*(ROOT / "book").glob("*.ipynb"), SAMPLE / "page.ipynb"]:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        defining = [
            "".join(c["source"]) for c in cells if "remove-cell" in c["metadata"].get("tags", [])
        ]
        if any(used.search(text) for text in texts):
            assert f"${live}$" in defining, f"{file.name} needs a remove-cell: ${live}$"


@pytest.mark.parametrize("file", sorted((ROOT / "book").glob("*.ipynb")), ids=lambda f: f.stem)
def test_notebooks_hold_no_widget_state(file):
    """With it in the metadata the page would load scripts from another host."""
    assert set(json.loads(file.read_text(encoding="utf-8"))["metadata"]) <= {
        "kernelspec",
        "language_info",
    }


def test_the_reference_names_every_module():
    page = (ROOT / "book/reference.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. automodule:: (\S+)$", page, re.M)
    files = [
        f
        for f in (ROOT / "lstm_lib").rglob("*.py")
        if f.name != "__main__.py" and (f.name != "__init__.py" or "def " in f.read_text())
    ]
    names = [".".join(f.relative_to(ROOT).with_suffix("").parts) for f in files]
    modules = [name.removesuffix(".__init__") for name in names]
    section = "### `{0}`\n\n```{{eval-rst}}\n.. automodule:: {0}\n```"
    missing = "\n\n".join(section.format(name) for name in sorted({*modules} - {*named}))
    assert not missing, f"write into book/reference.md, where it belongs:\n\n{missing}"
    assert sorted(named) == sorted(modules), "twice in book/reference.md, or no module"
    assert re.findall(r"^### `(\S+)`$", page, re.M) == named, "headings and modules differ"


def test_lock_file_names_no_download_address():
    lock = json.loads((ROOT / "book/_ext/package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())


def code_lines(file):
    """Lines that hold code: no blank line, comment or docstring."""
    with file.open("rb") as source:
        tokens = [t for t in tokenize.tokenize(source.readline) if t.type != tokenize.ENCODING]
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines, fresh = set(), True  # fresh: at the start of a statement
    for token in tokens:
        if token.type in quiet:
            fresh = fresh or token.type == tokenize.NEWLINE
        elif not (fresh and token.type == tokenize.STRING):
            lines.update(range(token.start[0], token.end[0] + 1))
            fresh = False
    return lines


def test_extension_stays_small():
    # 70 of them list the rows of the sources and stop the build where one is not covered
    assert sum(len(code_lines(f)) for f in (ROOT / "book" / "_ext").rglob("*.py")) <= 410


def test_the_build_asks_only_for_packages_that_a_reader_has():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.match(r"[\w.-]+", need)[0] for need in project["dependencies"]}
    assert set(re.findall(r"\('([\w.-]+)', '", packages())) == needed | {"ipykernel"}


class TestPatchesAreStillNeeded:
    """Each fails when the package it mends has mended itself: then drop the patch."""

    def test_katex_ignores_its_options_when_prerendering(self):
        import sphinxcontrib.katex as katex

        assert "katex_options = KATEX_DEFAULT_OPTIONS" in inspect.getsource(katex.render_latex)
        assert "notranslate" not in inspect.getsource(katex.html_visit_displaymath)

    def test_katex_connects_before_its_server_listens(self):
        from sphinxcontrib.katex import KaTeXServer

        source = inspect.getsource(KaTeXServer)
        start = source[source.index("def start_server_process") :].split("def start_network")[0]
        assert "ConnectionRefusedError" not in start

    def test_myst_nb_ends_each_piece_of_a_stream_with_a_new_line(self):
        from myst_nb.core.utils import coalesce_streams
        from nbformat.v4 import new_output

        pieces = [new_output("stream", name="stdout", text=text) for text in ("1", "2")]
        assert coalesce_streams(pieces)[0]["text"] == "1\n2\n"

    def test_furo_keeps_its_switches_outside_landmarks(self):
        import furo

        page = (Path(furo.__file__).parent / "theme/furo/page.html").read_text()
        assert page.index('class="sidebar-toggle"') < page.index("<header")
        assert "<nav" not in page.split('class="sidebar-toggle"')[0]

    def test_docutils_writes_deprecated_roles(self):
        import docutils.writers._html_base as writer

        assert "doc-backlink" in inspect.getsource(writer)

    def test_sphinx_gives_captions_of_the_contents_a_role_without_a_level(self):
        import sphinx.writers.html5 as writer

        source = inspect.getsource(writer)
        assert "ROLE='heading'" in source
        assert "aria-level" not in source

    def test_jupyter_book_sets_comments_config(self):
        import jupyter_book.config as config

        assert '"comments_config"' in inspect.getsource(config)

    def test_tippy_loads_from_another_host_by_default(self):
        import sphinx_tippy

        assert "https://unpkg.com" in inspect.getsource(sphinx_tippy.setup)
