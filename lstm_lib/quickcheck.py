"""Quick checks: the reader predicts a number that the cell has computed, and learns why."""

import math
import re
from numbers import Real

import ipywidgets as widgets
from IPython.display import display

from . import page, plots
from .checks import expect

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.I | re.A)


def predict(question, answer, *, reason, name, hint="", tolerance=None, wrong=None):
    """Ask for a number; say whether it is right, and why.

    Args: `question`, `reason`, `hint`, texts with `code` between backticks; `answer`, a number
    computed by the cell; `name`, a label such as quick-dc; `tolerance`, absolute (default: 1 % of
    the answer, 0.005 if it is 0); `wrong` maps numbers that a common mistake gives to what to
    say about them.

    Example: `predict("What is `dh[1, 0]`?", run.dh[1, 0], name="quick-dh", reason="...",
    wrong={3 * run.dh[1, 0]: "That is the gradient of the sum: the loss is a mean over T."})`.
    """
    page.check_words(name, question=question, reason=reason)
    wrong = {value: page.inline(text) for value, text in (wrong or {}).items()}
    check = _check(answer, tolerance, wrong, page.inline(reason), page.inline(hint), name)
    if page.static():
        _static(question, check, name)
    else:
        _live(question, check)


def _check(answer, tolerance, wrong, reason, hint, name):
    """All that a verdict depends on, as plain data for Python and for the page."""
    given = [answer, tolerance or 0, *wrong]
    finite = all(isinstance(v, Real) and math.isfinite(v) for v in given)
    expect(finite, name, "finite numbers as answer, tolerance, wrong", given)
    tolerance = abs(answer) / 100 or 0.005 if tolerance is None else tolerance
    apart = tolerance > 0 and all(abs(v - answer) > 2 * tolerance for v in wrong)
    wanted = f"wrong answers farther than twice the tolerance from the answer {answer:g}"
    expect(apart, name, wanted, f"tolerance {tolerance:g}, {list(wrong)}")
    return {
        "answer": float(answer),
        "tolerance": float(tolerance),
        "shown": plots.minus(f"{answer:.4g}"),
        "reason": reason,
        "hint": hint,
        "wrong": [[float(v), text] for v, text in wrong.items()],
    }


def parse(text):
    """The number in `text`: 0.5, 0,5, 1/3, -2e-3, the minus also U+2212; nan if it is none."""
    parts = text.replace("\N{MINUS SIGN}", "-").replace(",", ".").split("/")
    if len(parts) > 2 or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        return math.nan
    top, bottom = (float(part) for part in (*parts, "1")[:2])
    return top / bottom if bottom else math.nan


def judge(text, check):
    """A verdict (right, wrong or unread) and what to say; book/_static/figures.js does the same."""
    value = parse(text)
    if not math.isfinite(value):
        return "unread", "Type a number, such as \N{MINUS SIGN}0.25 or 1/3."
    if abs(value - check["answer"]) <= check["tolerance"]:
        return "right", f"Right: {check['shown']}. {check['reason']}"
    known = [say for v, say in check["wrong"] if abs(value - v) <= check["tolerance"]]
    return "wrong", f"Not yet. {known[0] if known else check['hint']}".strip()


def _static(question, check, name):
    """A form that figures.js brings to life; without script the answer unfolds."""
    form = page.MARKUP.quick_check(name, page.inline(question), check)
    display({"text/html": form, "text/plain": f"Quick check. {question}"}, raw=True)


def _live(question, check):
    field = widgets.Text(placeholder="a number", continuous_update=False)
    button, result = widgets.Button(description="Check"), widgets.HTML()

    def answer(_):
        result.value = judge(field.value, check)[1]

    button.on_click(answer)
    label = widgets.HTML(f"<strong>Quick check.</strong> {page.inline(question)}")
    display(widgets.VBox([label, widgets.HBox([field, button]), result]))
