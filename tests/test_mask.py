"""Padding: a sequence that has ended keeps its state and receives no gradient beyond its end."""

import numpy as np
import pytest

from lstm_lib import bptt, gradcheck, tree, truncate
from tests.cells import CELLS, VARIANTS, Variables, problem

CELLS = CELLS | VARIANTS
cells = pytest.mark.parametrize("name", CELLS)


def tied(label):
    """All cells, the LSTM tied to the equation."""
    marks = [pytest.mark.eq(label)]
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=marks if name == "lstm" else ()) for name in CELLS]
    )


T, N = 6, 4
LENGTHS = np.array([6, 4, 1, 0])
MASK = np.arange(T)[:, None] < LENGTHS  # (T, N)


def run(cell, at, mask=MASK):
    return bptt.forward(cell, at.params, at.x, at.state, mask)


@tied("eq-mask")
def test_each_sequence_is_that_of_a_run_of_its_own_length(name):
    cell, at = CELLS[name], problem(CELLS[name], T, N).at
    padded = run(cell, at)
    for n, length in enumerate(LENGTHS):
        alone = slice(n, n + 1)
        state = tree.at(at.state, alone)
        if length:
            short = bptt.forward(cell, at.params, at.x[:length, alone], state)
            np.testing.assert_allclose(padded.h[:length, alone], short.h, rtol=1e-13, atol=1e-15)
            state = short.state
        for ours, expected in zip(tree.at(padded.state, alone), state, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-13, atol=1e-15)
        np.testing.assert_array_equal(
            padded.h[length:, n], np.broadcast_to(padded.state.h[n], (T - length, 4))
        )


@tied("eq-mask-backward")
def test_gradient_is_that_of_the_complex_step(name):
    """Also of the copies of h that stand in the padding: the loss here counts them."""
    cell, given = CELLS[name], problem(CELLS[name], T, N)

    def loss(at):
        ours = run(cell, at)
        last = sum((s * ds).sum() for s, ds in zip(ours.state, given.dstate, strict=True))
        return (ours.h * given.dh).sum() + last

    grads = bptt.backward(cell, given.at.params, run(cell, given.at), given.dh, given.dstate)
    ours = Variables(grads.dparams, grads.dx, grads.dstates[0])
    errors = gradcheck.compare(ours, gradcheck.complex_step(loss, given.at))
    assert max(errors.values()) <= 1e-13


@cells
def test_nothing_reaches_the_padding(name):
    """Whatever stands there, no number of the gradient depends on it."""
    cell, given = CELLS[name], problem(CELLS[name], T, N)
    dh = given.dh * MASK[..., None]
    results = []
    for padding in (0.0, 1e6):
        at = given.at._replace(x=np.where(MASK[..., None], given.at.x, padding))
        results.append(bptt.backward(cell, at.params, run(cell, at), dh))
    ours, other = results
    assert (ours.dx[~MASK] == 0).all()
    assert (ours.dx[MASK] != 0).any()
    for v, w in zip(tree.leaves(ours.dparams), tree.leaves(other.dparams), strict=True):
        np.testing.assert_array_equal(v, w)
    for t, dstate in enumerate(ours.dstates):
        assert all((ds[t > LENGTHS] == 0).all() for ds in dstate)


def test_a_mask_of_ones_is_none():
    cell, given = CELLS["lstm"], problem(CELLS["lstm"], T, N)
    for mask in (np.ones((T, N)), np.ones((T, N), bool), np.ones((T, N), int).tolist()):
        masked, plain = run(cell, given.at, mask), run(cell, given.at, None)
        np.testing.assert_array_equal(masked.h, plain.h)
        pairs = [bptt.backward(cell, given.at.params, r, given.dh).dparams for r in (masked, plain)]
        for v, w in zip(*pairs, strict=True):
            np.testing.assert_array_equal(v, w)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK.T, r"mask: expected shape \(6, 4\), no length 0, got \(4, 6\)"),
        (LENGTHS, r"mask: expected shape \(6, 4\), no length 0, got \(4,\)"),
        (np.full((T, N), 0.5), "mask: expected True and False, or 1 and 0, got 0.5"),
        (np.full((T, N), np.nan), "mask: expected True and False, or 1 and 0, got nan"),
    ],
)
def test_other_masks_are_refused(mask, message):
    cell, given = CELLS["gru"], problem(CELLS["gru"], T, N)
    with pytest.raises(ValueError, match=message):
        run(cell, given.at, mask)


def test_a_window_refuses_a_run_with_a_mask():
    cell, given = CELLS["gru"], problem(CELLS["gru"], T, N)
    with pytest.raises(ValueError, match=r"run.mask: expected None"):
        truncate.window(cell, given.at.params, run(cell, given.at), given.dh, 2)
