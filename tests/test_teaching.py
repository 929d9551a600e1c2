"""The teacher's page says of assignments and commands what they are."""

import contextlib
import importlib
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from classroom import exam, release

BOOK = Path(__file__).parents[1] / "book"
PAGE = (BOOK / "teaching.md").read_text(encoding="utf-8")
SOURCES = {path.stem: nbformat.read(path, as_version=4) for path in release.sources()}
SECTIONS = {s[:2]: s for s in re.split(r"^### (?=P\d)", PAGE, flags=re.M)[1:]}
each = pytest.mark.parametrize("name", SOURCES)


def test_every_assignment_has_its_section():
    assert list(SECTIONS) == list(SOURCES)
    for text in SECTIONS.values():
        assert re.findall(r"^- \*\*(\w+)\.", text, re.M) == ["Goals", "Hours", "Rubric", "Mistakes"]


@each
def test_rubric_and_hours_are_those_of_the_source(name):
    rubric = re.search(r"Rubric\.\*\* (.*)", SECTIONS[name])[1]
    points = {k: int(v) for k, v in re.findall(r"`(\w+)` (\d+)", rubric)}
    graded = [cell.metadata.nbgrader for cell in SOURCES[name].cells]
    asked = {g.grade_id.removeprefix("check-"): g.points for g in graded if g.grade}
    assert points == asked
    hours, chapter = re.search(r"Hours\.\*\* (\d), after chapter (\d+)", SECTIONS[name]).groups()
    assert f"| time | {hours} hours |" in SOURCES[name].cells[0].source
    row = re.search(rf"^\| \[{name}\].*", (BOOK / "assignments.md").read_text("utf-8"), re.M)[0]
    assert f"[{chapter}](" in row
    assert f"| {hours} |" in row


@pytest.mark.parametrize("name", ["make", "exam", "grade"])
def test_commands_have_the_options_that_are_shown(name, capsys):
    if name == "grade":
        pytest.importorskip("joblib")
    with pytest.raises(SystemExit):
        importlib.import_module(f"classroom.{name}").main(["--help"])
    known = capsys.readouterr().out
    page = PAGE.replace("\\\n", " ")
    lines = re.findall(rf"^python -m classroom.{name} .*", page, re.M)
    assert lines
    for option in re.findall(r"--[\w-]+", " ".join(lines)):
        assert option in known


def test_an_exam_takes_about_as_long_as_the_page_says():
    minutes = [sum(q.about.minutes for q in exam.exam(bytes([k]))) for k in range(50)]
    assert abs(np.median(minutes) - 100) < 10


def with_change(function, old, new):
    """What P7's source leaves behind if one of its functions has a mistake."""
    names = {}
    for cell in SOURCES["P7"].cells:
        if cell.cell_type == "code" and cell.id != "training" and not cell.metadata.nbgrader.grade:
            source = cell.source
            if cell.metadata.nbgrader.grade_id == function:
                assert old in source
                source = source.replace(old, new)
            exec(source, names)
    return names


def test_adam_divides_a_wrong_factor_out():
    names = with_change("train_step", " / y.size", "")
    training = next(
        c.source for c in SOURCES["P7"].cells if c.metadata.nbgrader.grade_id == "training"
    )
    with contextlib.redirect_stdout(io.StringIO()):
        exec(training, names)


def test_adam_without_corrections_starts_too_fast():
    names = with_change("adam", " / (1 - beta1**t)", "")
    right = with_change("adam", "", "")
    source = next(c.source for c in SOURCES["P7"].cells if c.metadata.nbgrader.grade_id == "adam")
    exec(re.sub(r" / \(1 - beta\d\*\*t\)", "", source), names)
    params, grads = {"W": np.ones(3)}, {"W": np.array([0.3, -2, 1])}
    moved = [n["adam"](params, grads, n["adam_start"](params))[0]["W"] - 1 for n in (names, right)]
    np.testing.assert_allclose(moved[0] / moved[1], 3.2, atol=0.05)
