"""The live worksheet: the running example with every number in a field (chapters 4, 7 and 9).

A number is named by its array and its place there: "W_x.0.1" counts from 0, "h.2.0" is unit 0 at
step 2, and step 0 is the initial state. The gradient of a number has its name after a "d".
"""

import html
import re
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
    code: tuple  # of (module of lstm_lib, text that stands there): what computes it


class Number(NamedTuple):
    name: str
    words: str  # what a screen reader calls it


class Table(NamedTuple):
    title: str
    columns: list  # of words
    rows: list  # of pairs: words, and a Number or None for each column


def _parameters(cell, share, code):
    """Lines on the gradients of x and the parameters, the same for every cell but for dW_h."""
    product = (cell, "dx, dW_x, db = affine_backward(cache.x, da, params.W_x)")
    inside = "return (rows(da) @ W.T).reshape(x.shape), outer(x, da), sum_rows(da)"
    total = f"dW_x = Σ x_tᵀ da_t, {share}, db = Σ da_t"
    return [
        Line(f"eq-{cell}-dparams", total, (product, (cell, code))),
        Line(f"eq-{cell}-dx", "dx_t = da_t W_xᵀ", (product, ("functions", inside))),
    ]


_FROM_LOSS = (
    ("readout", "dh, dW_hy, db_y = functions.affine_backward(h, du, params.W_hy)"),
    ("bptt", "return dstate._replace(h=dstate.h + dh)"),
)
READOUT = [
    Line(
        "eq-logits",
        "u_t = h_t W_hy + b_y",
        (("readout", "functions.affine(h, params.W_hy, params.b_y)"),),
    ),
    Line(
        "eq-softmax",
        "p_t = softmax(u_t), of two logits sigmoid(u_1 − u_2)",
        (("functions", "e / e.sum(axis=-1, keepdims=True)"),),
    ),
    Line(
        "eq-cross-entropy",
        "l_t = −log p_t[y_t], of two logits softplus(u_{other} − u_y)",
        (
            ("functions", "log_sum = shift + np.log(np.exp(u - shift[..., None]).sum(axis=-1))"),
            ("functions", "log_sum - np.take_along_axis(u, y[..., None], axis=-1)[..., 0]"),
        ),
    ),
    Line(
        "eq-loss",
        "L = (l_1 + l_2 + l_3) / 3",
        (("readout", "L = (share * functions.cross_entropy(u, y)).sum()"),),
    ),
    Line(
        "eq-du",
        "du_t = (p_t − y_t) / 3, y_t one-hot",
        (("readout", "share[..., None] * functions.dcross_entropy(u, y)"),),
    ),
    Line("eq-dreadout", "dW_hy = Σ h_tᵀ du_t, db_y = Σ du_t", _FROM_LOSS[:1]),
]
LINES = {
    "rnn": [
        Line(
            "eq-rnn-step",
            "h_t = tanh a_t, a_t = x_t W_x + h_{t−1} W_h + b",
            (
                ("rnn", "affine(x, params.W_x, params.b)"),
                ("rnn", "h = np.tanh(a_x + state.h @ params.W_h)"),
            ),
        ),
        *READOUT,
        Line(
            "eq-rnn-dh",
            "dh_t = du_t W_hyᵀ + da_{t+1} W_hᵀ",
            (*_FROM_LOSS, ("rnn", "State(da @ params.W_h.T)")),
        ),
        Line(
            "eq-rnn-da",
            "da_t = dh_t ⊙ (1 − h_t²)",
            (("rnn", "Local(a=dtanh(cache.h))"), ("rnn", "da = dstate.h * local.a")),
        ),
        *_parameters(
            "rnn",
            "dW_h = Σ h_{t−1}ᵀ da_t",
            "return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        ),
    ],
    "lstm": [
        Line(
            "eq-lstm-a",
            "a_t = x_t W_x + h_{t−1} W_h + b",
            (
                ("lstm", "affine(x, params.W_x, params.b)"),
                ("lstm", "a = Gates(*blocks(a_x + state.h @ params.W_h, 4))"),
            ),
        ),
        Line(
            "eq-lstm-gates",
            "i_t = σ(a_i), f_t = σ(a_f), g_t = tanh a_g, o_t = σ(a_o)",
            (("lstm", "Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))"),),
        ),
        Line(
            "eq-lstm-c",
            "c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t",
            (("lstm", "c = f * state.c + i * g"),),
        ),
        Line(
            "eq-lstm-h",
            "h_t = o_t ⊙ s_t, s_t = tanh c_t",
            (("lstm", "tanh_c = np.tanh(c)"), ("lstm", "State(o * tanh_c, c)")),
        ),
        *READOUT,
        Line(
            "eq-lstm-dh",
            "dh_t = du_t W_hyᵀ + da_{t+1} W_hᵀ",
            (*_FROM_LOSS, ("lstm", "State(da @ params.W_h.T, dc * local.c)")),
        ),
        Line(
            "eq-lstm-dc",
            "dc_t = dh_t ⊙ o_t ⊙ (1 − s_t²) + dc_{t+1} ⊙ f_{t+1}",
            (
                ("lstm", "h=o * dtanh(tanh_c)"),
                ("lstm", "dc = dstate.c + dh * local.h"),
                ("lstm", "State(da @ params.W_h.T, dc * local.c)"),
            ),
        ),
        Line(
            "eq-lstm-da",
            "da_i = dc ⊙ g ⊙ i ⊙ (1 − i), da_f = dc ⊙ c_{t−1} ⊙ f ⊙ (1 − f), "
            "da_g = dc ⊙ i ⊙ (1 − g²), da_o = dh ⊙ s ⊙ o ⊙ (1 − o)",
            (
                ("lstm", "i=g * dsigmoid(i), f=cache.prev.c * dsigmoid(f),"),
                ("lstm", "g=i * dtanh(g), o=tanh_c * dsigmoid(o)"),
                ("lstm", "Gates(dc * local.i, dc * local.f, dc * local.g, dh * local.o)"),
            ),
        ),
        *_parameters(
            "lstm",
            "dW_h = Σ h_{t−1}ᵀ da_t",
            "return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        ),
    ],
    "gru": [
        Line(
            "eq-gru-gates",
            "r_t = σ(a_r), z_t = σ(a_z), a = x_t W_x + h_{t−1} W_h + b",
            (
                ("gru", "affine(x, params.W_x, params.b)"),
                (
                    "gru",
                    "r, z = blocks(sigmoid(a_x[..., : 2 * H] + h @ params.W_h[:, : 2 * H]), 2)",
                ),
            ),
        ),
        Line(
            "eq-gru-candidate",
            "n_t = tanh a_n, a_n = x_t W_xn + q_t W_hn + b_n, q_t = r_t ⊙ h_{t−1}",
            (("gru", "n = np.tanh(a_x[..., 2 * H :] + (r * h) @ params.W_h[:, 2 * H :])"),),
        ),
        Line(
            "eq-gru-state",
            "h_t = z_t ⊙ h_{t−1} + (1 − z_t) ⊙ n_t",
            (("gru", "State(z * h + (1 - z) * n)"),),
        ),
        *READOUT,
        Line(
            "eq-gru-dh",
            "dh_{t−1} = du_{t−1} W_hyᵀ + dh_t ⊙ z_t + dq_t ⊙ r_t + da_r W_hrᵀ + da_z W_hzᵀ",
            (
                *_FROM_LOSS,
                (
                    "gru",
                    "dh_prev = dh * local.h + q * local.reset "
                    "+ da[..., : 2 * H] @ params.W_h[:, : 2 * H].T",
                ),
            ),
        ),
        Line(
            "eq-gru-da",
            "da_n = dh ⊙ (1 − z) ⊙ (1 − n²), da_z = dh ⊙ (h_{t−1} − n) ⊙ z ⊙ (1 − z), "
            "da_r = dq ⊙ h_{t−1} ⊙ r ⊙ (1 − r), dq = da_n W_hnᵀ",
            (
                ("gru", "r=h * dsigmoid(r), z=(h - n) * dsigmoid(z), n=(1 - z) * dtanh(n)"),
                ("gru", "da_n = dh * local.n"),
                ("gru", "q = da_n @ params.W_h[:, 2 * H :].T"),
                ("gru", "da = np.concatenate(Gates(q * local.r, dh * local.z, da_n), axis=-1)"),
            ),
        ),
        *_parameters(
            "gru",
            "dW_h = Σ h_{t−1}ᵀ da_t, for n with q_t in the place of h_{t−1}",
            "dW_h = [outer(h, da[..., : 2 * H]), outer(r * h, da[..., 2 * H :])]",
        ),
    ],
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
        wanted, fits = expected(name)
        if not fits(v):
            raise ValueError(f"{name}: expected {wanted}, got {v!r}")


def expected(name):
    """What a given number may be: in words, and as a function to bool."""
    if name.startswith("y."):
        return TARGET, lambda v: v in (0, 1)
    return NUMBER, lambda v: -LARGEST <= v <= LARGEST


def tables(cell):
    """The Tables of the worksheet."""
    step = CELLS[cell]
    gates = step.Gates._fields if hasattr(step, "Gates") else ()
    a = [f"a_{gate}{j}" for gate in gates or ("",) for j in (1, 2)]
    inside = [*gates, *{"lstm": "cs", "gru": "q"}.get(cell, ""), "h"]
    forward = _over_time("x") + _over_time("a", a)
    for name in inside:
        forward += _over_time(name, start=name in step.State._fields)
    forward += _over_time("u") + _over_time("p") + _over_time("l", ["l"])
    targets = [None, *(Number(f"y.{t}", f"target at step {t}") for t in range(1, T + 1))]
    forward += [("y", targets), ("L", [*3 * [None], Number("L", "the loss L")])]
    backward = _over_time("du") + _over_time("dh", start=True)
    backward += _over_time("dc", start=True) if cell == "lstm" else []
    backward += _over_time("da", [f"d{word}" for word in a])
    backward += _over_time("dq") if cell == "gru" else []
    backward += _over_time("dx")
    inputs, states, steps = ["x_1", "x_2"], ["h_1", "h_2"], ["start", "step 1", "step 2", "step 3"]
    into = {"W_x": inputs, "W_h": states, "b": ["bias"]}
    out = {"W_hy": states, "b_y": ["bias"]}
    return [
        _weights("Weights", into, a),
        _weights("Readout", out, ["u_1", "u_2"]),
        Table("Forward", steps, forward),
        Table("Backward", steps, backward),
        _weights("Gradients of the weights", into, a, "d"),
        _weights("Gradients of the readout", out, ["u_1", "u_2"], "d"),
    ]


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
    (_static if page.static() else _live)(cell, name, caption)


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


def _live(cell, name, caption):
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
            found = numbers(cell, now)
            broken_ones = numbers(cell, now, lost.value) if lost.value else found
        except ValueError as error:
            says.value = f"<p>{html.escape(str(error))}</p>"
            return
        says.value = f"<p>L = {shown(found['L'])}. {_verdict(_errors(broken_ones, found))}</p>"
        output.value = page.MARKUP.worksheet_results(_results(cell, given, found | broken_ones))

    def reset(_):
        for k, v in given.items():
            fields[k].value = entered(v)

    again.on_click(reset)
    for control in (lost, *fields.values()):
        control.observe(redraw, "value")
    redraw()
    if page.exercised():
        for lost.value in BREAKS[cell]:
            pass
        fields["b.0"].value = "1e308"
        reset(None)
        lost.value = None
    forms = [_form(table, fields) for table in tables(cell)]
    words = widgets.HTMLMath(page.inline(caption))
    display(widgets.VBox([widgets.HBox([again, lost]), says, *filter(None, forms), output, words]))


def _form(table, fields):
    """The fields of a table in rows, or None if it has none."""
    rows = [
        widgets.HBox(
            [widgets.HTML(indexed(words), layout={"width": "3em"})]
            + [fields.get(n and n.name, widgets.Label(layout={"width": "5.5em"})) for n in row]
        )
        for words, row in table.rows
        if any(n and n.name in fields for n in row)
    ]
    return (
        widgets.VBox([widgets.Label(f"{table.title}: {', '.join(table.columns)}"), *rows])
        if rows
        else None
    )


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


def _verdict(errors):
    """Which gradients are off, and by how much, in words."""
    wrong = [f"{name} off by {error:.2g}" for name, error in errors.items() if error > 1e-9]
    return f"Wrong now: {', '.join(wrong)}." if wrong else "All gradients are right."
