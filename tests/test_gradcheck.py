"""The instruments themselves: known derivatives, known errors, and failures that they report."""

from typing import NamedTuple

import numpy as np
import pytest

from lstm_lib import gradcheck
from tests.cells import freeze


class Point(NamedTuple):
    v: np.ndarray
    w: np.ndarray


POINT = Point(np.array([[0.3, -1.2], [2.0, 0.7]]), np.array(1.5))


def loss(p):
    return (np.sin(p.v) ** 2).sum() * np.exp(p.w)


EXACT = Point(np.sin(2 * POINT.v) * np.exp(1.5), (np.sin(POINT.v) ** 2).sum() * np.exp(1.5))


@pytest.mark.eq("eq-complex-step")
def test_complex_step_is_exact_to_rounding():
    errors = gradcheck.compare(gradcheck.complex_step(loss, POINT), EXACT)
    assert max(errors.values()) <= 1e-15
    tiny = gradcheck.complex_step(loss, POINT, eps=1e-200)
    assert max(gradcheck.compare(tiny, EXACT).values()) <= 1e-15


@pytest.mark.eq("eq-central-difference")
def test_central_differences_are_close():
    errors = gradcheck.compare(gradcheck.central(loss, POINT), EXACT)
    assert max(errors.values()) <= 1e-9


@pytest.mark.eq("eq-central-difference")
def test_central_differences_have_the_error_of_their_order():
    """(v + e)^3 - (v - e)^3 over 2e is 3 v^2 + e^2, exactly."""
    for eps in (0.5, 0.25):
        slope = gradcheck.central(lambda v: (v**3).sum(), np.array([2.0]), eps=eps)
        assert slope.tolist() == [12 + eps**2]


def test_the_error_of_central_differences_has_a_smallest_value_between():
    errors = [
        gradcheck.relative_error(gradcheck.central(loss, POINT, eps).v, EXACT.v)
        for eps in (1e-1, 1e-5, 1e-13)
    ]
    assert errors[1] < 1e-4 * errors[0]
    assert errors[1] < 1e-4 * errors[2]


@pytest.mark.parametrize("numerical", [gradcheck.central, gradcheck.complex_step])
def test_form_is_that_of_the_point_which_stays_as_it_was(numerical):
    frozen = freeze(POINT)
    result = numerical(loss, frozen)
    assert type(result) is Point
    assert (result.v.shape, result.w.shape) == ((2, 2), ())
    assert {v.dtype.name for v in result} == {"float64"}
    np.testing.assert_array_equal(frozen.v, POINT.v)
    array = numerical(lambda v: (v * v).sum(), POINT.v)
    np.testing.assert_allclose(array, 2 * POINT.v, rtol=1e-9)


@pytest.mark.parametrize("numerical", [gradcheck.central, gradcheck.complex_step])
def test_none_stays_none(numerical):
    result = numerical(lambda p: (p.v * p.v).sum(), Point(np.array([3.0]), None))
    assert result.w is None
    np.testing.assert_allclose(result.v, [6.0], rtol=1e-9)


def test_complex_step_does_not_see_through_abs():
    """Where it is not valid it gives 0, not the slope: the reason for the rule."""
    at = np.array([-2.0])
    assert gradcheck.complex_step(lambda v: np.abs(v).sum() + 0j, at).tolist() == [0]
    np.testing.assert_allclose(gradcheck.central(lambda v: np.abs(v).sum(), at), [-1.0])


@pytest.mark.eq("eq-relative-error")
def test_relative_error_is_that_of_the_largest_entries():
    a, b = np.array([[1.0, -8.0]]), np.array([[1.5, -10.0]])
    assert gradcheck.relative_error(a, b) == pytest.approx(2 / 10)
    assert gradcheck.relative_error(b, a) == pytest.approx(2 / 10)
    assert gradcheck.relative_error([1.0], [-1.0]) == pytest.approx(2)
    assert gradcheck.relative_error([0.0], [1e-300]) == pytest.approx(1)


def test_relative_error_of_nothing_and_of_zeros_is_zero():
    assert gradcheck.relative_error(np.zeros(3), np.zeros(3)) == 0
    assert gradcheck.relative_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0


def test_nan_is_never_a_small_error():
    with np.errstate(invalid="ignore"):
        assert not gradcheck.relative_error([1.0, np.nan], [1.0, 2.0]) <= 1e300
        assert not gradcheck.relative_error([0.0, 0.0], [0.0, np.nan]) <= 1e300
        assert not gradcheck.relative_error([np.inf], [1.0]) <= 1e300


def test_different_shapes_are_refused_and_not_broadcast():
    with pytest.raises(ValueError, match=r"one shape, got \(3,\) and \(1, 3\)"):
        gradcheck.relative_error(np.ones(3), np.ones((1, 3)))


def test_compare_names_each_array_and_misses_none():
    other = POINT._replace(w=POINT.w * 1.1)
    errors = gradcheck.compare(POINT, other)
    assert list(errors) == ["v", "w"]
    assert errors["v"] == 0
    assert errors["w"] == pytest.approx(0.1 / 1.1)
    with pytest.raises(ValueError, match="zip"):
        gradcheck.compare(POINT, POINT._replace(w=None))
