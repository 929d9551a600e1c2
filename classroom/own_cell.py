"""Cells that nobody has derived: drawn from a seed, typeset, run and differentiated by machine.

A cell is a list of lines such as ``c = f * c_prev + (1 - f) * g``: a sum of products of earlier
names, or a function of one name. From the lines come the equations, the numpy program and a sweep
backwards by the derivation card, of which any one term can be left out. What is right is said by
the complex step of the program, never by the sweep.
"""

import hmac
import re
from functools import lru_cache
from itertools import combinations, count, product
from typing import NamedTuple

import numpy as np

from lstm_lib import gradcheck
from lstm_lib.functions import blocks, dsigmoid, dtanh, sigmoid, sum_rows
from lstm_lib.gradcheck import relative_error

EXAMPLE = bytes.fromhex("01")  # the seed of the cells in the source notebooks
WIDTH = 36  # characters of a displayed line that fit a phone


class Function(NamedTuple):
    code: str  # of A
    latex: str
    slope: object  # at the argument


FUNCTIONS = {  # analytic ones only, for the complex step
    "sigmoid": Function("sigmoid(A)", r"\sigma(A)", lambda a: dsigmoid(sigmoid(a))),
    "tanh": Function("np.tanh(A)", r"\tanh(A)", lambda a: dtanh(np.tanh(a))),
    "sin": Function("np.sin(A)", r"\sin(A)", np.cos),
    "arctan": Function("np.arctan(A)", r"\arctan(A)", lambda a: 1 / (1 + a**2)),
    "root": Function(
        "A / np.sqrt(1 + A**2)", r"\frac{A}{\sqrt{1 + A^2}}", lambda a: (1 + a**2) ** -1.5
    ),
    "twice": Function(
        "2 * sigmoid(A) - 1", r"2\,\sigma(A) - 1", lambda a: 2 * dsigmoid(sigmoid(a))
    ),
    "softplus": Function("np.log(1 + np.exp(A))", r"\ln(1 + e^{A})", sigmoid),
}
SQUASHING = tuple(FUNCTIONS)[1:]
HEADS = {"W_x": "W_x", "W_h": "W_h", "b": "b_"}  # W_x holds the blocks W_xi, W_xf, ...


class Line(NamedTuple):
    name: str
    products: tuple  # "x @ W_xf", "f * c_prev", "b_f": what is summed
    function: str | None = None  # of the one name in products


class Cell(NamedTuple):
    states: str  # "hc" or "h"
    gates: str  # the blocks of W_x, W_h and b, in this order
    lines: tuple

    def each(self, form):
        """The form with the name of each state in it."""
        return [form.format(s) for s in self.states]

    @property
    def vectors(self):
        """Names of the parameters (H,) besides b, in the order in which they are read."""
        names = [name for line in self.lines for p in line.products for name in factors(p)]
        known = {f"b_{k}" for k in self.gates}
        return tuple(dict.fromkeys(n for n in names if n[:2] in ("p_", "b_") and n not in known))


class Term(NamedTuple):
    """One share of a node's gradient: what the line that reads it sends back."""

    line: str
    product: str
    factor: str

    @property
    def says(self):
        """What a sweep lacks if the term is left out."""
        if self.line in ("loss", "beyond"):
            return f"{self.product} is lost"
        return f"what `{self.product}` in the line of {self.line} sends to {self.factor} is lost"


def _affine(k, *more, state="h_prev"):
    return Line(f"a_{k}", (f"x @ W_x{k}", f"{state} @ W_h{k}", f"b_{k}", *more))


def _gate(k, *more):
    return _affine(k, *more), Line(k, (f"a_{k}",), "sigmoid")


def lstm_like(gates, peepholes, path, candidate, output):
    """A Cell with the states h and c; without i or f among its gates that one is 1 - the other."""
    seen = {k: [f"p_{k} * {state}"] for k, state in peepholes}
    i, f = ("i" if "i" in gates else "(1 - f)"), ("f" if "f" in gates else "(1 - i)")
    lines = [line for k in gates if k in "if" for line in _gate(k, *seen.get(k, []))]
    lines += [_affine("g"), Line("g", ("a_g",), candidate)]
    lines += [Line("c", (f"{f} * c_prev", f"{i} * g", *["p_c * h_prev"] * (path == "h to c")))]
    lines += [*_gate("o", *seen.get("o", [])), Line("s", ("c",), output)]
    more = {"h to h": ["p_h * h_prev"], "1 - o": ["(1 - o) * h_prev"]}.get(path, [])
    return Cell("hc", gates, (*lines, Line("h", ("o * s", *more))))


def gru_like(reset, update, candidate, squash, peephole, leak):
    """A Cell with the state h; reset, squash and peephole may be None."""
    gates = "r" * (reset is not None) + ("zvn" if update == "free" else "zn")
    lines = [*_gate("r")] if reset else []
    if reset == "after":
        lines += [Line("m", ("h_prev @ W_hn", "b_m")), Line("a_n", ("x @ W_xn", "b_n", "r * m"))]
    elif reset == "before":
        lines += [Line("q", ("r * h_prev",)), _affine("n", state="q")]
    else:
        lines += [_affine("n")]
    lines += [Line("n", ("a_n",), candidate)] + [Line("s", ("h_prev",), squash)] * bool(squash)
    old = "s" if squash else "h_prev"
    sees = {"new": ["p_z * n"], "old": [f"p_z * {old}"]}.get(peephole, [])
    lines += [*_gate("z", *sees), *(_gate("v") if update == "free" else ())]
    keep, write = {"keeps": ("z", "(1 - z)"), "writes": ("(1 - z)", "z"), "free": "zv"}[update]
    summands = f"{keep} * {old}", f"{write} * n", *["p_h * h_prev"] * leak
    return Cell("h", gates, (*lines, Line("h", summands)))


@lru_cache
def candidates(assignment):
    """All cells of P5 or P6, none of them in the book, in an order that never changes."""
    if assignment == "P5":
        functions = [pair for pair in product(SQUASHING, repeat=2) if pair != ("tanh", "tanh")]
        paths = "c only", "h to c", "h to h", "1 - o"
        sights = [("i", "c_prev"), ("f", "c_prev"), ("o", "c_prev"), ("o", "c")]
        forms = product(("ifgo", "fgo", "igo"), combinations(sights, 2), paths, functions)
        return [
            lstm_like(gates, pair, path, *two)
            for gates, pair, path, two in forms
            if len({k for k, _ in pair} & set(gates)) == 2
        ]
    extras = [  # two of a squashed old state, a peephole of z and a leak
        *((squash, None, True) for squash in SQUASHING),
        *((None, peephole, True) for peephole in ("new", "old")),
        *((squash, peephole, False) for squash, peephole in product(SQUASHING, ("new", "old"))),
    ]
    forms = product((None, "before", "after"), ("keeps", "writes", "free"), SQUASHING, extras)
    return [gru_like(*form, *extra) for *form, extra in forms]


def choose(assignment, seed):
    """The cell of a class, from the bytes of its seed: the first candidate that is offered.

    The example's cell, whose solution anybody can read, comes from the example's seed alone.
    """
    cells = candidates(assignment)
    for k in count():
        digest = hmac.digest(seed, f"{assignment} cell {k}".encode(), "sha256")
        cell = cells[int.from_bytes(digest, "big") % len(cells)]
        if offered(cell) and (seed == EXAMPLE or cell != choose(assignment, EXAMPLE)):
            return cell


def factors(product):
    """The names in a product, complements such as (1 - f) included."""
    return re.split(" [@*] ", product)


def node(factor):
    """The name in a factor, which may be a complement."""
    return factor[5:-1] if factor.startswith("(1 - ") else factor


def _symbol(name):
    """LaTeX of a name or complement."""
    if name != node(name):
        return f"(1 - {_symbol(node(name))})"
    head, _, tail = name.partition("_")
    if tail == "prev":
        return f"{head}_{{t-1}}"
    if head == "a":
        return f"a_{{{tail},t}}"
    return f"{head}_{{{tail}}}" if tail else f"{head}_t"


def _width(latex):
    """About how many characters are seen."""
    return len(re.sub(r"[{}_^&]|\\quad", "", latex.replace(r"\odot", "*")))


def _typeset(line):
    """The displayed lines of one line."""
    name = f"{_symbol(line.name)} &= "
    if line.function:
        return [name + FUNCTIONS[line.function].latex.replace("A", _symbol(line.products[0]))]
    rows = [name]
    for k, text in enumerate(line.products):
        sign = r" \odot " if "*" in text else " "
        summand = " + " * (k > 0) + sign.join(map(_symbol, factors(text)))
        if _width(rows[-1] + summand) > WIDTH:
            rows.append(r"&\quad")
        rows[-1] += summand
    return rows


def equations(cell):
    """LaTeX of the forward equations, for a displayed formula."""
    body = " \\\\\n".join(row for line in cell.lines for row in _typeset(line))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def says_params(cell):
    """The parameters, their shapes and blocks, in two lines of a docstring."""
    K, vectors = len(cell.gates), ", ".join(cell.vectors)
    joined = f"W_x (D, {K}H), W_h (H, {K}H), b ({K}H,)"
    return f"{joined},\n    in blocks {', '.join(cell.gates)}; {vectors} (H,)"


def unpacking(cell):
    """The lines of numpy text that give the blocks and vectors of params their names."""
    for name, head in HEADS.items():
        parts = ", ".join(head + k for k in cell.gates)
        yield f'{parts} = np.split(params["{name}"], {len(cell.gates)}, axis=-1)'
    yield from (f'{v} = params["{v}"]' for v in cell.vectors)


def _step_body(cell):
    """The lines of own_step up to its return."""
    lines = [*unpacking(cell)]
    for name, products, function in cell.lines:
        text = " + ".join(products)
        lines.append(
            f"{name} = {FUNCTIONS[function].code.replace('A', text) if function else text}"
        )
    kept = ["x", *cell.each("{}_prev"), *(line.name for line in cell.lines)]
    pairs = [f'"{name}": {name}' for name in kept]
    rows = ["{" + ", ".join(pairs[k : k + 4]) + "}" for k in range(0, len(pairs), 4)]
    return [*lines, f"kept = {rows[0]}", *(f"kept |= {row}" for row in rows[1:])]


def source(cell):
    """The numpy text of own_step and own_forward; it needs np and sigmoid."""
    body = "\n    ".join(_step_body(cell))
    append = "\n        ".join(cell.each("{0}.append({0}_t)"))
    states, old, start, at_t, last, starts, stacks = (
        ", ".join(cell.each(form))
        for form in ("{}", "{}_prev", "{}_0", "{}_t", "{}[-1]", "[{}_0]", "np.stack({})")
    )
    return f'''\
def own_step(params, x, {old}):
    """One step: x (N, D); {old} (N, H) -> {states}, kept.

    params: dict of {says_params(cell)}.
    kept: dict of every name that the step reads or computes.
    """
    {body}
    return {states}, kept


def own_forward(params, x, {start}):
    """All steps: x (T, N, D); {start} (N, H) -> {states}, kept.

    {states}: (T+1, N, H), the initial one first; kept[t - 1] is of step t.
    """
    {states}, kept = {starts}, []
    for x_t in x:
        {at_t}, kept_t = own_step(params, x_t, {last})
        {append}
        kept.append(kept_t)
    return {stacks}, kept'''


@lru_cache
def _program(cell):
    exec(source(cell), names := {"np": np, "sigmoid": sigmoid})
    return names["own_forward"]


def forward(cell, inputs):
    """The states (T+1, N, H) of the cell, and what each step kept; complex inputs do as well."""
    return _program(cell)(inputs["params"], inputs["x"], *(inputs[k] for k in cell.each("{}_0")))


def shapes(cell, T, N, D, H):
    """Shapes of the parameters, and of the other arguments of own_backward, by name."""
    K = len(cell.gates)
    params = {"W_x": (D, K * H), "W_h": (H, K * H), "b": (K * H,)}
    starts, lasts = (dict.fromkeys(cell.each(form), (N, H)) for form in ("{}_0", "d{}_last"))
    params |= dict.fromkeys(cell.vectors, (H,))
    return params, {"x": (T, N, D), **starts, "dh": (T, N, H), **lasts}


def draw(cell, rng, T=3, N=2, D=5, H=4):
    """Random arguments of own_backward, nothing among them zero."""
    params, others = shapes(cell, T, N, D, H)
    params = {k: rng.normal(scale=0.6, size=shape) for k, shape in params.items()}
    return {"params": params, **{k: rng.normal(size=shape) for k, shape in others.items()}}


def graded(cell, params, others):
    """What own_backward returns the gradients of."""
    return {**params, **{k: others[k] for k in ["x", *cell.each("{}_0")]}}


def gradient(cell, inputs, method=gradcheck.complex_step):
    """What own_backward must return, by a numerical derivative: a dict of arrays."""
    at = graded(cell, inputs["params"], inputs)

    def loss(arrays):
        v = dict(zip(at, arrays, strict=True))
        *states, _ = forward(cell, {"params": v, **v})
        lasts = zip(cell.each("d{}_last"), states, strict=True)
        return (inputs["dh"] * states[0][1:]).sum() + sum(
            (inputs[k] * v[-1]).sum() for k, v in lasts
        )

    return dict(zip(at, method(loss, tuple(at.values())), strict=True))


def terms(cell):
    """Every Term of the sweep: the loss and the world beyond read a state as the lines do."""
    outside = [Term("loss", "dh", "h"), *(Term("beyond", f"d{s}_last", s) for s in cell.states)]
    return outside + [
        Term(line.name, text, factor)
        for line in cell.lines
        for text in line.products
        for factor in factors(text)
    ]


def sweep(cell, inputs, without=None):
    """The gradient by the derivation card, line after line backwards, but for one Term."""
    *_, kept = forward(cell, inputs)
    params, last = _by_gate(cell, inputs["params"]), {s: inputs[f"d{s}_last"] for s in cell.states}
    arriving = {s: v * (Term("beyond", f"d{s}_last", s) != without) for s, v in last.items()}
    total, dx = {k: np.zeros_like(v) for k, v in params.items()}, []
    for dh, values in zip(inputs["dh"][::-1], kept[::-1], strict=True):
        arriving["h"] = arriving["h"] + dh * (Term("loss", "dh", "h") != without)
        d = _step_back(cell, params | values, arriving, without)
        arriving = {s: d[f"{s}_prev"] for s in cell.states}
        total = {k: v + d[k] for k, v in total.items()}
        dx.append(d["x"])
    joined = {k: [total[head + g] for g in cell.gates] for k, head in HEADS.items()}
    grads = {k: np.concatenate(v, axis=-1) for k, v in joined.items()}
    grads |= {v: total[v] for v in cell.vectors}
    return grads | {"x": np.stack(dx[::-1])} | {f"{s}_0": v for s, v in arriving.items()}


def _by_gate(cell, params):
    """The blocks and vectors under the names that the lines read."""
    named = {v: params[v] for v in cell.vectors}
    for k, head in HEADS.items():
        parts = blocks(params[k], len(cell.gates))
        named |= {head + gate: part for gate, part in zip(cell.gates, parts, strict=True)}
    return named


def _step_back(cell, values, arriving, without):
    """Gradients of all names of one step, from those of its states."""
    d = {name: np.zeros_like(v) for name, v in values.items()} | arriving
    for line in reversed(cell.lines):
        da = d[line.name]
        if line.function:
            da = da * FUNCTIONS[line.function].slope(values[line.products[0]])
        for text in line.products:
            for factor in factors(text):
                if Term(line.name, text, factor) != without:
                    name = node(factor)
                    d[name] = d[name] + _share(text, factor, da, values)
    return d


def _share(text, factor, da, values):
    """What a product in a sum sends back to one of its factors."""
    if "@" in text:
        v, W = factors(text)
        return da @ values[W].T if factor == v else values[v].T @ da
    for other in factors(text):
        if other != factor:
            da = da * (values[other] if other == node(other) else 1 - values[node(other)])
    da = da if factor == node(factor) else -da
    return sum_rows(da) if values[node(factor)].ndim == 1 else da


def difference(ours, right):
    """The largest relative error over the graded tensors."""
    return max(relative_error(ours[k], right[k]) for k in right)


@lru_cache
def offered(cell):
    """Whether the numerical gradients agree and no term of the sweep can be left out unseen."""
    inputs = draw(cell, np.random.default_rng(0))
    right = gradient(cell, inputs)
    return (
        difference(gradient(cell, inputs, gradcheck.central), right) < 1e-6
        and difference(sweep(cell, inputs), right) < 1e-11
        and all(difference(sweep(cell, inputs, term), right) > 1e-3 for term in terms(cell))
    )
