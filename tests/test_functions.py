"""The primitives against their definitions, their limits, and their derivatives by complex step."""

import math

import numpy as np
import pytest

from lstm_lib import functions

A = np.array([-30.0, -3.2, -2.4, -1.0, -1e-3, 0.0, 0.3, 1.0, 2.4, 3.2, 30.0])
FAR = np.array([-1e4, 1e4])
SQUASHING = [
    ("sigmoid", "dsigmoid", {}),
    ("hard_sigmoid", "dhard_sigmoid", {}),
    ("hard_sigmoid", "dhard_sigmoid", {"slope": 1 / 6}),
    ("relu", "drelu", {}),
]
KEEP_DTYPE = ["sigmoid", "dsigmoid", "dtanh", "relu", "drelu", "hard_sigmoid", "dhard_sigmoid"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def slope(f, a):
    """df/da by the complex step."""
    return f(a + 1e-30j).imag / 1e-30


@pytest.mark.eq("eq-sigmoid")
def test_sigmoid_is_the_logistic_function():
    expected = [1 / (1 + math.exp(-a)) for a in A]
    np.testing.assert_allclose(functions.sigmoid(A), expected, rtol=0, atol=2.3e-16)


@pytest.mark.eq("eq-sigmoid")
def test_sigmoid_is_stable_and_symmetric():
    with np.errstate(all="raise"):
        assert functions.sigmoid(FAR).tolist() == [0, 1]
        assert functions.sigmoid(FAR.astype(np.float32)).tolist() == [0, 1]
    a = np.linspace(-40, 40, 1001)
    np.testing.assert_array_equal(functions.sigmoid(a) + functions.sigmoid(-a), np.ones(1001))
    assert (np.diff(functions.sigmoid(a)) >= 0).all()


def test_sigmoid_saturates_exactly_from_about_37():
    s = functions.sigmoid(np.array([36.0, 39.0]))
    assert s[0] < 1
    assert s[1] == 1
    assert functions.dsigmoid(s)[0] > 0
    assert functions.dsigmoid(s)[1] == 0


@pytest.mark.parametrize(("name", "derivative", "options"), SQUASHING)
def test_derivative_takes_the_output(name, derivative, options):
    f, df = getattr(functions, name), getattr(functions, derivative)
    a = A[A != 0]
    ours = df(f(a, **options), **options)
    np.testing.assert_allclose(ours, slope(lambda a: f(a, **options), a), rtol=0, atol=1e-15)


@pytest.mark.eq("eq-dsigmoid")
def test_dsigmoid_takes_the_output():
    ours = functions.dsigmoid(1 / (1 + np.exp(-A)))
    np.testing.assert_allclose(ours, slope(lambda a: 1 / (1 + np.exp(-a)), A), atol=1e-15)


@pytest.mark.eq("eq-dtanh")
def test_dtanh_takes_the_output():
    np.testing.assert_allclose(functions.dtanh(np.tanh(A)), slope(np.tanh, A), rtol=0, atol=1e-15)


def test_relu_and_its_derivative_are_zero_at_the_kink():
    h = functions.relu(np.array([-2.0, 0.0, 3.0]))
    assert h.tolist() == [0, 0, 3]
    assert functions.drelu(h).tolist() == [0, 0, 1]
    for kink in (1e-30j, -1e-30j):
        assert functions.relu(np.array([kink])).tolist() == [0]
        assert functions.drelu(np.array([kink])).tolist() == [0]


@pytest.mark.eq("eq-hard-sigmoid")
@pytest.mark.parametrize(("options", "k", "edge"), [({}, 0.2, 2.5), ({"slope": 1 / 6}, 1 / 6, 3.0)])
def test_hard_sigmoid_is_a_clipped_line(options, k, edge):
    a = np.array([-1e4, -edge - 0.01, -edge + 0.01, 0, 1, edge - 0.01, edge + 0.01, 1e4])
    expected = np.minimum(np.maximum(k * a + 0.5, 0), 1)
    np.testing.assert_array_equal(functions.hard_sigmoid(a, **options), expected)
    assert (functions.hard_sigmoid(a, **options)[[0, 1, -2, -1]] == [0, 0, 1, 1]).all()


@pytest.mark.eq("eq-dhard-sigmoid")
@pytest.mark.parametrize("k", [0.2, 1 / 6])
def test_dhard_sigmoid_is_the_slope_inside_and_exactly_zero_outside(k):
    s = np.array([0.0, 1e-9, 0.5, 1 - 1e-9, 1.0])
    assert functions.dhard_sigmoid(s, slope=k).tolist() == [0, k, k, k, 0]
    assert functions.dhard_sigmoid(s[2:3]).tolist() == [0.2]


def test_hard_sigmoid_is_flat_at_both_kinks_whichever_side_a_complex_step_is_on():
    for step in (1e-30j, -1e-30j):
        assert functions.hard_sigmoid(np.array([-2.5, 2.5]) + step).tolist() == [0, 1]
        assert functions.dhard_sigmoid(np.array([0, 1]) + step).tolist() == [0, 0]


@pytest.mark.parametrize("name", KEEP_DTYPE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_elementwise_functions_keep_the_dtype(name, dtype):
    a = (A / 40 + 0.4).astype(dtype)
    result = getattr(functions, name)(a)
    assert result.dtype == dtype
    assert result.shape == a.shape


@pytest.mark.eq("eq-softmax")
def test_softmax_is_its_definition(rng):
    u = rng.standard_normal((4, 3, 5))
    p = functions.softmax(u)
    for index in np.ndindex(4, 3):
        e = [math.exp(v) for v in u[index]]
        np.testing.assert_allclose(p[index], [v / sum(e) for v in e], rtol=1e-14)
    np.testing.assert_allclose(p.sum(axis=-1), np.ones((4, 3)), rtol=1e-15)


@pytest.mark.eq("eq-softmax")
def test_softmax_ignores_a_shift_and_does_not_overflow(rng):
    u = rng.integers(-9, 9, (4, 5)) / 4  # such that a shift by 1e4 is exact
    np.testing.assert_array_equal(functions.softmax(u + 1e4), functions.softmax(u))
    with np.errstate(over="raise", invalid="raise"):
        assert functions.softmax(np.array([1e4, 0, -1e4])).tolist() == [1, 0, 0]
        assert functions.softmax(np.array([[1e4, 0], [0, 0]])).tolist() == [[1, 0], [0.5, 0.5]]


@pytest.mark.eq("eq-cross-entropy")
def test_cross_entropy_is_minus_the_log_of_the_target_s_probability(rng):
    u, y = rng.standard_normal((4, 3, 5)), rng.integers(5, size=(4, 3))
    losses = functions.cross_entropy(u, y)
    assert losses.shape == (4, 3)
    for index in np.ndindex(4, 3):
        p = math.exp(u[index][y[index]]) / sum(math.exp(v) for v in u[index])
        assert losses[index] == pytest.approx(-math.log(p), rel=1e-13)


@pytest.mark.eq("eq-cross-entropy")
def test_cross_entropy_of_equal_logits_is_log_v_and_of_far_ones_their_distance():
    y = np.array([2, 0])
    np.testing.assert_allclose(functions.cross_entropy(np.full((2, 7), 3.0), y), math.log(7))
    far = np.array([[1e4, 0, -1e4], [-1e4, -2e4, -3e4]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert functions.cross_entropy(far, y).tolist() == [2e4, 0]
        assert functions.dcross_entropy(far, y).tolist() == [[1, 0, -1], [0, 0, 0]]


@pytest.mark.eq("eq-softmax-cross-entropy-grad")
def test_dcross_entropy_is_the_gradient(rng):
    u, y = rng.standard_normal((2, 4, 5)), rng.integers(5, size=(2, 4))
    du = functions.dcross_entropy(u, y)
    for index in np.ndindex(u.shape):
        shifted = u.astype(complex)
        shifted[index] += 1e-30j
        naive = np.log(np.exp(shifted).sum(axis=-1)).sum()
        naive -= sum(shifted[n][y[n]] for n in np.ndindex(y.shape))
        assert du[index] == pytest.approx(naive.imag / 1e-30, abs=1e-15)
    np.testing.assert_allclose(du.sum(axis=-1), np.zeros((2, 4)), atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_losses_keep_the_dtype_and_are_analytic(rng, dtype):
    u, y = rng.standard_normal((4, 5)).astype(dtype), rng.integers(5, size=4)
    assert functions.softmax(u).dtype == dtype
    assert functions.cross_entropy(u, y).dtype == dtype
    assert functions.dcross_entropy(u, y).dtype == dtype
    ours = slope(lambda v: functions.cross_entropy(u.real + v[:, None], y), np.zeros(4))
    np.testing.assert_allclose(ours, np.zeros(4), atol=1e-6)  # a shift of all logits is no change
    bump = np.array([1.0, 0, 0, 0, 0])
    moved = functions.softmax(u.real.astype(float) + 1e-30j * bump).imag / 1e-30
    p = functions.softmax(u.real.astype(float))
    np.testing.assert_allclose(moved, p * (bump - p[:, :1]), atol=1e-15)


@pytest.mark.eq("eq-affine")
@pytest.mark.parametrize("lead", [(4,), (2, 4)])
def test_affine_is_a_product_of_rows_plus_a_bias(rng, lead):
    x, W, b = (rng.standard_normal(shape) for shape in [(*lead, 3), (3, 5), (5,)])
    expected = np.einsum("...d,dk->...k", x, W) + b
    np.testing.assert_allclose(functions.affine(x, W, b), expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(functions.affine(np.zeros((*lead, 3)), W, b)[..., 1], b[1])


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_affine_of_tokens_is_that_of_one_hot_rows(rng, dtype):
    W, b, tokens = rng.standard_normal((3, 5)), rng.standard_normal(5), np.arange(8).reshape(2, 4)
    tokens = (tokens % 3).astype(dtype)
    expected = functions.affine((tokens[..., None] == np.arange(3)).astype(float), W, b)
    np.testing.assert_allclose(functions.affine(tokens, W, b), expected, rtol=0, atol=1e-15)


@pytest.mark.eq("eq-affine-backward")
@pytest.mark.parametrize("lead", [(4,), (2, 4)])
def test_affine_backward_is_the_gradient(rng, lead):
    at = [rng.standard_normal(shape) for shape in [(*lead, 3), (3, 5), (5,)]]
    da = rng.standard_normal((*lead, 5))
    ours = functions.affine_backward(at[0], da, at[1])
    for k, (v, dv) in enumerate(zip(at, ours, strict=True)):
        assert dv.shape == v.shape
        for index in np.ndindex(v.shape):
            moved = [w.astype(complex) for w in at]
            moved[k][index] += 1e-30j
            slope = (da * (np.einsum("...d,dk->...k", *moved[:2]) + moved[2])).sum().imag / 1e-30
            assert dv[index] == pytest.approx(slope, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_affine_backward_of_tokens_is_that_of_one_hot_rows(rng, dtype):
    tokens, da = rng.integers(1, 6, (4, 7)).astype(dtype), rng.standard_normal((4, 7, 5))
    W = rng.standard_normal((9, 5))
    one_hot = (tokens[..., None] == np.arange(9)).astype(float)
    dx, *ours = functions.affine_backward(tokens, da, W)
    assert dx is None
    for dv, expected in zip(ours, functions.affine_backward(one_hot, da, W)[1:], strict=True):
        np.testing.assert_allclose(dv, expected, rtol=0, atol=1e-14)


@pytest.mark.eq("eq-normalise")
def test_normalise_gives_mean_0_and_variance_1_but_for_eps(rng):
    a = rng.normal(3, 2, (4, 2, 50))
    y, s = functions.normalise(a)
    assert (s > 0).all()
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-14)
    np.testing.assert_allclose((y**2).mean(axis=-1), a.var(axis=-1) / s[..., 0] ** 2, rtol=1e-12)
    np.testing.assert_allclose(s[..., 0] ** 2, a.var(axis=-1) + 1e-5, rtol=1e-12)
    np.testing.assert_allclose(y * s + a.mean(axis=-1, keepdims=True), a, rtol=1e-12)
    wide = functions.normalise(a, eps=7.0)
    np.testing.assert_allclose(wide.s[..., 0] ** 2, a.var(axis=-1) + 7, rtol=1e-12)
    flat = functions.normalise(np.full((1, 5), 2.0))
    assert flat.y.tolist() == [[0] * 5]


@pytest.mark.eq("eq-dnormalise")
def test_dnormalise_is_the_gradient(rng):
    a, dy = rng.normal(size=(2, 3, 4, 6))
    ours = functions.dnormalise(dy, functions.normalise(a))
    for place in np.ndindex(a.shape):
        shifted = a.astype(complex)
        shifted[place] += 1e-30j
        slope_there = (functions.normalise(shifted).y * dy).sum().imag / 1e-30
        assert ours[place] == pytest.approx(slope_there, rel=1e-12, abs=1e-14)


def test_outer_sums_the_outer_products_of_rows(rng):
    x, da = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 4, 5))
    expected = sum(np.outer(x[index], da[index]) for index in np.ndindex(2, 4))
    np.testing.assert_allclose(functions.outer(x, da), expected, rtol=1e-13, atol=1e-15)


def test_scatter_add_sums_the_rows_of_each_token():
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    total = functions.scatter_add(np.array([3, 0, 3, 3]), rows, 5)
    assert total.dtype == np.float32
    assert total.tolist() == [[2, 3], [0, 0], [0, 0], [0 + 4 + 6, 1 + 5 + 7], [0, 0]]
    assert functions.scatter_add(np.array([1]), rows[:1], 2).tolist() == [[0, 0], [0, 1]]


def test_sum_rows_sums_all_leading_axes(rng):
    da = rng.standard_normal((4, 7, 5))
    expected = [sum(da[t, n, k] for t in range(4) for n in range(7)) for k in range(5)]
    np.testing.assert_allclose(functions.sum_rows(da), expected, rtol=1e-13)
    np.testing.assert_array_equal(functions.sum_rows(da[0, :1]), da[0, 0])


def test_blocks_are_views_of_equal_parts_in_order():
    a = np.arange(24).reshape(2, 12)
    parts = functions.blocks(a, 4)
    assert [part.shape for part in parts] == [(2, 3)] * 4
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), a)
    parts[2][0, 0] = -1
    assert a[0, 6] == -1
