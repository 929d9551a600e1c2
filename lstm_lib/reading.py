"""A text whose characters can be pointed at: tints on all of them, and words about that one."""

import html
import itertools

import numpy as np
from IPython.display import display
from ipywidgets import HTML, HTMLMath, IntSlider, ToggleButtons, VBox
from matplotlib.colors import to_rgb

from . import page, plots
from .checks import expect

# A tint is one of 19 levels, written as a digit in base 19: 9 is none, i the strongest positive.
DIGITS, NONE = "0123456789abcdefghi", 9
NAMES = {" ": "space", "\n": "end of line"}


def reading(text, tints, notes, *, caption, alt, name, start=0):
    """Show a text that can be read with the mouse, a finger or a slider.

    Args: `text`, T characters; `tints` maps words to numbers from -1 to 1: an array (T,) tints
    each character in the same way, whichever is pointed at; in an array (T, T) row t holds the
    tints of characters 0 to t while character t is pointed at. `notes`, T plain texts, say
    what belongs to a character; `start` is pointed at first. Caption, alt and name as for
    `plots.show`.

    Example: `reading("abba", {"cell": c, "connectivity": J}, notes, name="fig-text", ...)`.
    """
    page.check_words(name, caption=caption, alt=alt)
    T = len(text)
    expect(len(notes) == T > start >= 0, name, f"{T} notes, start among them", len(notes))
    coded = {words: _coded(f"{name}: {words}", v, T) for words, v in tints.items()}
    if page.static():
        _static(text, coded, list(notes), caption, alt, name, start)
    else:
        _live(text, coded, list(notes), caption, start)


def called(text):
    """What each character is called, such as "3: e"."""
    return [f"{t}: {NAMES.get(c, c)}" for t, c in enumerate(text, 1)]


def _coded(what, values, T):
    """Strings of digits: one of T digits, or T whose last digit stands for character t."""
    values = np.asarray(values, float)
    fits = values.shape in ((T,), (T, T)) and (np.abs(values) <= 1).all()
    expect(fits, what, f"({T},) or ({T}, {T}) numbers from -1 to 1", values.shape)
    rows = [
        "".join(DIGITS[k] for k in row)
        for row in np.rint(9 * np.atleast_2d(values)).astype(int) + 9
    ]
    if len(rows) == 1:
        return rows
    expect(not np.triu(values, 1).any(), what, "no tint after the one pointed at", "one")
    return [row[: t + 1].lstrip(DIGITS[NONE]) for t, row in enumerate(rows)]


def levels(rows, t, T):
    """Levels from -9 to 9 of the T characters while t is pointed at; reading.js does the same."""
    row = rows[t].rjust(t + 1, DIGITS[NONE]) if len(rows) > 1 else rows[0]
    return [DIGITS.index(digit) - NONE for digit in row.ljust(T, DIGITS[NONE])]


def _static(text, coded, notes, caption, alt, name, start):
    """Characters in their tints; reading.js changes them."""
    words, rows = list(coded), list(coded.values())
    characters = list(zip(text, levels(rows[0], start, len(text)), strict=True))
    controls = [("tint", "radio", words, 0), ("character", "range", called(text), start)]
    data = {"tints": rows, "notes": notes}
    body = page.MARKUP.reading(name, controls, characters, notes[start], alt, start, data)
    page.emit(body, caption, name)


def _live(text, coded, notes, caption, start):
    """Widgets, and the text with its tints as colours of its own."""
    tint = ToggleButtons(options=list(coded), description="tint")
    at = IntSlider(start + 1, 1, len(text), description="character")
    shown = HTML()

    def span(character, level, here):
        r, g, b = (round(255 * v) for v in to_rgb(plots.colour("neg" if level < 0 else "pos")))
        style = f"background:rgba({r},{g},{b},{abs(level) / 20})" + ";outline:2px solid" * here
        return f'<span style="{style}">{html.escape(character)}</span>'

    def redraw(_=None):
        t = at.value - 1
        now = levels(coded[tint.value], t, len(text))
        spans = (span(c, v, k == t) for k, (c, v) in enumerate(zip(text, now, strict=True)))
        words = html.escape(notes[t])
        shown.value = f"<pre>{''.join(spans)}</pre><pre>{words}</pre>"

    for control in (tint, at):
        control.observe(redraw, "value")
    redraw()
    if page.exercised():
        for words, place in itertools.product(coded, (1, len(text))):
            tint.value, at.value = words, place
    display(VBox([tint, at, shown, HTMLMath(page.inline(caption))]))
