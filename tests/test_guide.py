"""The guide's section on grading, followed to the letter for a class of thirty."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from classroom import make
from tests.students import hand_in
from tests.test_sandbox import sandboxed

pytest.importorskip("joblib", reason="joblib is not installed: see requirements-dev.txt")
ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")


def commands(heading):
    """The shell commands of a section of the guide."""
    section = re.split(r"^#+ ", GUIDE.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    return re.findall(r"```bash\n(.*?)```", section, flags=re.DOTALL)


def follow(text, folder):
    """Run a block of commands in a folder, with the project's Python first on the path."""
    path = os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    subprocess.run(["bash", "-ec", text], cwd=folder, env=environment, check=True)


@sandboxed
@pytest.mark.slow
def test_a_class_of_thirty_from_hand_out_to_feedback(tmp_path):
    [hand_out] = commands("Handing out")
    follow(hand_out, tmp_path)
    seed = make.read_seed(tmp_path / "seed.txt")
    notebook = nbformat.read(tmp_path / "P5.ipynb", as_version=4)
    deserved = hand_in(tmp_path / "SUBMISSIONS_DIR", "P5", notebook, seed, 30)
    [grade] = commands("The grader")[:1]
    follow(grade, tmp_path)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(deserved) == 30
    for student, kind, least, most in deserved:
        row = rows[student]
        assert row["status"] == ("missing" if kind == "missing" else "graded"), row
        assert least <= float(row["score"]) <= most, (kind, row)
        if kind == "mistaken":
            assert "own_backward: " in row["mistake"], row
    pages = [page.read_text(encoding="utf-8") for page in (tmp_path / "feedback").glob("*.html")]
    assert len(pages) == 30
    for student, *_ in deserved:
        assert sum(f"P5: {student}<" in page for page in pages) == 1
