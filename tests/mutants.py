"""Wrong versions of the library, one small change each, made mechanically from its syntax trees."""

import ast
import importlib
import itertools
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from typing import NamedTuple

LIBRARY = Path(__file__).parents[1] / "lstm_lib"
# Names of the same kind: one of each group may be taken for another where both are in use.
KINDS = [
    "i f g o",
    "r z n",
    "h c tanh_c",
    "h x",
    "dh dc",
    "da da_n dm da_h dz dr dq",
    "W_x W_h",
    "b b_n",
    "a_x a_h",
    "D H",
    "t T",
    "dW_x dW_h",
    "db db_n",
    "dsigmoid dtanh drelu",
    "sigmoid tanh relu",
    "cache prev state",
    "s a",
    "u y",
]
KIN = {}
for kind in map(str.split, KINDS):
    for name in kind:
        KIN.setdefault(name, set()).update(set(kind) - {name})

OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add, ast.Div],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}


class Mutant(NamedTuple):
    module: str
    name: str  # module.function: the statement as changed
    code: object


def mutants(module):
    """All mutants of a module such as "variants.rnn_relu", in the order of its text."""
    tree = ast.parse((LIBRARY / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    for function, known, statement, node, field, index in _places(tree):
        holder = getattr(node, field)
        old, before = holder if index is None else holder[index], _text(statement)
        for new in _replacements(old, known):
            _put(node, field, index, new)
            ast.fix_missing_locations(tree)
            after = _text(new if old is statement else statement)
            try:
                code = compile(tree, f"<{module}: {after}>", "exec")
            except SyntaxError:
                code = None
            _put(node, field, index, old)
            if code is not None and after != before:
                without = f"without {before}" if isinstance(new, ast.Pass) else after
                yield Mutant(module, f"{module}.{function}: {without}", code)


def _put(node, field, index, new):
    if index is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[index] = new


def _text(statement):
    """One line of source: of a statement that holds others, only its head."""
    if isinstance(statement, ast.ClassDef):
        fields = [part.target.id for part in statement.body if isinstance(part, ast.AnnAssign)]
        return f"fields {', '.join(fields)}"
    lines = ast.unparse(statement).splitlines()
    return lines[0] if hasattr(statement, "body") else " ".join(lines)


def _places(tree):
    """Where something may change: (function, names it uses, statement, node, field, index)."""
    for top in tree.body:
        if isinstance(top, ast.FunctionDef):
            known = {n.id for n in ast.walk(top) if isinstance(n, ast.Name)}
            known |= {n.attr for n in ast.walk(top) if isinstance(n, ast.Attribute)}
            known |= {n.arg for n in ast.walk(top) if isinstance(n, ast.arg)}
            for place in _inside(top, top):
                yield top.name, known, *place
        elif isinstance(top, ast.ClassDef):
            for index in range(len(top.body) - 1):
                if all(isinstance(field, ast.AnnAssign) for field in top.body[index : index + 2]):
                    yield top.name, (), top, top, "body", slice(index, index + 2)


def _inside(node, statement):
    """The places below a node, each with the innermost statement around it."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "ctx"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                around = child if isinstance(child, ast.stmt) else statement
                yield around, node, field, index
                # The texts of messages are not the subject, nor what only raises.
                if not isinstance(child, ast.JoinedStr | ast.Raise):
                    yield from _inside(child, around)


def _replacements(old, known):
    if isinstance(old, list):  # two neighbouring fields of a NamedTuple
        yield [old[1], old[0]]
    make = _MAKERS.get(type(old))
    if make:
        yield from make(old, known)
    if isinstance(old, ast.stmt) and not isinstance(old, ast.Return | ast.FunctionDef):
        is_text = isinstance(old, ast.Expr) and isinstance(old.value, ast.Constant)
        if not is_text:
            yield ast.Pass()


def _binary(old, known):
    for operator in OPERATORS.get(type(old.op), []):
        yield ast.BinOp(old.left, operator(), old.right)
    yield old.left
    yield old.right


def _augmented(old, known):
    for operator in OPERATORS.get(type(old.op), []):
        yield ast.AugAssign(old.target, operator(), old.value)
    yield ast.Assign([old.target], old.value)


def _compare(old, known):
    for k, op in enumerate(old.ops):
        for operator in OPERATORS.get(type(op), []):
            ops = [*old.ops[:k], operator(), *old.ops[k + 1 :]]
            yield ast.Compare(old.left, ops, old.comparators)


def _boolean(old, known):
    yield ast.BoolOp(OPERATORS[type(old.op)][0](), old.values)
    yield from old.values


def _unary(old, known):
    yield old.operand


def _name(old, known):
    for other in sorted(KIN.get(old.id, set()) & set(known)):
        yield ast.Name(other, old.ctx)


def _attribute(old, known):
    if old.attr in ("T", "prev", "real"):
        yield old.value
    for other in sorted(KIN.get(old.attr, set()) & (set(known) | {"h", "c", "W_x", "W_h"})):
        yield ast.Attribute(old.value, other, old.ctx)


def _constant(old, known):
    v = old.value
    if isinstance(v, bool):
        yield ast.Constant(not v)
    elif isinstance(v, int):
        yield ast.Constant(v + 1)
        yield ast.Constant(v - 1)
    elif isinstance(v, float):
        yield ast.Constant(2 * v)
        yield ast.Constant(v / 2)


def _slice(old, known):
    if old.lower:
        yield ast.Slice(None, old.upper, old.step)
    if old.upper:
        yield ast.Slice(old.lower, None, old.step)


def _conditional(old, known):
    yield ast.IfExp(old.test, old.orelse, old.body)
    yield old.body
    yield old.orelse


def _if(old, known):
    yield ast.If(ast.UnaryOp(ast.Not(), old.test), old.body, old.orelse)


def _tuple(old, known):
    for k in range(len(old.elts) - 1):
        yield type(old)(_swapped(old.elts, k), old.ctx)


def _call(old, known):
    if len(old.args) == 1:  # tanh(a) -> a, reversed(steps) -> steps
        yield old.args[0]
    for k in range(len(old.args) - 1):
        yield ast.Call(old.func, _swapped(old.args, k), old.keywords)
    for k in range(len(old.keywords)):
        yield ast.Call(old.func, old.args, old.keywords[:k] + old.keywords[k + 1 :])
    for k, m in itertools.combinations(range(len(old.keywords)), 2):
        keywords = list(old.keywords)
        keywords[k] = ast.keyword(old.keywords[k].arg, old.keywords[m].value)
        keywords[m] = ast.keyword(old.keywords[m].arg, old.keywords[k].value)
        yield ast.Call(old.func, old.args, keywords)


def _swapped(items, k):
    return [*items[:k], items[k + 1], items[k], *items[k + 2 :]]


_MAKERS = {
    ast.BinOp: _binary,
    ast.AugAssign: _augmented,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.Slice: _slice,
    ast.IfExp: _conditional,
    ast.If: _if,
    ast.Tuple: _tuple,
    ast.List: _tuple,
    ast.Call: _call,
}


class Copies(MetaPathFinder, Loader):
    """Imports `mutated` as a copy of the library in which one module's code may be another's."""

    def __init__(self):
        self.code, self.changed = {}, {}
        for file in LIBRARY.rglob("*.py"):
            name = ".".join(file.relative_to(LIBRARY).with_suffix("").parts)
            name = name.removesuffix("__init__").removesuffix(".")
            text = file.read_text(encoding="utf-8")
            self.code[name] = compile(text, str(file), "exec"), file.stem == "__init__"

    def find_spec(self, fullname, path=None, target=None):
        root, _, name = fullname.partition(".")
        if root == "mutated" and name in self.code:
            return spec_from_loader(fullname, self, is_package=self.code[name][1])
        return None

    def exec_module(self, module):
        name = module.__name__.partition(".")[2]
        exec(self.changed.get(name, self.code[name][0]), vars(module))

    def library(self, mutant=None):
        """A function that imports a module of the copy by its name; it is fresh for each mutant."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "mutated"]:
            del sys.modules[name]
        self.changed = {mutant.module: mutant.code} if mutant else {}
        return lambda name: importlib.import_module(f"mutated.{name}")
