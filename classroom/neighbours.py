"""The functions next to a right one: one factor, summand, sign, transpose or index changed."""

import ast
import inspect
import sys
import textwrap
from typing import NamedTuple


class Neighbour(NamedTuple):
    says: str  # what was done to the right text
    function: object


def neighbours(function):
    """Yield the Neighbours of a function, in a file with the functions there that it uses.

    A function that holds variables of another one has none.
    """
    if function.__closure__:
        return
    module = sys.modules[function.__module__]
    text = inspect.getsource(module if hasattr(module, "__file__") else function)
    yield from neighbours_in(textwrap.dedent(text), function.__name__, function.__globals__)


def neighbours_in(text, name, names):
    """Yield the Neighbours of the function of that name in a Python text.

    Each is the text with one place changed the way hands do: something lost, a sign, a transpose,
    an index, = for +=, two results exchanged. Whoever calls them must expect any error.

    names: dict of what the text may use besides its own functions.
    """
    text = ast.Module(_used(ast.parse(text), name), [])
    for parent, field, index, new, says in list(_changes(text)):
        old = _put(parent, field, index, new)
        changed = dict(names)
        try:
            exec(compile(ast.fix_missing_locations(text), "<neighbour>", "exec"), changed)
        except (SyntaxError, ValueError):
            continue
        finally:
            _put(parent, field, index, old)
        yield Neighbour(says, changed[name])


def _used(root, name):
    """The definition of that name in a text, and of what it uses there, directly or not."""
    defined = {f.name: f for f in root.body if isinstance(f, ast.FunctionDef)}
    used, more = {}, {name}
    while more:
        used |= {name: defined[name] for name in more}
        names = {n.id for f in used.values() for n in ast.walk(f) if isinstance(n, ast.Name)}
        more = (names & set(defined)) - set(used)
    return list(used.values())


def _changes(text):
    """Yield (parent, field, index, new node, words) for every place that may be changed."""
    for parent in ast.walk(text):
        for field, value in ast.iter_fields(parent):
            for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                make = _MAKERS.get(type(node))
                for new, says in make(node) if make else ():
                    yield parent, field, index, new, says


def _put(parent, field, index, node):
    """Put a node into its place and return the one that stood there."""
    value = getattr(parent, field)
    if index is None:
        setattr(parent, field, node)
        return value
    old, value[index] = value[index], node
    return old


def _binary(node):
    left, right, whole = map(ast.unparse, (node.left, node.right, node))
    yield node.left, f"`{right}` is lost from `{whole}`"
    if isinstance(node.op, ast.Sub):
        yield node.right, f"`{whole}` is only `{right}`"
        turned = ast.BinOp(node.right, node.op, node.left)
        yield turned, f"`{whole}` is turned round: `{ast.unparse(turned)}`"
    else:
        yield node.right, f"`{left}` is lost from `{whole}`"
    yield from _slope(node, whole)
    sign = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
    if sign:
        yield ast.BinOp(node.left, sign(), node.right), f"`{right}` has the other sign in `{whole}`"
    if isinstance(node.op, ast.MatMult):
        turned = ast.Attribute(node.right, "T", ast.Load())
        yield ast.BinOp(node.left, node.op, turned), f"`{right}` is transposed in `{whole}`"


def _slope(node, whole):
    """The slope of a sigmoid, s * (1 - s), that ends a product, and that of tanh, 1 - s**2."""
    right = ast.unparse(node.right)
    if isinstance(node.op, ast.Mult):
        product = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult)
        before, s = (node.left.left, node.left.right) if product else (None, node.left)
        s = ast.unparse(s)
        if right == f"1 - {s}":
            tanh = _parsed(f"1 - ({s})**2")
            if before:
                yield before, f"`{s} * ({right})` is lost from `{whole}`"
                tanh = ast.BinOp(before, node.op, tanh)
            yield tanh, f"`{whole}` has the slope of tanh"
    elif isinstance(node.right, ast.BinOp):
        s = ast.unparse(node.right.left)
        if whole == f"1 - {s} ** 2":
            yield _parsed(f"({s}) * (1 - ({s}))"), f"`{whole}` is the slope of a sigmoid"


def _parsed(text):
    return ast.parse(text, mode="eval").body


def _attribute(node):
    if node.attr == "T":
        yield node.value, f"`{ast.unparse(node.value)}` is not transposed"


def _call(node):
    if len(node.args) == 1 and not isinstance(node.args[0], ast.GeneratorExp | ast.Starred):
        yield node.args[0], f"`{ast.unparse(node)}` is only `{ast.unparse(node.args[0])}`"
    means = {"sum": "mean", "mean": "sum"}
    if isinstance(node.func, ast.Attribute) and node.func.attr in means:
        func = ast.Attribute(node.func.value, means[node.func.attr], ast.Load())
        other = ast.Call(func, node.args, node.keywords)
        yield other, f"`{ast.unparse(node)}` is `{ast.unparse(other)}`"
    if node.keywords:
        bare = ast.Call(node.func, node.args, [])
        yield bare, f"`{ast.unparse(node)}` is `{ast.unparse(bare)}`"


def _subscript(node):
    if isinstance(node.slice, ast.BinOp):
        indices = [node.slice.left]
    elif isinstance(node.slice, ast.Name):
        one = ast.Constant(1)
        indices = [ast.BinOp(node.slice, op, one) for op in (ast.Sub(), ast.Add())]
    else:
        indices = []
    for index in indices:
        other = ast.Subscript(node.value, index, node.ctx)
        yield other, f"`{ast.unparse(node)}` is read as `{ast.unparse(other)}`"


def _assigned(node):
    if isinstance(node.value, ast.Name):
        nothing = ast.BinOp(ast.Constant(0), ast.Mult(), node.value)
        yield ast.Assign(node.targets, nothing), f"`{node.value.id}` is not used"


def _augmented(node):
    yield ast.Assign([node.target], node.value), f"`{ast.unparse(node)}` overwrites; it must add"


def _sequence(node):
    for k in range(len(node.elts) - 1):
        a, b = node.elts[k : k + 2]
        elts = [*node.elts[:k], b, a, *node.elts[k + 2 :]]
        yield (
            type(node)(elts, node.ctx),
            f"`{ast.unparse(a)}` and `{ast.unparse(b)}` have changed places",
        )


_MAKERS = {
    ast.BinOp: _binary,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Assign: _assigned,
    ast.AugAssign: _augmented,
    ast.Tuple: _sequence,
    ast.List: _sequence,
}
