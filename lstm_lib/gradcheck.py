"""Numerical derivatives to hold a hand-written gradient against (chapter 2).

`loss` is a function of one tree (a NamedTuple of arrays, nested or not, or one array) to a scalar.
"""

import numpy as np

from . import tree


def central(loss, at, eps=1e-5):
    """Gradient of loss by central differences, entry by entry.

    The error is of order eps^2 from truncation plus 1e-16/eps from rounding.

    Equations: eq-central-difference
    """
    return _entrywise(loss, at, lambda up, down: (up - down) / (2 * eps), eps, -eps)


def complex_step(loss, at, eps=1e-30):
    """Gradient of loss as Im loss(v + i eps) / eps, entry by entry, exact to rounding.

    The loss must be analytic where it is evaluated: no abs, conjugate, norm or max of values.

    Equations: eq-complex-step
    Source: Squire & Trapp 1998.
    """
    at = tree.map(lambda v: v.astype(np.complex128), at)
    return _entrywise(loss, at, lambda up: up.imag / eps, 1j * eps)


def relative_error(a, b):
    """max|a - b| / max(max|a|, max|b|) of two arrays, 0 where both are 0.

    Equations: eq-relative-error
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(
            f"relative_error: expected two arrays of one shape, got {a.shape} and {b.shape}"
        )
    scale = np.maximum(np.abs(a).max(initial=0), np.abs(b).max(initial=0))  # NaN stays NaN
    return 0.0 if scale == 0 else np.abs(a - b).max() / scale


def same(a, b, tolerance=1e-13):
    """Whether two arrays agree but for a relative error below the tolerance."""
    return relative_error(a, b) < tolerance


def compare(ours, reference):
    """Relative error of each array of two trees: a dict from its field's name to the error."""
    pairs = zip(tree.named_leaves(ours), tree.named_leaves(reference), strict=True)
    return {name: relative_error(a, b) for (name, a), (_, b) in pairs}


def _entrywise(loss, at, quotient, *shifts):
    """For each entry in turn, the quotient of the losses with that entry shifted."""
    at = tree.map(np.copy, at)

    def partial(v, index):
        values, old = [], v[index]
        for shift in shifts:
            v[index] = old + shift
            values.append(loss(at))
        v[index] = old
        return quotient(*values)

    return tree.map(
        lambda v: np.array([partial(v, index) for index in np.ndindex(v.shape)]).reshape(v.shape),
        at,
    )
