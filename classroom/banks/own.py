"""Programs for own_backward as different hands would write them, for any of the class's cells."""

import re
from typing import NamedTuple

from .. import own_cell

SLOPES = {  # of a function at A, whose value is V
    "sigmoid": "V * (1 - V)",
    "tanh": "1 - V**2",
    "sin": "np.cos(A)",
    "arctan": "1 / (1 + A**2)",
    "root": "(1 + A**2) ** -1.5",
    "twice": "0.5 * (1 - V**2)",
    "softplus": "sigmoid(A)",
}
ROW_BY_ROW = """
together = own_backward


def own_backward(params, x, *rest):
    rows = []
    for n in range(x.shape[1]):
        cut = slice(n, n + 1)
        rows.append(together(params, x[:, cut], *(v[..., cut, :] for v in rest)))
    out = {k: sum(row[k] for row in rows) for k in params}
    for k in rows[0]:
        if k not in out:
            out[k] = np.concatenate([row[k] for row in rows], axis=-2)
    return out
"""
SINGLE = """
double = own_backward


def own_backward(params, *rest):
    single = {k: v.astype(np.float32) for k, v in params.items()}
    return double(single, *(v.astype("float32") for v in rest))
"""
CLASS = """
class Cell:
    def __init__(self, params):
        self.params = params

    def gradients(self, x, *rest):
        return function(self.params, x, *rest)


function = own_backward


def own_backward(params, *rest):
    return Cell(params).gradients(*rest)
"""


class Hand(NamedTuple):
    """How somebody writes."""

    einsum: bool = False
    add: str = "{0} = {0} + {1}"
    gradient: str = "d_{}"
    start: str = ""  # a line before all others

    def d(self, name):
        """The gradient of a name."""
        return self.gradient.format(name)

    def adds(self, name, share):
        """The line that adds a share to the gradient of a name."""
        return self.add.format(self.d(name), share)


PLAIN = Hand()


def right(cell):
    """Pairs: how it is written, and the text."""
    plain = program(cell)
    in_place = Hand(add="{0} += {1}")
    in_dict = Hand(gradient='grad["{}"]', start="grad = {}")
    return [
        ("line by line", plain),
        ("with einsum", program(cell, Hand(einsum=True))),
        ("in place", program(cell, in_place)),
        ("gradients in a dictionary", program(cell, in_dict)),
        ("other names", re.sub(r"\bd_(\w+)", r"delta_of_\1", plain).replace("kept", "history")),
        ("row by row", plain + ROW_BY_ROW),
        ("in float32", plain + SINGLE),
        ("a class", program(cell, in_place._replace(einsum=True)) + CLASS),
    ]


def wrong(cell, number=10):
    """The names of a mistake, and the text, for so many terms spread over the cell."""
    terms = own_cell.terms(cell)
    some = [terms[k * len(terms) // number] for k in range(number)]
    deepest = {term: _deepest(term, terms) for term in terms}
    return [
        ([t.says for t in terms if deepest[t] == deepest[term]], program(cell, without=term))
        for term in some
    ]


def _deepest(term, terms):
    """The last term that is lost for certain with this one: a node that only one line reads, and
    that sends a single share, sends nothing."""
    node = own_cell.node(term.factor)
    sent = [t for t in terms if t.line == node]
    alone = sum(own_cell.node(t.factor) == node for t in terms) == 1
    return _deepest(sent[0], terms) if alone and len(sent) == 1 else term


def program(cell, hand=PLAIN, without=None):
    """The text of own_backward by the derivation card, but for one Term."""
    starts, lasts = (", ".join(cell.each(form)) for form in ("{}_0", "d{}_last"))
    leaves = [head + k for head in own_cell.HEADS.values() for k in cell.gates] + [*cell.vectors]
    body = [f"*_, kept = own_forward(params, x, {starts})", *([hand.start] if hand.start else [])]
    body += own_cell.unpacking(cell)
    body += [f"{hand.d(v)} = np.zeros_like({v})" for v in leaves]
    for s in cell.states:
        lost = own_cell.Term("beyond", f"d{s}_last", s) == without
        body.append(f"from_{s} = {'0 * ' * lost}d{s}_last")
    body += ["dx = np.zeros_like(x)", "for t in reversed(range(len(x))):"]
    body += ["    " + text for text in _step(cell, leaves, hand, without)]
    body.append(f"return {{{', '.join(_gradients(cell, hand))}}}")
    head = f"def own_backward(params, x, {starts}, dh, {lasts}):"
    return "\n".join([head, *("    " + text for text in body)]) + "\n"


def _step(cell, leaves, hand, without):
    """The lines of one step back."""
    names = ["x", *cell.each("{}_prev"), *(line.name for line in cell.lines)]
    lines = ["k = kept[t]"]
    for name in names:
        lines += [f'{name}_t = k["{name}"]', f"{hand.d(name)} = np.zeros_like({name}_t)"]
    lines += [hand.adds(s, f"from_{s}") for s in cell.states]
    if own_cell.Term("loss", "dh", "h") != without:
        lines.append(hand.adds("h", "dh[t]"))
    for line in reversed(cell.lines):
        lines += _line(line, leaves, hand, without)
    lines += [f"from_{s} = {hand.d(f'{s}_prev')}" for s in cell.states]
    return [*lines, f"dx[t] = {hand.d('x')}"]


def _gradients(cell, hand):
    """The items of the dict that is returned."""
    for name, head in own_cell.HEADS.items():
        blocks = ", ".join(hand.d(head + k) for k in cell.gates)
        yield f'"{name}": np.concatenate([{blocks}], axis=-1)'
    yield from (f'"{v}": {hand.d(v)}' for v in cell.vectors)
    yield from ('"x": dx', *(f'"{s}_0": from_{s}' for s in cell.states))


def _line(line, leaves, hand, without):
    """What one line sends to the names that it reads."""
    d = hand.d(line.name)
    for text in line.products:
        for factor in own_cell.factors(text):
            if own_cell.Term(line.name, text, factor) == without:
                continue
            if line.function:
                slope = SLOPES[line.function].replace("A", _value(factor, leaves))
                share = f"{d} * ({slope.replace('V', _value(line.name, leaves))})"
            else:
                share = _share(text, factor, d, leaves, hand.einsum)
            yield hand.adds(own_cell.node(factor), share)


def _share(text, factor, d, leaves, einsum):
    """What a product in a sum sends back to one of its factors."""
    if "@" in text:
        v, W = own_cell.factors(text)
        if factor == v:
            return f'np.einsum("nk,hk->nh", {d}, {W})' if einsum else f"{d} @ {W}.T"
        v = _value(v, leaves)
        return f'np.einsum("nh,nk->hk", {v}, {d})' if einsum else f"{v}.T @ {d}"
    others = (other for other in own_cell.factors(text) if other != factor)
    name, share = own_cell.node(factor), " * ".join([d, *(_value(v, leaves) for v in others)])
    share = share if name == factor else f"-{share}"
    return f"({share}).sum(axis=0)" if name in leaves else share


def _value(factor, leaves):
    """A factor as the loop over the steps calls it."""
    name = own_cell.node(factor)
    here = name if name in leaves else f"{name}_t"
    return here if factor == name else f"(1 - {here})"
