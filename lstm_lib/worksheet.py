"""The live worksheet: the running example with every number in a field (chapters 4, 7 and 9).

A number is named by its array and its place there: "W_x.0.1" counts from 0, "h.2.0" is unit 0 at
step 2, and step 0 is the initial state. The gradient of a number has its name after a "d".
"""

import html
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from markupsafe import Markup

from . import bptt, example, functions, gru, lstm, page, plots, quickcheck, readout, rnn, tree
from .breaks import BREAKS, broken

T, LARGEST = 3, 1000  # steps; the largest number that a field takes
NUMBER = plots.minus(f"a number from -{LARGEST} to {LARGEST}, such as -0.25 or 1/3")
TARGET = "0 (the target is a) or 1 (it is b)"
CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}


class Line(NamedTuple):
    equation: str  # label
    formula: str  # in plain text, an index after _
    code: list  # of (module of lstm_lib, text that stands there): what computes it


class Number(NamedTuple):
    name: str
    words: str  # what a screen reader calls it


class Table(NamedTuple):
    title: str
    columns: list  # of words
    rows: list  # of pairs: words, and a Number or None for each column


def _lines(named):
    """The Lines that worksheet.toml lists under one heading."""
    for equation, entry in named.items():
        texts = {module: found for module, found in entry.items() if module != "formula"}
        code = [(module, text) for module, found in texts.items() for text in found]
        yield Line(equation, entry["formula"], code)


_LISTED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_LOSS = [*_lines(_LISTED["loss"])]
LINES = {
    cell: [*_lines(_LISTED[cell]["forward"]), *_LOSS, *_lines(_LISTED[cell]["backward"])]
    for cell in CELLS
}


def book(cell):
    """The given numbers of the running example by name: cell is "rnn", "lstm" or "gru"."""
    params = getattr(example, cell)
    arrays = params._asdict() | example.output._asdict()
    found = {k: v for name, array in arrays.items() for k, v in _named(name, array).items()}
    found |= _named("x", example.x[:, 0], 1) | _named("y", example.y[:, 0], 1)
    zeros = np.zeros((1, len(params.W_h)))
    return found | {k: 0.0 for s in CELLS[cell].State._fields for k in _named(s, zeros)}


def numbers(cell, given, change=None):
    """Every number of the worksheet by name, computed by the library.

    Args: cell, "rnn", "lstm" or "gru"; given, numbers by the names of `book(cell)`; change, a
        `breaks.Break`, for the library without one term (then without dc, which it keeps inside).
    Raises: ValueError for missing, unknown or unfit numbers.
    """
    _check(cell, given)
    used = {"bptt": bptt, "readout": readout, cell: CELLS[cell]}
    if change:
        used[change.module] = broken(change)
    through_time, loss, step = used.values()
    params = step.Params(*(_array(given, name) for name in step.Params._fields))
    output = readout.Params(_array(given, "W_hy"), _array(given, "b_y"))
    state = step.State(*(_array(given, s)[:1] for s in step.State._fields))
    x, y = _array(given, "x")[:, None], _array(given, "y")[:, None].astype(int)

    run = bptt.forward(step, params, x, state)
    u = readout.logits(output, run.h)
    L, du = loss.cross_entropy(u, y)
    dh, doutput = readout.backward(output, run.h, du)
    grads = through_time.backward(step, params, run, dh)

    a, inside = _inside(cell, params, run)
    arrays = {"a": a, "h": run.h, **inside, "u": u, "p": functions.softmax(u)}
    arrays |= {"l": functions.cross_entropy(u, y)[..., None], "du": du, "dx": grads.dx}
    arrays |= _gradients(cell, step, params, run, grads, change)
    found = {**given, "L": float(L)}
    for name, array in arrays.items():
        found |= _named(name, array[:, 0], 1)
    ends = grads.dparams._asdict() | doutput._asdict() | grads.dstates[0]._asdict()
    for name, array in ends.items():
        found |= _named(f"d{name}", array)
    return found


def _inside(cell, params, run):
    """The pre-activations (T, 1, nH), and by name what the cell computes on its way to h."""
    caches, prev = run.caches, run.caches.prev
    a_x = CELLS[cell].inputs(params, caches.x)
    if cell == "rnn":
        return a_x + prev.h @ params.W_h, {}
    if cell == "lstm":
        c = np.concatenate([prev.c[1:], run.state.c[None]])
        return a_x + prev.h @ params.W_h, {**caches.gates._asdict(), "c": c, "s": caches.tanh_c}
    q, H = caches.gates.r * prev.h, prev.h.shape[-1]
    a_h = prev.h @ params.W_h[:, : 2 * H], q @ params.W_h[:, 2 * H :]
    return a_x + np.concatenate(a_h, axis=-1), {**caches.gates._asdict(), "q": q}


def _gradients(cell, step, params, run, grads, change):
    """Of h and a at every step, by name, and of c or q."""
    local, later = step.local_derivatives(run.caches), grads.dstates[1:]
    steps = zip(later, tree.unstack(local), strict=True)
    da = np.stack([step.recur_backward(params, *at)[0] for at in steps])
    found = {"dh": np.stack([state.h for state in later]), "da": da}
    if cell == "lstm" and not change:
        found["dc"] = np.stack([state.c for state in later]) + found["dh"] * local.h
    if cell == "gru":
        H = len(params.W_h)
        found["dq"] = da[..., 2 * H :] @ params.W_h[:, 2 * H :].T
    return found


def _named(name, array, start=0):
    """The numbers of an array by name; its first axis is counted from `start`."""
    return {
        ".".join([name, str(first + start), *map(str, rest)]): float(v)
        for (first, *rest), v in np.ndenumerate(array)
    }


def _array(given, name):
    """The array of the given numbers whose names begin with `name`."""
    places = {
        tuple(map(int, k.split(".")[1:])): v for k, v in given.items() if k.split(".")[0] == name
    }
    low = np.array([*places]).min(axis=0)
    low[1:] = 0
    array = np.empty(np.array([*places]).max(axis=0) - low + 1)
    for place, v in places.items():
        array[tuple(place - low)] = v
    return array


def _check(cell, given):
    if cell not in CELLS:
        raise ValueError(f"cell: expected one of {', '.join(CELLS)}, got {cell!r}")
    if odd := set(book(cell)) ^ set(given):
        raise ValueError(f"given: expected the names of book({cell!r}), got others: {sorted(odd)}")
    for name, v in given.items():
        target = name.startswith("y.")
        if not (v in (0, 1) if target else -LARGEST <= v <= LARGEST):
            raise ValueError(f"{name}: expected {TARGET if target else NUMBER}, got {v!r}")


def off(cell, given, name):
    """By array the relative error of its gradient without a term, the Break of that name."""
    (change,) = (change for change in BREAKS[cell] if change.name == name)
    return _errors(numbers(cell, given, change), numbers(cell, given))


def _errors(wrong, right):
    """By array of gradients the largest error, relative to the largest number there."""
    sizes, errors = {}, {}
    for name, v in [*right.items(), *wrong.items()]:
        array = name.split(".")[0]
        if array.startswith("d"):
            sizes[array] = max(abs(v), sizes.get(array, 0.0))
            errors[array] = max(abs(v - right[name]), errors.get(array, 0.0))
    return {array: error and error / sizes[array] for array, error in errors.items()}


def tables(cell):
    """The Tables of the worksheet."""
    gates = () if cell == "rnn" else CELLS[cell].Gates._fields
    a = [f"a_{gate}{j}" for gate in gates or ("",) for j in (1, 2)]
    inputs, states, steps = ["x_1", "x_2"], ["h_1", "h_2"], ["start", "step 1", "step 2", "step 3"]
    into = {"W_x": inputs, "W_h": states, "b": ["bias"]}
    out = {"W_hy": states, "b_y": ["bias"]}
    return [
        _weights("Weights", into, a),
        _weights("Readout", out, ["u_1", "u_2"]),
        Table("Forward", steps, _forward_rows(cell, gates, a)),
        Table("Backward", steps, _backward_rows(cell, a)),
        _weights("Gradients of the weights", into, a, "d"),
        _weights("Gradients of the readout", out, ["u_1", "u_2"], "d"),
    ]


def _forward_rows(cell, gates, a):
    rows = _over_time("x") + _over_time("a", a)
    for name in (*gates, *{"lstm": "cs", "gru": "q"}.get(cell, ""), "h"):
        rows += _over_time(name, start=name in CELLS[cell].State._fields)
    rows += _over_time("u") + _over_time("p") + _over_time("l", ["l"])
    targets = [Number(f"y.{t}", f"target at step {t}") for t in range(1, T + 1)]
    return [*rows, ("y", [None, *targets]), ("L", [*T * [None], Number("L", "the loss L")])]


def _backward_rows(cell, a):
    rows = _over_time("du") + _over_time("dh", start=True)
    rows += _over_time("dc", start=True) if cell == "lstm" else []
    rows += _over_time("da", [f"d{word}" for word in a])
    rows += _over_time("dq") if cell == "gru" else []
    return rows + _over_time("dx")


def _weights(title, arrays, targets, d=""):
    """The Table of some parameters: a row for each number that they lead to."""
    rows = []
    for k, target in enumerate(targets):
        row = []
        for array, sources in arrays.items():
            for j, source in enumerate(sources):
                place = f".{j}.{k}" if len(sources) > 1 else f".{k}"
                what = "bias of" if source == "bias" else f"weight from {source} to"
                row.append(Number(d + array + place, f"{d and 'gradient of the '}{what} {target}"))
        rows.append((target, row))
    return Table(title, [source for sources in arrays.values() for source in sources], rows)


def _over_time(name, words=None, start=False):
    """Rows of one quantity over the steps."""
    steps = [f"step {t}" if t else "the start" for t in range(T + 1)]
    return [
        (
            word,
            [
                Number(f"{name}.{t}.{j}", f"{word} at {step}") if t or start else None
                for t, step in enumerate(steps)
            ],
        )
        for j, word in enumerate(words or [f"{name}_1", f"{name}_2"])
    ]


def worksheet(cell, *, name, caption):
    """Show the worksheet of a cell: fields in the built page, widgets in a live notebook.

    Args: cell, "rnn", "lstm" or "gru"; name, its label for {numref}; caption, as for `plots.show`.
    """
    page.check_words(name, caption=caption)
    if page.static():
        _static(cell, name, caption)
    else:
        _live(cell, caption)


def shown(value):
    """A number as the tables show it."""
    return plots.minus(f"{value:z.4f}" if abs(value) < LARGEST else f"{value:.5g}")


def entered(value):
    """A number as a field shows it."""
    return plots.minus(f"{value:.15g}")


def indexed(text):
    """Words as HTML: what follows an underscore is an index."""
    return Markup(re.sub(r"_\{?([A-Za-z0-9+−]+)\}?", r"<sub>\1</sub>", html.escape(text)))


def _rows(table, given, found):
    """The rows of a table for the page: words and, for each column, (Number, text, is a field)."""
    for words, row in table.rows:
        texts = [n and (entered if n.name in given else shown)(found[n.name]) for n in row]
        fields = [n is not None and n.name in given for n in row]
        yield indexed(words), [*zip(row, texts, fields, strict=True)]


def _static(cell, name, caption):
    given = book(cell)
    found = numbers(cell, given)
    parts = [(t.title, [*map(indexed, t.columns)], [*_rows(t, given, found)]) for t in tables(cell)]
    lines = [(line, indexed(line.formula)) for line in LINES[cell]]
    body = page.MARKUP.worksheet(name, cell, parts, lines, BREAKS[cell], (NUMBER, TARGET))
    page.emit(body, caption, name)


def _live(cell, caption):
    """Text fields for the given numbers, and tables of what the library computes from them."""
    given = book(cell)
    fields = {k: widgets.Text(entered(v), layout={"width": "5.5em"}) for k, v in given.items()}
    terms = [("none", None), *((change.says, change) for change in BREAKS[cell])]
    lost = widgets.Dropdown(options=terms, description="Break a term")
    again = widgets.Button(description="The book's example")
    says, output = widgets.HTML(), widgets.HTML()

    def redraw(_=None):
        now = {k: quickcheck.parse(field.value) for k, field in fields.items()}
        try:
            says.value, output.value = _answer(cell, now, lost.value)
        except ValueError as error:
            says.value = f"<p>{html.escape(str(error))}</p>"

    def reset(_=None):
        for k, v in given.items():
            fields[k].value = entered(v)

    again.on_click(reset)
    for control in (lost, *fields.values()):
        control.observe(redraw, "value")
    redraw()
    if page.exercised():
        for change in (*BREAKS[cell], None):
            lost.value = change
        fields["b.0"].value = "1e308"
        reset()
    bar, words = widgets.HBox([again, lost]), widgets.HTMLMath(page.inline(caption))
    display(widgets.VBox([bar, says, *_forms(cell, fields), output, words]))


def _answer(cell, given, change):
    """What the widgets say and show of given numbers: a sentence and tables, as HTML."""
    right = numbers(cell, given)
    now = numbers(cell, given, change) if change else right
    sentence = f"<p>L = {shown(right['L'])}. {_verdict(_errors(now, right))}</p>"
    return sentence, page.MARKUP.worksheet_results(_results(cell, given, right | now))


def _forms(cell, fields):
    """The fields in rows, table by table."""
    for table in tables(cell):
        rows = [
            widgets.HBox(
                [widgets.HTML(indexed(words), layout={"width": "3em"})]
                + [fields.get(n and n.name, widgets.Label(layout={"width": "5.5em"})) for n in row]
            )
            for words, row in table.rows
            if any(n and n.name in fields for n in row)
        ]
        if rows:
            head = widgets.Label(f"{table.title}: {', '.join(table.columns)}")
            yield widgets.VBox([head, *rows])


def _results(cell, given, found):
    """For the page's macro: the tables without the given numbers."""
    for table in tables(cell):
        rows = [
            (indexed(words), [shown(found[n.name]) if n else "" for n in row])
            for words, row in table.rows
            if not all(n is None or n.name in given for n in row)
        ]
        if rows:
            yield table.title, [*map(indexed, table.columns)], rows


def _verdict(errors):
    """Which gradients are off, and by how much, in words."""
    wrong = [f"{name} off by {error:.2g}" for name, error in errors.items() if error > 1e-9]
    return f"Wrong now: {', '.join(wrong)}." if wrong else "All gradients are right."
