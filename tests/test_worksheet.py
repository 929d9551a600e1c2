"""The numbers and tables of the live worksheet, and its widgets in a live notebook."""

import importlib
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lstm_lib import breaks, example, quickcheck, worksheet

CELLS = [*worksheet.CELLS]
ROOT = Path(__file__).parents[1]


def random_numbers(cell, rng):
    """Given numbers at random, symbols among the targets."""
    return {
        name: int(rng.integers(2)) if name.startswith("y.") else float(rng.standard_normal())
        for name in worksheet.book(cell)
    }


def test_the_book_has_these_numbers():
    found = {cell: worksheet.numbers(cell, worksheet.book(cell)) for cell in CELLS}
    assert {cell: round(v["L"], 4) for cell, v in found.items()} == {
        "rnn": 1.0286,
        "lstm": 0.8056,
        "gru": 0.551,
    }
    assert found["lstm"]["W_x.1.4"] == example.lstm.W_x[1, 4]


@pytest.mark.parametrize("cell", CELLS)
def test_each_gradient_of_a_given_number_is_the_loss_changed_by_it(cell):
    given = random_numbers(cell, np.random.default_rng(0))
    found = worksheet.numbers(cell, given)
    for name, v in given.items():
        if name.startswith("y."):
            continue
        up, down = (worksheet.numbers(cell, given | {name: v + e})["L"] for e in (1e-5, -1e-5))
        assert np.isclose(found[f"d{name}"], (up - down) / 2e-5, rtol=1e-5, atol=1e-9), name


@pytest.mark.parametrize("cell", CELLS)
def test_the_tables_hold_every_number_once(cell):
    names = [n.name for t in worksheet.tables(cell) for _, row in t.rows for n in row if n]
    assert sorted(names) == sorted(worksheet.numbers(cell, worksheet.book(cell)))
    words = [n.words for t in worksheet.tables(cell) for _, row in t.rows for n in row if n]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("cell", CELLS)
def test_each_lost_term_makes_a_gradient_wrong(cell):
    given = random_numbers(cell, np.random.default_rng(1))
    names = [change.name for change in breaks.BREAKS[cell]]
    assert len(set(names)) == len(names)
    for name in names:
        assert max(worksheet.off(cell, given, name).values()) > 1e-3, name


@pytest.mark.parametrize("cell", CELLS)
def test_lines_stand_in_the_library_and_equations_in_the_book(cell):
    book = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.ipynb"))
    for line in worksheet.LINES[cell]:
        for module, code in line.code:
            source = inspect.getsource(importlib.import_module(f"lstm_lib.{module}"))
            assert code in re.sub(r"\s+", " ", source), line
        assert f"$$ ({line.equation})" in book, line


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"b.0": 1e308}, r"b\.0: expected a number from −1000 to 1000"),
        ({"b.0": np.nan}, r"b\.0: expected a number"),
        ({"y.2": 2}, r"y\.2: expected 0 \(the target is a\) or 1"),
        ({"c.0.0": 1}, r"expected the names of book\('rnn'\)"),
    ],
)
def test_unfit_numbers_are_named(changed, says):
    with pytest.raises(ValueError, match=says):
        worksheet.numbers("rnn", worksheet.book("rnn") | changed)
    with pytest.raises(ValueError, match="expected one of rnn, lstm, gru, got 'elman'"):
        worksheet.numbers("elman", {})


def test_a_changed_library_is_noticed():
    change = breaks.BREAKS["rnn"][0]._replace(old="no such line")
    with pytest.raises(ValueError, match="expected 'no such line' once"):
        breaks.broken(change)


@pytest.fixture
def page(monkeypatch):
    """What the figure writes while the book is built."""
    written = []
    monkeypatch.setenv("LSTM_LIB_STATIC", "1")
    monkeypatch.setattr("lstm_lib.page.emit", lambda body, caption, name: written.append(body))
    worksheet.worksheet("lstm", name="worksheet-test", caption="All numbers at once.")
    return written[0]


def test_the_page_holds_the_first_state(page):
    found = worksheet.numbers("lstm", worksheet.book("lstm"))
    shown = dict(re.findall(r'<span data-number="([^"]+)"[^>]*>([^<]*)</span>', page))
    fields = dict(re.findall(r'<input [^>]*data-number="([^"]+)"[^>]* value="([^"]*)"', page))
    assert set(shown) | set(fields) == set(found)
    assert shown["dc.2.0"] == "0.0532"
    assert {name: quickcheck.parse(text) for name, text in fields.items()} == worksheet.book("lstm")


def test_the_script_is_small_and_its_equations_are_the_books(page):
    script = (ROOT / "book" / "_static" / "worksheet.js").read_text(encoding="utf-8")
    assert script.count("\n") <= 300
    assert not re.search(r"\b(import|require|fetch|XMLHttpRequest)\b", script)
    functions = set(re.findall(r'^    "(eq-[a-z-]+)":', script, flags=re.MULTILINE))
    assert functions == {line.equation for cell in CELLS for line in worksheet.LINES[cell]}


def test_in_a_notebook_it_is_widgets(monkeypatch):
    shown = []
    monkeypatch.delenv("LSTM_LIB_STATIC", raising=False)
    monkeypatch.setenv("LSTM_LIB_EXERCISE", "1")
    monkeypatch.setattr(worksheet, "display", shown.append)
    worksheet.worksheet("gru", name="worksheet-test", caption="All numbers at once.")
    text = json.dumps([child.get_state() for child in shown[0].children], default=str)
    assert "L = 0.5510. All gradients are right." in text
