"""Programs for own_backward as different hands would write them, for any of the class's cells."""

import re

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


def right(cell):
    """Pairs: how it is written, and the text."""
    plain = program(cell)
    return [
        ("line by line", plain),
        ("with einsum", program(cell, einsum=True)),
        ("in place", program(cell, add="{0} += {1}")),
        ("gradients in a dictionary", program(cell, gradient='grad["{}"]', start="grad = {}")),
        ("other names", re.sub(r"\bd_(\w+)", r"delta_of_\1", plain).replace("kept", "history")),
        ("row by row", plain + ROW_BY_ROW),
        ("in float32", plain + SINGLE),
        ("a class", program(cell, einsum=True, add="{0} += {1}") + CLASS),
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


def program(cell, *, einsum=False, add="{0} = {0} + {1}", gradient="d_{}", start="", without=None):
    """The text of own_backward by the derivation card, but for one Term."""
    starts, lasts = (", ".join(cell.each(form)) for form in ("{}_0", "d{}_last"))
    names = ["x", *cell.each("{}_prev"), *(line.name for line in cell.lines)]
    leaves = [head + k for head in own_cell.HEADS.values() for k in cell.gates] + [*cell.vectors]
    body = [f"*_, kept = own_forward(params, x, {starts})", *([start] if start else [])]
    for name, head in own_cell.HEADS.items():
        cut = ", ".join(head + k for k in cell.gates)
        body.append(f'{cut} = np.split(params["{name}"], {len(cell.gates)}, axis=-1)')
    body += [f'{v} = params["{v}"]' for v in cell.vectors]
    body += [f"{gradient.format(v)} = np.zeros_like({v})" for v in leaves]
    for s in cell.states:
        lost = own_cell.Term("beyond", f"d{s}_last", s) == without
        body.append(f"from_{s} = {'0 * ' * lost}d{s}_last")
    body += ["dx = np.zeros_like(x)", "for t in reversed(range(len(x))):"]
    loop = ["k = kept[t]"]
    for name in names:
        loop += [f'{name}_t = k["{name}"]', f"{gradient.format(name)} = np.zeros_like({name}_t)"]
    loop += [add.format(gradient.format(s), f"from_{s}") for s in cell.states]
    if own_cell.Term("loss", "dh", "h") != without:
        loop.append(add.format(gradient.format("h"), "dh[t]"))
    for line in reversed(cell.lines):
        loop += _line(line, leaves, einsum, add, gradient, without)
    loop += [f"from_{s} = {gradient.format(f'{s}_prev')}" for s in cell.states]
    loop.append(f"dx[t] = {gradient.format('x')}")
    body += ["    " + text for text in loop]
    grads = []
    for name, head in own_cell.HEADS.items():
        blocks = ", ".join(gradient.format(head + k) for k in cell.gates)
        grads.append(f'"{name}": np.concatenate([{blocks}], axis=-1)')
    grads += [f'"{v}": {gradient.format(v)}' for v in cell.vectors]
    grads += ['"x": dx', *(f'"{s}_0": from_{s}' for s in cell.states)]
    body.append("return {" + ", ".join(grads) + "}")
    head = f"def own_backward(params, x, {starts}, dh, {lasts}):"
    return "\n".join([head, *("    " + text for text in body)]) + "\n"


def _line(line, leaves, einsum, add, gradient, without):
    """What one line sends to the names that it reads."""

    def value(name):
        return name if name in leaves else f"{name}_t"

    d = gradient.format(line.name)
    if line.function:
        at = line.products[0]
        if own_cell.Term(line.name, at, at) == without:
            return []
        slope = SLOPES[line.function].replace("A", value(at)).replace("V", value(line.name))
        return [add.format(gradient.format(at), f"{d} * ({slope})")]
    sent = []
    for text in line.products:
        factors = own_cell.factors(text)
        for factor in factors:
            if own_cell.Term(line.name, text, factor) == without:
                continue
            name = factor[5:-1] if factor.startswith("(1 - ") else factor
            others = [f for f in factors if f != factor]
            if "@" in text:
                v, W = factors
                if factor == v:
                    share = f"{d} @ {W}.T"
                    if einsum:
                        share = f'np.einsum("nk,hk->nh", {d}, {W})'
                else:
                    share = f"{value(v)}.T @ {d}"
                    if einsum:
                        share = f'np.einsum("nh,nk->hk", {value(v)}, {d})'
            else:
                share = d
                for other in others:
                    plain = other[5:-1] if other.startswith("(1 - ") else other
                    share += f" * {value(plain)}" if plain == other else f" * (1 - {value(plain)})"
                share = share if name == factor else f"-{share}"
                share = f"({share}).sum(axis=0)" if name in leaves else share
            sent.append(add.format(gradient.format(name), share))
    return sent
