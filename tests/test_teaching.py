"""The teacher's page says of assignments and commands what they are."""

import contextlib
import importlib
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from classroom import exam, own_cell, release, sandbox

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


def printed(chapter, cell):
    """Numbers of each line of a stored output, by the words before them."""
    notebook = nbformat.read(next(BOOK.glob(f"{chapter}-*.ipynb")), as_version=4)
    output = next(c for c in notebook.cells if c.id == cell).outputs[0].text
    rows = {}
    for words, numbers in re.findall(r"^(.+?)((?:\s+(?:\d+\.\d+|·))+)$", output, re.M):
        rows.setdefault(words, []).extend(n for n in numbers.split() if n != "·")
    return rows, output


def test_the_mistakes_are_as_large_as_the_chapters_print():
    (bptt, _), (gru, _) = printed("04", "mutants-run"), printed("09", "mutants-run")
    for mistake, words in (
        ("W_hh not transposed", "errors from"),
        ("nothing from t+1", "gently ("),
    ):
        assert re.search(
            rf"{re.escape(words)} ?{min(bptt[mistake])} to {max(bptt[mistake])}\)", PAGE
        )
    assert "hides seven of twelve" in PAGE
    assert re.search(r"one step, h_0 = 0 +5 of 12$", printed("04", "weak-test")[1], re.M)
    turned = float(printed("05", "mistakes-table")[0]["turned, °"][0])
    assert f"turned chapter 5's gradient by {turned:.0f} degrees" in PAGE
    assert "a table of eighteen, and a test of one step from zero finds nine" in PAGE
    assert re.search(r"one step from zero +9 of 18$", printed("07", "weak-tests")[1], re.M)
    assert f"$dW_{{hn}}$ alone, by {gru['h_prev for q in dW'][0]} in chapter 9" in PAGE
    assert float(gru["direct path lost"][-1]) > 1
    assert len(gru["reset after's steps"]) == 7


def test_the_cells_and_the_processes_are_as_many_as_the_page_says():
    assert "more than a thousand cells for each of the two" in PAGE
    assert min(len(own_cell.candidates(name)) for name in ("P5", "P6")) > 1000
    assert f"no more than {sandbox.Limits().processes} processes" in PAGE


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
