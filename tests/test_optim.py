"""Optimisers against their published form, clipping against its definition."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_lib import optim, tree


class Inner(NamedTuple):
    a: np.ndarray
    b: np.ndarray


class Outer(NamedTuple):
    inner: Inner
    c: np.ndarray


def draw(seed, dtype=np.float64, scale=1.0):
    rng = np.random.default_rng(seed)
    shapes = Outer(Inner((2, 3), (4,)), (1, 2))
    inner = Inner(*(scale * rng.normal(size=s) for s in shapes.inner))
    return tree.astype(Outer(inner, scale * rng.normal(size=shapes.c)), dtype)


def flat(values):
    return np.concatenate([v.ravel() for v in tree.leaves(values)])


SEEDS = st.integers(0, 10**6)


@pytest.mark.eq("eq-sgd")
@given(SEEDS, st.floats(1e-4, 10))
def test_sgd_goes_against_the_gradient(seed, lr):
    params, grads = draw(seed), draw(seed + 1)
    new, state = optim.sgd(params, grads, lr=lr)
    np.testing.assert_allclose(flat(new), flat(params) - lr * flat(grads), rtol=1e-12, atol=1e-12)
    assert state is None


@pytest.mark.eq("eq-adagrad")
@given(SEEDS, st.floats(1e-4, 1), st.integers(1, 6))
def test_adagrad_divides_by_the_root_of_the_sum_of_squares(seed, lr, steps):
    params, state = draw(seed), None
    theta, seen = flat(params), []
    for t in range(1, steps + 1):
        grads = draw(seed + t, scale=10.0**-t)
        params, state = optim.adagrad(params, grads, state, lr=lr, eps=1e-6)
        seen.append(flat(grads))
        theta = theta - lr * seen[-1] / (np.linalg.norm(seen, axis=0) + 1e-6)
    np.testing.assert_allclose(flat(params), theta, rtol=1e-11, atol=1e-13)


@pytest.mark.eq("eq-adam")
@given(SEEDS, st.floats(1e-4, 1), st.integers(1, 6))
def test_adam_is_the_published_algorithm(seed, lr, steps):
    """Against the other form in the paper's section 2: one factor on lr, and eps scaled with it."""
    params, state = draw(seed), None
    theta = flat(params)
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        grads = draw(seed + t, scale=10.0**-t)
        params, state = optim.adam(params, grads, state, lr=lr, beta1=0.8, beta2=0.95, eps=1e-6)
        g = flat(grads)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        correction = np.sqrt(1 - 0.95**t)
        theta = theta - lr * correction / (1 - 0.8**t) * m / (np.sqrt(v) + 1e-6 * correction)
    np.testing.assert_allclose(flat(params), theta, rtol=1e-11, atol=1e-13)


def test_defaults_are_those_of_the_docstrings():
    """Adam's are the paper's. Gradients as small as eps let it count."""
    params, grads, later = draw(0), draw(1, scale=1e-8), draw(2, scale=1e-8)
    given = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    ours, state = optim.adam(params, grads)
    theirs, their_state = optim.adam(params, grads, None, **given)
    ours, _ = optim.adam(ours, later, state)
    theirs, _ = optim.adam(theirs, later, their_state, **given)
    np.testing.assert_array_equal(flat(ours), flat(theirs))
    new, _ = optim.sgd(params, draw(1))
    np.testing.assert_array_equal(flat(new), flat(optim.sgd(params, draw(1), lr=0.1)[0]))


def test_adam_takes_the_steps_of_pytorch():
    torch = pytest.importorskip("torch")
    params, state = draw(0), None
    theirs = [torch.tensor(v, requires_grad=True) for v in tree.leaves(params)]
    optimiser = torch.optim.Adam(theirs, lr=0.01)
    for t in range(20):
        grads = draw(t)
        params, state = optim.adam(params, grads, state, lr=0.01)
        for v, dv in zip(theirs, tree.leaves(grads), strict=True):
            v.grad = torch.tensor(dv)
        optimiser.step()
    for ours, v in zip(tree.leaves(params), theirs, strict=True):
        np.testing.assert_allclose(ours, v.detach().numpy(), rtol=1e-12)


@given(SEEDS, st.sampled_from([1e-6, 1.0, 1e6]))
def test_first_step_of_adam_has_size_lr_whatever_the_gradient(seed, scale):
    params, grads = draw(seed), draw(seed + 1, scale=scale)
    new, _ = optim.adam(params, grads, lr=0.5, eps=0)
    step = flat(new) - flat(params)
    np.testing.assert_allclose(step, -0.5 * np.sign(flat(grads)), rtol=1e-9)


def test_adam_stands_still_without_a_gradient():
    params = draw(0)
    new, state = optim.adam(params, tree.zeros_like(params))
    np.testing.assert_array_equal(flat(new), flat(params))
    assert state.t == 1


@pytest.mark.eq("eq-clip-norm")
@given(SEEDS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_clipping_bounds_the_norm_and_keeps_the_direction(seed, theta, scale):
    grads = draw(seed, scale=scale)
    before = np.sqrt((flat(grads) ** 2).sum())
    clipped, norm = optim.clip_by_norm(grads, theta)
    assert norm == pytest.approx(before)
    expected = flat(grads) * min(1, theta / before)
    np.testing.assert_allclose(flat(clipped), expected, rtol=1e-12)


def test_a_gradient_within_the_bound_is_returned_as_it_is():
    grads = draw(0)
    clipped, norm = optim.clip_by_norm(grads, np.inf)
    assert clipped is grads
    assert norm > 1


def test_a_zero_gradient_stays_zero():
    clipped, norm = optim.clip_by_norm(tree.zeros_like(draw(0)), 1.0)
    assert norm == 0
    assert (flat(clipped) == 0).all()


def test_a_large_float32_gradient_is_scaled_and_not_lost():
    grads = draw(0, np.float32)
    huge = tree.map(lambda v: v * np.float32(1e30), grads)
    clipped, norm = optim.clip_by_norm(huge, 1.0)
    assert norm == pytest.approx(1e30 * tree.norm(grads), rel=1e-6)
    expected = flat(grads) / tree.norm(grads)
    np.testing.assert_allclose(flat(clipped), expected, rtol=1e-5)
    assert flat(clipped).dtype == np.float32


@pytest.mark.eq("eq-clip-value")
@given(SEEDS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_clipping_by_value_bounds_each_entry_and_leaves_the_others(seed, theta, scale):
    grads = draw(seed, scale=scale)
    before, after = flat(grads), flat(optim.clip_by_value(grads, theta))
    inside = np.abs(before) <= theta
    np.testing.assert_array_equal(after[inside], before[inside])
    np.testing.assert_array_equal(after[~inside], theta * np.sign(before[~inside]))


def test_clipping_by_value_leaves_zero_and_nan_and_bounds_infinity():
    values = optim.clip_by_value(Inner(np.zeros(2), np.array([np.nan, np.inf, -np.inf])), 5.0)
    assert values.a.tolist() == [0, 0]
    assert np.isnan(values.b[0])
    assert values.b[1:].tolist() == [5, -5]


@pytest.mark.parametrize("clip", [optim.clip_by_norm, optim.clip_by_value])
@pytest.mark.parametrize("theta", [0, -1.0, np.nan])
def test_a_bound_that_is_not_positive_is_refused(clip, theta):
    with pytest.raises(ValueError, match=f"theta: expected a positive number, got {theta}"):
        clip(draw(0), theta)


@pytest.mark.parametrize("update", [optim.sgd, optim.adam])
def test_updates_keep_the_form_and_precision_and_change_nothing(update):
    params, grads = draw(0, np.float32), draw(1, np.float32)
    before = flat(params), flat(grads)
    new, state = update(params, grads, None, 0.1)
    moments = tree.leaves(state)[:-1] if state else []
    kept = [np.copy(v) for v in moments]
    new, _ = update(new, grads, state, 0.1)
    clipped, _ = optim.clip_by_norm(grads, 0.1)
    for result in (new, clipped, optim.clip_by_value(grads, 0.1)):
        assert [v.dtype for v in tree.leaves(result)] == [np.float32] * 3
        assert [v.shape for v in tree.leaves(result)] == [v.shape for v in tree.leaves(params)]
    for old, now in zip([*before, *kept], [flat(params), flat(grads), *moments], strict=True):
        np.testing.assert_array_equal(old, now)
