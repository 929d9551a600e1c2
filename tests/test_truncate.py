"""Truncated backward passes against derivatives of losses whose earlier states are held fixed."""

import itertools
import re

import numpy as np
import pytest

from lstm_lib import bptt, gradcheck, tree, truncate
from tests.cells import CELLS, freeze, one_hot, problem

cells = pytest.mark.parametrize("name", CELLS)
T = 5


def stretch(cell, at, given, full, start, stop, losses):
    """The losses of some steps of a run from `start` to `stop` whose first state is held fixed."""
    held = tree.at(full.caches.prev, start) if start else at.state
    run = bptt.forward(cell, at.params, at.x[start:stop], held)
    return sum((run.h[j - start] * given.dh[j]).sum() for j in losses)


def gradient(grads):
    return grads.dparams, grads.dx, grads.dstates[0]


def assert_same(ours, expected, tolerance=1e-14):
    for a, b in zip(ours, expected, strict=True):
        errors = gradcheck.compare(a, b)
        assert max(errors.values()) <= tolerance, errors


@pytest.mark.eq("eq-truncate-window")
@cells
@pytest.mark.parametrize("K", [1, 2, 3, T, 99])
def test_window_is_the_derivative_with_the_state_before_the_window_held_fixed(name, K):
    cell, given = CELLS[name], problem(CELLS[name], T, 2)
    run = bptt.forward(cell, *given.at)
    ours = truncate.window(cell, given.at.params, run, given.dh, K)
    expected = gradcheck.complex_step(
        lambda at: sum(
            stretch(cell, at, given, run, max(0, j + 1 - K), j + 1, [j]) for j in range(T)
        ),
        given.at,
    )
    assert_same(gradient(ours), expected)


@cells
@pytest.mark.parametrize("K", [1, 2, 4, T])
def test_pieces_are_the_derivative_with_each_piece_s_first_state_held_fixed(name, K):
    cell, given = CELLS[name], problem(CELLS[name], T, 2)
    run = bptt.forward(cell, *given.at)
    carry = truncate.pieces(T, K)
    ours = bptt.backward(cell, given.at.params, run, given.dh, carry=carry)

    def loss(at):
        at = at._replace(state=given.at.state)
        pieces = [range(s, min(s + K, T)) for s in range(0, T, K)]
        return sum(stretch(cell, at, given, run, p.start, p.stop, p) for p in pieces)

    expected = gradcheck.complex_step(loss, given.at)
    assert_same(gradient(ours), expected)
    assert not any(leaf.any() for leaf in tree.leaves(ours.dstates[0]))


@cells
def test_each_factor_of_carry_acts_between_its_two_steps_alone(name):
    """One cut after t steps: two runs, the second's first state held fixed."""
    cell, given = CELLS[name], problem(CELLS[name], T, 2)
    at, run = given.at, bptt.forward(cell, *given.at)
    for t in range(1, T):
        carry = np.ones(T)
        carry[t] = 0
        ours = bptt.backward(cell, at.params, run, given.dh, given.dstate, carry)
        first = bptt.forward(cell, at.params, at.x[:t], at.state)
        second = bptt.forward(cell, at.params, at.x[t:], first.state)
        early = bptt.backward(cell, at.params, first, given.dh[:t])
        late = bptt.backward(cell, at.params, second, given.dh[t:], given.dstate)
        assert_same([ours.dparams], [tree.add(early.dparams, late.dparams)])
        assert_same(
            [ours.dx, ours.dstates[0]], [np.concatenate([early.dx, late.dx]), early.dstates[0]]
        )


@cells
@pytest.mark.parametrize("keep", [0.3, 0.8, 1])
def test_the_expectation_over_random_cuts_is_the_full_gradient(name, keep):
    """Exactly: all 2^T patterns with their probabilities."""
    cell, given = CELLS[name], problem(CELLS[name], T, 2)
    at, run = given.at, bptt.forward(cell, *given.at)
    patterns = np.array(list(itertools.product([0, 1], repeat=T)))
    shares = np.where(patterns, keep, 1 - keep).prod(axis=1)
    draws = [bptt.backward(cell, at.params, run, given.dh, carry=kept / keep) for kept in patterns]
    stacked = tree.stack([draw._replace(dstates=draw.dstates[0]) for draw in draws])
    mean = tree.map(lambda v: np.tensordot(shares, v, 1), stacked)
    full = bptt.backward(cell, at.params, run, given.dh)
    assert_same(mean, full._replace(dstates=full.dstates[0]), 1e-13)


@pytest.mark.eq("eq-truncate-random")
def test_random_factors_are_compensated_and_independent():
    rng = np.random.default_rng(0)
    carry = np.array([truncate.at_random(rng, 4, 0.25) for _ in range(20_000)])
    assert {*np.unique(carry)} == {0.0, 4.0}
    products = carry.T @ carry / len(carry)
    # Standard errors: 0.012 of the mean, 0.03 off the diagonal, 0.05 on it.
    assert np.abs(carry.mean(axis=0) - 1).max() < 0.06
    assert np.abs(products - np.diag(np.diag(products)) - 1 + np.eye(4)).max() < 0.15
    assert np.abs(np.diag(products) - 4).max() < 0.3
    assert truncate.at_random(rng, 5, 1).tolist() == [1.0] * 5


@pytest.mark.eq("eq-truncate-pieces")
def test_pieces_are_cut_before_each_multiple_of_K():
    assert truncate.pieces(7, 3).tolist() == [0, 1, 1, 0, 1, 1, 0]
    assert truncate.pieces(3, 1).tolist() == [0, 0, 0]
    assert truncate.pieces(2, 99).tolist() == [0, 1]


@cells
def test_float32_is_kept_and_nothing_is_changed(name):
    cell = CELLS[name]
    given = freeze(problem(cell, T, 2, dtype=np.float32))
    run = freeze(bptt.forward(cell, *given.at))
    carry = freeze(truncate.at_random(np.random.default_rng(0), T, 0.5))
    for grads in (
        truncate.window(cell, given.at.params, run, given.dh, 3),
        bptt.backward(cell, given.at.params, run, given.dh, carry=carry),
    ):
        leaves = tree.leaves(grads._replace(dstates=tree.stack(grads.dstates)))
        assert {leaf.dtype for leaf in leaves} == {np.dtype("float32")}


@cells
def test_tokens_are_one_hot_rows(name):
    cell, given = CELLS[name], problem(CELLS[name], T, 2)
    tokens = np.random.default_rng(1).integers(3, size=(T, 2))
    params = given.at.params
    ours = truncate.window(cell, params, bptt.forward(cell, params, tokens), given.dh, 3)
    rows = bptt.forward(cell, params, one_hot(tokens, 3))
    expected = truncate.window(cell, params, rows, given.dh, 3)
    assert ours.dx is None
    assert_same([ours.dparams, ours.dstates[0]], [expected.dparams, expected.dstates[0]])


CELL, GIVEN = CELLS["lstm"], problem(CELLS["lstm"], T, 2)
RUN = bptt.forward(CELL, *GIVEN.at)


BAD = [
    (lambda: truncate.pieces(0, 2), "T: expected an integer of at least 1", "0"),
    (lambda: truncate.pieces(5, 0), "K: expected an integer of at least 1", "0"),
    (lambda: truncate.pieces(5, 2.0), "K: expected an integer of at least 1", "2.0"),
    (lambda: truncate.at_random(np.random, 5, 0), "keep: expected a probability", "0"),
    (lambda: truncate.at_random(np.random, 5, 1.5), "keep: expected a probability", "1.5"),
    (lambda: truncate.at_random(np.random, 5, np.nan), "keep: expected a probability", "nan"),
    (lambda: truncate.at_random(np.random, -1, 0.5), "T: expected an integer", "-1"),
    (
        lambda: truncate.window(CELL, GIVEN.at.params, RUN, GIVEN.dh, 0),
        "K: expected an integer of at least 1",
        "0",
    ),
    (
        lambda: truncate.window(CELL, GIVEN.at.params, RUN, GIVEN.dh[1:], 2),
        "dh: expected shape (5, 2, 4)",
        "(4, 2, 4)",
    ),
    (
        lambda: bptt.backward(CELL, GIVEN.at.params, RUN, GIVEN.dh, carry=np.ones(4)),
        "carry: expected shape (5)",
        "(4,)",
    ),
    (
        lambda: bptt.backward(CELL, GIVEN.at.params, RUN, GIVEN.dh, carry=[1] * T),
        "carry: expected dtype",
        "int64",
    ),
]


def assert_named(call, expected, got):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}.*got {re.escape(got)}$"):
        call()


@pytest.mark.parametrize("row", BAD, ids=lambda row: row[1])
def test_bad_input_is_named(row):
    assert_named(*row)
