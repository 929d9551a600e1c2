"""The museum's exhibits are wrong where they say so, and `check` tells right from wrong."""

import ast
import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from classroom import bank, mutants
from classroom.check import passes
from classroom.neighbours import neighbours
from lstm_lib import gru, lstm, rnn, tree

BOOK = Path(__file__).parents[1] / "book"
CELLS = {"lstm": lstm, "rnn": rnn, "gru": gru}
BY_NAME = {m.name: m for m in mutants.MUTANTS}


def fingerprint(mutant, cell, seed=0):
    case = mutants.draw(np.random.default_rng(seed), cell)
    return mutants.fingerprint(mutants.program(mutant, cell), mutants.program(cell=cell), case)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_the_right_programs_pass_the_gradient_check(cell):
    assert max(fingerprint(None, cell).values()) < 1e-13


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=BY_NAME)
def test_every_exhibit_is_found_by_the_gradient_check(mutant):
    errors = fingerprint(mutant, CELLS[mutant.cell])
    assert max(e for name, e in errors.items() if name != "h") > 0.01


def test_every_exhibit_says_where_it_was_met():
    assert len(BY_NAME) == len(mutants.MUTANTS) >= 16
    for mutant in mutants.MUTANTS:
        assert all(address.startswith("https://github.com/") for _, address in mutant.met)
        assert mutant.met
        assert len({m.says for m in mutants.MUTANTS}) == len(mutants.MUTANTS)


def test_an_exhibit_whose_text_is_gone_is_named():
    with pytest.raises(ValueError, match=r"i \+ g: expected 'no such line' once in lstm_lib.lstm"):
        mutants.broken(BY_NAME["i + g"]._replace(old="no such line"))


def test_no_exhibit_touches_the_library():
    before = lstm.step_backward.__code__
    mutants.broken(mutants.MUTANTS[0])
    assert lstm.step_backward.__code__ is before
    assert max(fingerprint(None, lstm).values()) < 1e-13


@pytest.mark.parametrize(
    ("like", "program"),
    [(like, p) for like, programs in bank.RIGHT.items() for p in programs],
    ids=lambda f: f.__name__,
)
def test_check_accepts_right_programs_of_other_hands(like, program, capsys):
    assert all(passes(program, like, seed=seed) for seed in range(20))
    assert "WRONG" not in capsys.readouterr().out


@pytest.mark.parametrize("wrong", bank.WRONG, ids=lambda w: f"{w.mutant}-{w.function.__name__}")
def test_check_names_the_mistake_of_other_hands(wrong, capsys):
    (program,) = mutants.changed(wrong.old, wrong.new, wrong.function)
    assert not passes(program, wrong.like)
    said = " ".join(capsys.readouterr().out.split())
    assert f"A known mistake: {BY_NAME[wrong.mutant].says}." in said


def test_every_exhibit_is_in_the_bank():
    assert {wrong.mutant for wrong in bank.WRONG} == set(BY_NAME)


def test_changed_says_what_it_did_not_find():
    with pytest.raises(ValueError, match="expected 'nowhere' in lstm_joined, got no such text"):
        mutants.changed("nowhere", "", bank.lstm_joined)


def right(W, v):
    return W @ v, v.sum(), W


def draw(rng):
    return rng.normal(size=(3, 3)), rng.normal(size=(3,))


def with_part(part, k):
    """`right` with one of its results changed."""

    def function(W, v):
        results = list(right(W, v))
        results[k] = part(results[k])
        return tuple(results)

    return function


def fails(W, v):
    raise RuntimeError("no")


def unfinished(W, v):
    raise NotImplementedError


def spoils(W, v):
    W *= 0
    return right(W, v)


ANSWERS = {
    "none": (lambda W, v: None, "not done yet"),
    "unfinished": (unfinished, "unfinished: not done yet"),
    "error": (fails, "fails raised RuntimeError: no"),
    "too few": (lambda W, v: (W @ v, v), "expected 3 results (Wv, s, W), got 2"),
    "factor": (with_part(lambda a: 2 * a, 0), "Wv is 2 times the right one"),
    "transposed": (with_part(np.transpose, 2), "W is the transpose of the right one"),
    "shape": (with_part(np.ravel, 2), "W has the shape (9,), not (3, 3)"),
    "zero": (with_part(lambda a: 0 * a, 2), "W is zero"),
    "nan": (with_part(lambda a: a + np.nan, 0), "Wv holds NaN or infinity"),
    "words": (with_part(str, 1), "s holds no numbers"),
    "one column": (with_part(lambda a: a * [1, 1, 3], 2), "W is right in columns 1 to 2 only"),
    "strange": (with_part(lambda a: a**3 + 1, 1), "No mistake that I know"),
    "neighbour": (lambda W, v: (W.T @ v, v.sum(), W), "No mistake that I know"),
    "sign": (with_part(lambda a: -a, 0), "Wv is -1 times the right one"),
    "in place": (spoils, "W is zero"),
}


@pytest.mark.parametrize(("function", "words"), ANSWERS.values(), ids=ANSWERS)
def test_check_never_says_only_wrong(function, words, capsys):
    assert not passes(function, right, draw, names=("Wv", "s", "W"), seed=1)
    assert words in " ".join(capsys.readouterr().out.split())


def test_check_takes_two_mistakes_apart(capsys):
    def both(params, dstate, cache):
        dx, dprev, dparams = bank.lstm_joined(params, dstate, cache)
        db = np.full_like(dparams.b, dparams.b.sum())
        dW_h = (cache.gates.o * cache.tanh_c).T @ np.linalg.pinv(cache.x.T) @ dparams.W_x
        return dx, dprev, lstm.Params(dparams.W_x, dW_h, db)

    assert not passes(both, lstm.step_backward, seed=0)
    said = " ".join(capsys.readouterr().out.split())
    assert f"dparams.b is what comes out if {BY_NAME['db one number'].says}" in said
    assert f"dparams.W_h is what comes out if {BY_NAME['h_t in dW_h'].says}" in said


def test_check_draws_fresh_numbers_and_repeats_with_a_seed():
    seen = []

    def keep(W, v):
        seen.append(W)
        return right(W, v)

    for seed in (None, None, 3, 3):
        assert passes(keep, right, draw, seed=seed)
    assert not np.array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[2], seen[3])


def test_check_wants_arguments_for_functions_it_does_not_know():
    with pytest.raises(ValueError, match="draw: expected a function of a numpy Generator"):
        passes(right, right)


def line(x, W, t):
    start = W
    total = x[t - 1] @ W.T
    total += np.tanh(x[t]) * 2 - 1
    s = total.sum(axis=0)
    slopes = 3 * s * (1 - s), 1 - s**2
    return total + start[0, 0] + sum(slopes), W


def test_neighbours_change_one_place():
    said = [n.says for n in neighbours(line)]
    for words in (
        "`W` is not transposed",
        "`x[t - 1]` is read as `x[t]`",
        "`np.tanh(x[t])` is only `x[t]`",
        "`1` has the other sign in `np.tanh(x[t]) * 2 - 1`",
        "`2` is lost from `np.tanh(x[t]) * 2`",
        "`total += np.tanh(x[t]) * 2 - 1` overwrites; it must add",
        "`total + start[0, 0] + sum(slopes)` and `W` have changed places",
        "`W` is not used",
        "`1 - s` is only `s`",
        "`1 - s` is turned round: `s - 1`",
        "`s * (1 - s)` is lost from `3 * s * (1 - s)`",
        "`3 * s * (1 - s)` has the slope of tanh",
        "`1 - s ** 2` is the slope of a sigmoid",
        "`total.sum(axis=0)` is `total.mean(axis=0)`",
    ):
        assert words in said
    x, W = np.arange(6.0).reshape(3, 2), np.array([[1.0, 2], [3, 4]])
    results = [tree.map(np.copy, n.function(x, W, 1)) for n in neighbours(line) if "x[" in n.says]
    assert any(not np.array_equal(r[0], line(x, W, 1)[0]) for r in results)


PRELUDE = """
import itertools

import classroom.check as module
from classroom.neighbours import neighbours

real, tried = module.passes, []


def check(function, like, draw=None, **options):
    if draw is None or function is like:
        return real(function, like, draw, **options)
    assert real(like, like, draw, **options), f"{like.__name__} fails its own check"
    for slip in itertools.islice(neighbours(like), 0, None, 5):
        real(slip.function, like, draw, **options)
    tried.append(real(function, like, draw, **options))


module.check = check
"""
PAGES = [p for p in sorted(BOOK.glob("*.ipynb")) if "import check" in p.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_solutions_pass_the_checks_of_their_chapter(page):
    """Each check accepts its solution, survives slips in it, and calls the open cell not done."""
    notebook = nbformat.read(page, 4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(PRELUDE))
    notebook.cells.append(nbformat.v4.new_code_cell("assert tried and not any(tried), tried"))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": BOOK}}).execute()


def open_functions(source):
    """Names of the functions that only return None."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.body[-1]) == "return None":
            yield node.name


def test_every_open_cell_is_followed_by_a_check():
    for page in sorted(BOOK.glob("[01]*.ipynb")):
        code = [c.source for c in nbformat.read(page, 4).cells if c.cell_type == "code"]
        for name in itertools.chain.from_iterable(map(open_functions, code)):
            called = rf"(check|report)\((\w+\()?\s*{name}\b"
            assert any(re.search(called, source) for source in code), f"{page.name}: {name}"
