"""A text that can be pointed at: its tints, its first state in the page, its widgets."""

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from lstm_lib import reading as module
from lstm_lib.reading import called, levels, reading

ROOT = Path(__file__).parents[1]
TEXT = "a <b>\n&c"
T = len(TEXT)
WORDS = {"caption": "A short text.", "alt": "Eight characters.", "name": "fig-text"}
NOTES = [f'place {t}: "{c}"' for t, c in enumerate(TEXT)]


def tints():
    rng = np.random.default_rng(0)
    return {"cell": rng.uniform(-1, 1, T), "gradient": np.tril(rng.uniform(-1, 1, (T, T)))}


@pytest.fixture
def page(monkeypatch):
    shown = []
    monkeypatch.setenv("LSTM_LIB_STATIC", "1")
    monkeypatch.setattr("lstm_lib.page.display", lambda data, raw: shown.append(data["text/html"]))
    return shown


def test_levels_are_the_rounded_tints_whichever_character_is_pointed_at():
    for values in tints().values():
        rows = module._coded("here", values, T)
        for t in range(T):
            wanted = np.rint(9 * (values if values.ndim == 1 else values[t]))
            assert levels(rows, t, T) == wanted.tolist()
    nothing = module._coded("here", np.zeros((T, T)), T)
    assert nothing == [""] * T
    assert levels(nothing, 3, T) == [0] * T


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tints": {"cell": np.zeros(T + 1)}}, "fig-text: cell"),
        ({"tints": {"cell": np.full(T, 1.1)}}, "numbers from -1 to 1"),
        ({"tints": {"cell": np.full(T, np.nan)}}, "numbers from -1 to 1"),
        ({"tints": {"gradient": np.ones((T, T))}}, "no tint after"),
        ({"notes": NOTES[1:]}, "8 notes"),
        ({"start": T}, "start among them"),
        ({"alt": ""}, "alt of fig-text"),
    ],
)
def test_what_cannot_be_shown_is_named(change, says, page):
    given = {"tints": tints(), "notes": NOTES} | WORDS | change
    with pytest.raises(ValueError, match=says):
        reading(TEXT, given.pop("tints"), given.pop("notes"), **given)
    assert page == []


def test_the_page_holds_the_first_state(page):
    given = tints()
    reading(TEXT, given, NOTES, start=6, **WORDS)
    (html,) = page
    spans = re.findall(r"<span( class=\"is-here\")?(?: style=\"(.*?)\")?>(.*?)</span>", html, re.S)
    spans = spans[-T:]  # the slider's value is one too
    assert "".join(unescape(text) for *_, text in spans) == TEXT.replace("\n", "\u21b5\n")
    assert [k for k, (here, *_) in enumerate(spans) if here] == [6]
    for level, (_, style, _) in zip(np.rint(9 * given["cell"]), spans, strict=True):
        hue = "neg" if level < 0 else "pos"
        assert style == (f"--tint:{abs(level):.0f};--hue:var(--c-{hue})" if level else "")
    assert f">{'place 6: &#34;&amp;&#34;'}</p>" in html
    data = json.loads(unescape(re.search('data-reading="(.*?)"', html, re.S)[1]))
    assert data["notes"] == NOTES
    assert [len(rows) for rows in data["tints"]] == [1, T]


def test_characters_that_cannot_be_seen_have_names():
    assert called("a \n") == ["1: a", "2: space", "3: end of line"]


def test_in_a_notebook_it_is_widgets(monkeypatch):
    monkeypatch.delenv("LSTM_LIB_STATIC", raising=False)
    monkeypatch.setenv("LSTM_LIB_EXERCISE", "1")
    shown = []
    monkeypatch.setattr(module, "display", shown.append)
    reading(TEXT, tints(), NOTES, **WORDS)
    ((tint, at, page, _),) = (box.children for box in shown)
    tint.value, at.value = "gradient", 3
    spans = re.findall(r"rgba\((\d+,\d+,\d+),([\d.]+)\)(;outline)?", page.value)
    wanted = np.abs(np.rint(9 * tints()["gradient"][2])) / 20
    assert [float(strength) for _, strength, _ in spans] == wanted.tolist()
    assert [bool(here) for *_, here in spans] == [t == 2 for t in range(T)]
    assert "place 2: &quot;&lt;&quot;" in page.value


def test_the_script_is_small():
    assert (ROOT / "book" / "_static" / "reading.js").stat().st_size < 2500
