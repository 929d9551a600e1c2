"""The readout's losses against plain loops, its gradients against the complex step."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_lib import gradcheck, readout

SIZES = st.tuples(*[st.integers(1, 4)] * 3, st.integers(1, 5), st.integers(0, 10**6))


def draw(sizes, dtype=np.float64):
    """h, Params, tokens, real targets and weights of which at least one is not 0."""
    T, N, H, K, seed = sizes
    rng = np.random.default_rng(seed)
    params = readout.init(rng, H, K, dtype)._replace(b_y=rng.normal(size=K).astype(dtype))
    w = rng.uniform(0, 2, (T, N)) * (rng.random((T, N)) < 0.7)
    w[rng.integers(T), rng.integers(N)] = 1.5
    h = rng.normal(size=(T, N, H)).astype(dtype)
    return h, params, rng.integers(K, size=(T, N)), rng.normal(size=(T, N, K)).astype(dtype), w


def cases(sizes):
    h, params, tokens, numbers, w = draw(sizes)
    return [
        (h, params, readout.cross_entropy, tokens, w),
        (h, params, readout.squared_error, numbers, w),
    ]


@pytest.mark.eq("eq-logits")
@given(SIZES)
def test_logits_are_the_affine_map_of_each_state(sizes):
    h, params, *_ = draw(sizes)
    u = readout.logits(params, h)
    expected = np.einsum("tnh,hk->tnk", h, params.W_hy) + params.b_y
    np.testing.assert_allclose(u, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.eq("eq-loss")
@given(SIZES)
def test_loss_is_the_weighted_mean_over_steps_and_sequences(sizes):
    h, params, tokens, numbers, w = draw(sizes)
    u = readout.logits(params, h)
    total = square = 0.0
    for t, n in np.ndindex(w.shape):
        z = sum(math.exp(v) for v in u[t, n])
        total += w[t, n] * -math.log(math.exp(u[t, n, tokens[t, n]]) / z)
        square += w[t, n] * sum((u[t, n] - numbers[t, n]) ** 2) / 2
    assert readout.cross_entropy(u, tokens, w)[0] == pytest.approx(total / w.sum())
    assert readout.squared_error(u, numbers, w)[0] == pytest.approx(square / w.sum())


@pytest.mark.eq("eq-du")
@given(SIZES)
def test_du_is_the_weighted_difference_from_the_target(sizes):
    h, params, tokens, numbers, w = draw(sizes)
    u = readout.logits(params, h)
    p = np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)
    share = (w / w.sum())[..., None]
    one_hot = tokens[..., None] == np.arange(u.shape[-1])
    du = readout.cross_entropy(u, tokens, w)[1]
    np.testing.assert_allclose(du, share * (p - one_hot), rtol=0, atol=1e-14)
    du = readout.squared_error(u, numbers, w)[1]
    np.testing.assert_allclose(du, share * (u - numbers), rtol=0, atol=1e-14)


@given(SIZES)
def test_du_is_the_gradient_of_the_reported_loss(sizes):
    for h, params, loss, y, w in cases(sizes):
        u = readout.logits(params, h)
        for weights in (w, None):
            du = loss(u, y, weights)[1]
            numeric = gradcheck.complex_step(lambda v: loss(v, y, weights)[0], u)  # noqa: B023
            np.testing.assert_allclose(du, numeric, rtol=0, atol=1e-14)


@pytest.mark.eq("eq-dreadout")
@given(SIZES)
def test_backward_gives_the_gradient_of_states_and_parameters(sizes):
    for h, params, loss, y, w in cases(sizes):
        dh, dparams = readout.backward(params, h, loss(readout.logits(params, h), y, w)[1])

        def of_params(p):
            return loss(readout.logits(p, h), y, w)[0]  # noqa: B023

        def of_states(v):
            return loss(readout.logits(params, v), y, w)[0]  # noqa: B023

        numeric = gradcheck.complex_step(of_params, params)
        np.testing.assert_allclose(dparams.W_hy, numeric.W_hy, rtol=0, atol=1e-14)
        np.testing.assert_allclose(dparams.b_y, numeric.b_y, rtol=0, atol=1e-14)
        np.testing.assert_allclose(dh, gradcheck.complex_step(of_states, h), rtol=0, atol=1e-14)


@given(SIZES, st.floats(1e-3, 1e3))
def test_only_the_proportions_of_the_weights_matter(sizes, factor):
    for h, params, loss, y, w in cases(sizes):
        u = readout.logits(params, h)
        L, du = loss(u, y, w)
        L_scaled, du_scaled = loss(u, y, factor * w)
        assert L_scaled == pytest.approx(L, rel=1e-12)
        np.testing.assert_allclose(du_scaled, du, atol=1e-14)
        assert (du[w == 0] == 0).all()


def test_weights_of_one_are_the_default():
    for h, params, loss, y, w in cases((3, 2, 4, 5, 0)):
        u = readout.logits(params, h)
        for ours, given_ones in zip(loss(u, y), loss(u, y, np.ones_like(w)), strict=True):
            np.testing.assert_array_equal(ours, given_ones)


def test_float32_stays_float32():
    h, params, tokens, numbers, w = draw((3, 2, 4, 5, 0), np.float32)
    u = readout.logits(params, h)
    targets = numbers.astype(np.float64)
    for loss, y in ((readout.cross_entropy, tokens), (readout.squared_error, targets)):
        L, du = loss(u, y, w)
        dh, dparams = readout.backward(params, h, du)
        assert {v.dtype for v in (u, L, du, dh, *dparams)} == {np.dtype("float32")}


def test_a_new_readout_has_no_bias_and_is_reproducible():
    params = readout.init(np.random.default_rng(1), 3, 4)
    again = readout.init(np.random.default_rng(1), 3, 4)
    assert (params.b_y == 0).all()
    assert 0 < np.abs(params.W_hy).max() <= np.sqrt(6 / 7)
    np.testing.assert_array_equal(params.W_hy, again.W_hy)
    assert readout.shapes(3, 4) == tuple(v.shape for v in params)


def test_nothing_is_changed():
    for h, params, loss, y, w in cases((3, 2, 4, 5, 0)):
        before = [np.copy(v) for v in (h, *params, y, w)]
        u = readout.logits(params, h)
        u_before = u.copy()
        du = loss(u, y, w)[1]
        du_before = du.copy()
        readout.backward(params, h, du)
        for old, new in zip([*before, u_before, du_before], (h, *params, y, w, u, du), strict=True):
            np.testing.assert_array_equal(old, new)


H32, P, TOKENS, NUMBERS, W = draw((3, 2, 4, 5, 0))
U = readout.logits(P, H32)


def changed(v, value):
    v = v.copy()
    v[0, 0] = value
    return v


BAD = {
    "h of another width": (
        lambda: readout.logits(P, H32[..., :3]),
        r"h: expected shape \(T, N, 4\).*got \(3, 2, 3\)",
    ),
    "h empty": (lambda: readout.logits(P, H32[:0]), r"h: .*got \(0, 2, 4\)"),
    "y of another shape": (
        lambda: readout.cross_entropy(U, TOKENS[:2]),
        r"y: expected shape \(3, 2\).*got \(2, 2\)",
    ),
    "y as floats": (
        lambda: readout.cross_entropy(U, TOKENS * 1.0),
        "y: expected integers, got float64",
    ),
    "y too large": (
        lambda: readout.cross_entropy(U, changed(TOKENS, 5)),
        "y: expected integers from 0 to 4, got 5",
    ),
    "y negative": (lambda: readout.cross_entropy(U, changed(TOKENS, -1)), "y: .*got -1"),
    "numbers of another shape": (
        lambda: readout.squared_error(U, NUMBERS[..., :1]),
        r"y: expected shape \(3, 2, 5\).*got \(3, 2, 1\)",
    ),
    "numbers with NaN": (
        lambda: readout.squared_error(U, changed(NUMBERS, np.nan)),
        "y: expected numbers, got NaN in 5 of 30 places",
    ),
    "w of another shape": (
        lambda: readout.cross_entropy(U, TOKENS, W[:, :1]),
        r"w: expected shape \(3, 2\).*got \(3, 1\)",
    ),
    "w all zero": (
        lambda: readout.cross_entropy(U, TOKENS, 0 * W),
        "w: expected finite weights, none negative and not all 0, got 0.0 to 0.0",
    ),
    "w negative": (lambda: readout.squared_error(U, NUMBERS, changed(W, -1)), "w: .*got -1.0 to"),
    "w infinite": (lambda: readout.squared_error(U, NUMBERS, changed(W, np.inf)), "w: .*to inf"),
    "w NaN": (lambda: readout.squared_error(U, NUMBERS, changed(W, np.nan)), "w: .*got nan"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
