"""Dropout: its masks, and the two cells that use them, for any masks."""

import numpy as np
import pytest

from lstm_lib import bptt, dropout, gradcheck, lstm
from lstm_lib.variants import bind, one_mask, per_gate
from tests.cells import gradient, loss, problem

T, N, D, H = 6, 3, 3, 4


def draw(masks, rate=0.4, seed=0):
    return dropout.draw(np.random.default_rng(seed), N, D, H, rate, masks)


@pytest.mark.eq("eq-dropout")
def test_masks_are_zero_or_enlarged_and_one_on_average():
    masks = dropout.draw(np.random.default_rng(0), 300, 20, 30, 0.25)
    for mask, size in zip(masks, (20, 30), strict=True):
        assert mask.shape == (4, 300, size)
        assert set(np.unique(mask)) == {0, 4 / 3}
        # The standard error of the mean of n entries is sqrt(rate / (1 - rate) / n).
        assert abs(mask.mean() - 1) <= 4 * np.sqrt(1 / 3 / mask.size)
        assert abs(np.corrcoef(mask.reshape(4, -1))[0, 1]) <= 4 / np.sqrt(300 * size)


def test_a_rate_of_zero_drops_nothing():
    for mask in draw(1, rate=0):
        np.testing.assert_array_equal(mask, np.ones_like(mask))


@pytest.mark.eq("eq-per-gate", "eq-per-gate-backward")
def test_four_masks_have_the_gradient_of_the_complex_step():
    check(bind(per_gate, masks=draw(4)))


@pytest.mark.eq("eq-one-mask", "eq-one-mask-backward")
def test_one_mask_has_the_gradient_of_the_complex_step():
    check(bind(one_mask, masks=draw(1)))


def check(cell):
    given = problem(cell, T, N)
    numerical = gradcheck.complex_step(lambda at: loss(cell, given, at), given.at)
    assert max(gradcheck.compare(gradient(cell, given), numerical).values()) <= 1e-14


def test_four_masks_are_one_product_for_each_gate_with_its_own_inputs():
    """The first step, gate by gate, from a state of ones."""
    masks, given = draw(4), problem(lstm, 1, N)
    params, x = given.at.params, given.at.x[0]
    _, cache = per_gate.step(params, x, lstm.State(np.ones((N, H)), np.zeros((N, H))), masks)
    for k, gate in enumerate(cache.gates):
        block = slice(k * H, (k + 1) * H)
        a = (x * masks.x[k]) @ params.W_x[:, block] + masks.h[k] @ params.W_h[:, block]
        squash = np.tanh if k == 2 else lambda v: 1 / (1 + np.exp(-v))
        np.testing.assert_allclose(gate, squash(a + params.b[block]), rtol=1e-13)


def test_implementations_agree_without_masks_and_with_four_equal_ones_only():
    given = problem(lstm, T, N)
    one = draw(1)
    same = dropout.Masks(*(np.repeat(mask, 4, axis=0) for mask in one))
    pairs = [(per_gate, lstm), (one_mask, lstm)]
    pairs += [(bind(per_gate, masks=same), bind(one_mask, masks=one))]
    for ours, expected in pairs:
        errors = gradcheck.compare(gradient(ours, given), gradient(expected, given))
        assert max(errors.values()) <= 1e-14
    four, single = (
        bptt.forward(cell, given.at.params, given.at.x, given.at.state).h
        for cell in (bind(per_gate, masks=draw(4)), bind(one_mask, masks=one))
    )
    assert np.abs(four - single).max() > 0.1


def test_masks_keep_float32():
    cell, given = bind(per_gate, masks=draw(4)), problem(lstm, T, N, dtype=np.float32)
    assert bptt.forward(cell, given.at.params, given.at.x, given.at.state).h.dtype == np.float32


def test_hidden_masks_serve_tokens_and_input_masks_refuse_them():
    tokens, masks = np.arange(T * N).reshape(T, N) % D, draw(1)
    params = problem(lstm, T, N).at.params
    hidden = bind(one_mask, masks=masks._replace(x=(None,)))
    run = bptt.forward(hidden, params, tokens)
    assert bptt.backward(hidden, params, run, np.ones_like(run.h)).dx is None
    with pytest.raises(ValueError, match=r"x: expected numbers .* got tokens"):
        bptt.forward(bind(one_mask, masks=masks), params, tokens)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 1.0}, "rate: expected a probability of at least 0 and below 1, got 1.0"),
        ({"rate": -0.1}, "rate: expected a probability"),
        ({"rate": np.nan}, "rate: expected a probability"),
        ({"N": 0}, "N: expected an integer of at least 1, got 0"),
        ({"D": 2.5}, "D: expected an integer of at least 1, got 2.5"),
        ({"H": 0}, "H: expected an integer of at least 1, got 0"),
        ({"masks": 0}, "masks: expected an integer of at least 1, got 0"),
    ],
)
def test_other_masks_are_refused(change, message):
    given = {"N": N, "D": D, "H": H, "rate": 0.5} | change
    with pytest.raises(ValueError, match=message):
        dropout.draw(np.random.default_rng(0), **given)
