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
    """Yield the Neighbours of a function of a notebook, or of a package with its whole module.

    Each is the text with one place changed the way hands do: something lost, a sign, a transpose,
    an index, = for +=, two results exchanged. Whoever calls them must expect any error.
    """
    module = sys.modules[function.__module__]
    whole = bool(getattr(module, "__package__", None))
    text = inspect.getsource(module if whole else function)
    root = ast.parse(textwrap.dedent(text))
    start = {"__package__": module.__package__, "__name__": module.__name__} if whole else None
    for parent, field, index, new, says in list(_changes(root)):
        old = _put(parent, field, index, new)
        names = dict(start or function.__globals__)
        try:
            exec(compile(ast.fix_missing_locations(root), "<neighbour>", "exec"), names)
        except (SyntaxError, ValueError):
            continue
        finally:
            _put(parent, field, index, old)
        yield Neighbour(says, names[function.__name__])


def _changes(root):
    """Yield (parent, field, index, new node, words) for every place that may be changed."""
    for function in root.body:
        if isinstance(function, ast.FunctionDef):
            for parent in ast.walk(function):
                for field, value in ast.iter_fields(parent):
                    for k, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                        make = _MAKERS.get(type(node))
                        for new, says in make(node) if make else ():
                            yield parent, field, k, new, says


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
    yield node.right, f"`{left}` is lost from `{whole}`"
    sign = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
    if sign:
        yield ast.BinOp(node.left, sign(), node.right), f"`{right}` has the other sign in `{whole}`"
    if isinstance(node.op, ast.MatMult):
        turned = ast.Attribute(node.right, "T", ast.Load())
        yield ast.BinOp(node.left, node.op, turned), f"`{right}` is transposed in `{whole}`"


def _attribute(node):
    if node.attr == "T":
        yield node.value, f"`{ast.unparse(node.value)}` is not transposed"


def _call(node):
    if len(node.args) == 1 and not isinstance(node.args[0], ast.GeneratorExp | ast.Starred):
        yield node.args[0], f"`{ast.unparse(node)}` is only `{ast.unparse(node.args[0])}`"
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
    ast.AugAssign: _augmented,
    ast.Tuple: _sequence,
    ast.List: _sequence,
}
