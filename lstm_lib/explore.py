"""Interactive figures: a plain plotting function and a finite choice of its arguments."""

import html
import itertools
import math
from numbers import Number

from IPython.display import display
from ipywidgets import HTML, Dropdown, HTMLMath, SelectionSlider, ToggleButtons, VBox

from . import page, plots
from .checks import expect

MOST = 120
WIDGETS = {"range": SelectionSlider, "radio": ToggleButtons, "select": Dropdown}


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
    page.check_words(name, caption=caption)
    _check(name, choices)
    first = {choice: values[0] for choice, values in choices.items()}
    start = first | _state(f"start of {name}", start or {}, choices)
    shown = [start, *(start | _state(f"key of {name}", k, choices) for k in key)]

    def frame(state, picture, label=name, **options):
        text = alt(**state)
        page.check_words(name, alt=text)
        return picture(draw(**state), label, text, **options)

    if page.static():
        _static(frame, caption, name, shown, choices)
    else:
        _live(frame, caption, shown, choices)


def _check(name, choices):
    """Raise ValueError that says what is wrong with the choices."""
    expect(choices, name, "at least one choice, such as bias=(0, 1, 2)", "none")
    for choice, values in choices.items():
        what = f"{choice} of {name}"
        finite = hasattr(values, "__len__") and not isinstance(values, str)
        expect(finite, what, "a finite sequence", repr(values))
        plain = all(isinstance(v, Number | str) for v in values)
        distinct = plain and 0 < len(values) == len(set(values))
        expect(distinct, what, "distinct numbers or strings", list(values))
    count = math.prod(map(len, choices.values()))
    each = ", ".join(f"{choice} {len(values)}" for choice, values in choices.items())
    expect(count <= MOST, name, f"at most {MOST} combinations", f"{count} ({each})")


def _state(what, given, choices):
    """The values that `given` names, as a dict."""
    if not isinstance(given, dict) and len(choices) == 1:
        given = dict.fromkeys(choices, given)
    some = f"a dict with some of {', '.join(choices)}"
    expect(isinstance(given, dict), what, some, repr(given))
    for choice, value in given.items():
        if value not in choices.get(choice, ()):
            raise ValueError(f"{what}: {choice}={value!r} is not among the choices {choices}")
    return given


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


def _live(frame, caption, shown, choices):
    """Widgets; each change draws anew."""
    controls = {
        choice: WIDGETS[_kind(values)](
            options=[(label(v), v) for v in values],
            value=shown[0][choice],
            description=choice.replace("_", " "),
            style={"description_width": "initial"},
        )
        for choice, values in choices.items()
    }
    image = HTML()

    def redraw(_=None):
        state = {choice: control.value for choice, control in controls.items()}
        try:
            image.value = frame(state, page.png)
        except Exception as error:  # a widget's callback would only log it
            image.value = f"<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"
            raise

    redraw()
    for control in controls.values():
        control.observe(redraw, "value")
    if page.exercised():
        for choice, values in choices.items():
            for value in (values[0], values[-1]):
                frame(shown[0] | {choice: value}, page.png)
    display(VBox([*controls.values(), image, HTMLMath(page.inline(caption))]))


def _static(frame, caption, name, shown, choices):
    """Native controls over frames: the first in the page, the others in templates."""
    regions = {
        f"pick:{choice}={v}": {"data-pick": f"{choice}:{k}", "aria-label": describe({choice: v})}
        for choice, values in choices.items()
        for k, v in enumerate(values)
    }
    frames = []
    for k, values in enumerate(itertools.product(*choices.values())):
        state = dict(zip(choices, values, strict=True))
        picture = frame(state, page.svg, f"{name}-{k}", regions=regions)
        frames.append((describe(state), picture, shown.index(state) if state in shown else None))
    controls = [
        (choice, _kind(values), [label(v) for v in values], list(values).index(shown[0][choice]))
        for choice, values in choices.items()
    ]
    page.emit(page.MARKUP.explore(name, controls, frames), caption, name)
