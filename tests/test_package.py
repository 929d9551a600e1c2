"""The library as a package of its own: what it says of itself, and a wheel without the book."""

import doctest
import os
import pkgutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lstm_lib

ROOT = Path(__file__).parents[1]
PROGRAM = """
import lstm_lib, numpy as np
from lstm_lib import bptt, convert, lstm, page, worksheet
from lstm_lib.variants import peephole
params = lstm.init(np.random.default_rng(0), 3, 4)
run = bptt.forward(lstm, params, np.ones((5, 2, 3)))
print(lstm_lib.__file__, bptt.backward(lstm, params, run, run.h).dx.shape)
worksheet.numbers("lstm", worksheet.book("lstm"))
page.MARKUP
"""


def test_it_says_what_can_be_run_and_imported():
    said = subprocess.run(
        [sys.executable, "-m", "lstm_lib", "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert "python -m lstm_lib.train TEXT" in said
    names = [m.name for m in pkgutil.walk_packages(lstm_lib.__path__, "lstm_lib.") if not m.ispkg]
    assert [n for n in names if f"{n} " not in said and not n.endswith("__main__")] == []


def test_its_first_example_works():
    examples = doctest.testmod(lstm_lib)
    assert examples.attempted
    assert not examples.failed


@pytest.mark.slow
def test_a_wheel_works_without_the_book(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("lstm_lib-*.whl")
    inside = tmp_path / "inside"
    zipfile.ZipFile(wheel).extractall(inside)
    text = tmp_path / "text.txt"
    text.write_text("a quick brown fox jumps over the lazy dog. " * 60, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(inside)}
    short = ["--hidden", "8", "--epochs", "1", "--streams", "2", "--steps", "10"]
    train = ["-m", "lstm_lib.train", str(text), str(tmp_path / "model.npz"), *short]
    for arguments in (["-c", PROGRAM], ["-m", "lstm_lib"], train):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        if arguments[1] == PROGRAM:
            assert done.stdout.split()[0] == str(inside / "lstm_lib" / "__init__.py")
    assert (tmp_path / "model.npz").exists()
