"""Interactive figures: a plain plotting function and a finite choice of its arguments."""

import html
import itertools
import json
import math
import os
from numbers import Number

import ipywidgets as widgets
from IPython.display import display

from lstm_lib import plots

MOST = 120


def explore(draw, *, caption, alt, name, key=(), start=None, **choices):
    """Show `draw(**choice)` for every combination of `choices`: live widgets or a static page.

    Args: `draw(**choice)` returns a Figure and `alt(**choice)` says what it shows; `choices` map
    each argument to a finite sequence (at most 120 combinations); `start` holds values to begin
    with other than the first ones; `key` lists further states to be printed, each a dict of
    values, or one value if there is one choice.

    Example:
        explore(draw, name="fig-half-life", caption="Half-life of the direct path.",
                alt=lambda bias: f"...", key=(0, 2), bias=(0, 1, 2, 3))
    """
    choices = _checked(name, choices)
    start = _state(name, "start", start or {}, choices, {n: v[0] for n, v in choices.items()})
    key = [_state(name, "key", k, choices, start) for k in key]
    if plots.static():
        return _static(draw, alt, caption, name, [start, *key], choices)
    return _live(draw, alt, caption, name, start, choices)


def _checked(name, choices):
    """The choices as tuples, or a ValueError that says what is wrong with them."""
    if not choices:
        raise ValueError(f"{name}: expected at least one choice, such as bias=(0, 1, 2); got none")
    for choice, values in choices.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise ValueError(f"{choice} of {name}: expected a finite sequence; got {values!r}")
        plain = all(isinstance(v, Number | str) for v in values)
        if not (plain and 0 < len(values) == len(set(values))):
            raise ValueError(
                f"{choice} of {name}: expected distinct numbers or strings; got {list(values)}"
            )
    counts = [len(v) for v in choices.values()]
    if math.prod(counts) > MOST:
        each = ", ".join(f"{n} {c}" for n, c in zip(choices, counts, strict=True))
        raise ValueError(
            f"{name}: expected at most {MOST} combinations; got {math.prod(counts)} ({each})"
        )
    return {
        n: tuple(v.item() if hasattr(v, "item") else v for v in values)
        for n, values in choices.items()
    }


def _state(name, what, given, choices, default):
    if not isinstance(given, dict):
        if len(choices) > 1:
            raise ValueError(
                f"{what} of {name}: expected a dict with some of "
                f"{', '.join(choices)}; got {given!r}"
            )
        given = {next(iter(choices)): given}
    for choice, value in given.items():
        if choice not in choices or value not in choices[choice]:
            raise ValueError(
                f"{what} of {name}: {choice}={value!r} is not among the choices {choices}"
            )
    return default | given


def label(value):
    """A value as readers see it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return plots.minus(f"{value:g}") if isinstance(value, Number) else str(value)


def describe(state):
    """A state as readers see it, such as 'forget bias = 2, gate = f'."""
    return ", ".join(f"{n.replace('_', ' ')} = {label(v)}" for n, v in state.items())


def _kind(values):
    numbers = all(isinstance(v, Number) and not isinstance(v, bool) for v in values)
    return "range" if numbers and len(values) > 2 else "radio" if len(values) < 7 else "select"


def _live(draw, alt, caption, name, start, choices):
    """The widgets; each change calls `draw` anew."""
    plots.check_words(name, caption=caption)
    types = {
        "range": widgets.SelectionSlider,
        "radio": widgets.ToggleButtons,
        "select": widgets.Dropdown,
    }
    controls = {
        n: types[_kind(v)](
            options=[(label(w), w) for w in v],
            value=start[n],
            description=n.replace("_", " "),
            style={"description_width": "initial"},
        )
        for n, v in choices.items()
    }
    image = widgets.HTML()

    def picture(state):
        text = alt(**state)
        plots.check_words(name, alt=text)
        return plots.png(draw(**state), name, text)

    def redraw(_=None):
        image.value = picture({n: c.value for n, c in controls.items()})

    redraw()
    for control in controls.values():
        control.observe(redraw, "value")
    if os.environ.get("LSTM_LIB_EXERCISE") == "1":
        for n, values in choices.items():
            for value in (values[0], values[-1]):
                picture(start | {n: value})
    display(widgets.VBox([*controls.values(), image, widgets.HTMLMath(plots.inline(caption))]))


def _static(draw, alt, caption, name, shown, choices):
    """Native controls over frames: the first in the page, the others in templates."""
    plots.check_words(name, caption=caption)

    def pick(gid):
        choice, _, value = gid.removeprefix("pick:").partition("=")
        if not gid.startswith("pick:"):
            return ""
        index = [str(v) for v in choices.get(choice, ())]
        if value not in index:
            raise ValueError(f"{name}: region {gid!r} is not among the choices {choices}")
        words = describe({choice: choices[choice][index.index(value)]})
        return f' data-pick="{choice}:{index.index(value)}" aria-label="{html.escape(words)}"'

    frames = []
    for k, values in enumerate(itertools.product(*choices.values())):
        state = dict(zip(choices, values, strict=True))
        text = alt(**state)
        plots.check_words(name, alt=text)
        picture = plots.svg(draw(**state), f"{name}-{k}", text, pick)
        picture = f'<p class="figure-state">{html.escape(describe(state))}</p>{picture}'
        if state in shown:
            hidden = "" if state == shown[0] else " hidden"
            frames.append(f'<div class="figure-frame figure-key"{hidden}>{picture}</div>')
        else:
            frames.append(f'<template><div class="figure-frame">{picture}</div></template>')
    controls = "".join(_control(name, n, v, v.index(shown[0][n])) for n, v in choices.items())
    plots.emit(
        f'<div class="explore"><div class="figure-controls" hidden>{controls}</div>'
        f'<div class="figure-frames">{"".join(frames)}</div>'
        '<p class="figure-live" role="status"></p></div>',
        caption,
        name,
    )


def _control(name, choice, values, at):
    """A native control whose value is the index into `values`."""
    words, labels = html.escape(choice.replace("_", " ")), [html.escape(label(v)) for v in values]
    ident = f"{name}--{choice}"
    shown = html.escape(json.dumps([label(v) for v in values]))
    what = f'data-choice="{choice}" data-labels="{shown}"'
    if _kind(values) == "radio":
        radios = "".join(
            f'<label><input type="radio" name="{ident}" value="{k}"'
            f"{' checked' if k == at else ''}> {text}</label>"
            for k, text in enumerate(labels)
        )
        return f"<fieldset {what}><legend>{words}</legend>{radios}</fieldset>"
    if _kind(values) == "select":
        options = "".join(
            f'<option value="{k}"{" selected" if k == at else ""}>{text}</option>'
            for k, text in enumerate(labels)
        )
        field = f'<select id="{ident}">{options}</select>'
    else:
        field = (
            f'<input type="range" id="{ident}" max="{len(values) - 1}" value="{at}" '
            f'aria-valuetext="{labels[at]}">'
        )
    return (
        f'<div {what}><label for="{ident}">{words} = <span>{labels[at]}</span></label>{field}</div>'
    )
