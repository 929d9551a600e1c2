"""Backpropagation through time that stops early, by plan or by chance (chapter 5).

`pieces` and `at_random` make the factors `carry` of `bptt.backward`: a 0 lets nothing pass.
`window` sends each loss back through the same number of steps.
"""

import numpy as np

from . import bptt, checks, tree


def pieces(T, K):
    """Factors (T,) that cut a run before each piece of K steps, its first step included.

    This is what a program computes that carries the state from one piece to the next without
    its gradient. A loss reaches the first step of its own piece, 0 to K - 1 steps before its own.

    Raises:
        ValueError: for a T or K that is no integer of at least 1.

    Equations: eq-truncate-pieces
    Source: Williams & Peng 1990.
    """
    return (np.arange(checks.count("T", T)) % checks.count("K", K) > 0).astype(float)


def at_random(rng, T, keep):
    """Factors (T,), each 1 / keep with probability keep and otherwise 0.

    Their expectation is 1 and they are independent, so the expected gradient is the full one.

    Args:
        rng: numpy Generator.
        T: steps.
        keep: probability, above 0 and at most 1, that the gradient passes from a step to the
            one before.

    Raises:
        ValueError: for a T that is no integer of at least 1, or another keep.

    Equations: eq-truncate-random
    Source: Tallec & Ollivier 2017.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep: expected a probability above 0 and at most 1, got {keep!r}")
    return (rng.random(checks.count("T", T)) < keep) / keep


def window(cell, params, run, dh, K):
    """Backward pass in which the loss of each step reaches the K steps up to its own, no others.

    Args:
        cell, params, run, dh: as for `bptt.backward`; the run must have no mask.
        K: how many copies of the cell each loss passes; from K = T on the gradient is the full one.

    Returns:
        bptt.Grads, the gradients of what these copies read. The T sweeps of K steps are done side
        by side: K calls of the cell's step_backward.

    Equations: eq-truncate-window
    Source: Williams & Peng 1990.
    """
    params, dh = bptt.check_backward(cell, params, run, dh)
    if run.mask is not None:
        raise ValueError("run.mask: expected None, since a window counts every step; got a mask")
    T, N, _ = dh.shape
    caches = tree.map(lambda v: v.reshape(T * N, *v.shape[2:]), run.caches)
    arriving = tree.map(lambda v: np.zeros((T + 1, *v.shape), dh.dtype), run.state)
    arriving.h[1:] = dh
    nothing = np.zeros_like(dh[:1])
    dstates, dx, dparams = arriving, None, tree.zeros_like(params)
    for lag in range(checks.count("K", K)):
        # arriving[t] is the gradient at the state after t steps of the loss of step t + lag.
        flat = tree.map(lambda v: v[1:].reshape(T * N, -1), arriving)
        dx_lag, dprev, dparams_lag = cell.step_backward(params, flat, caches)
        dparams = tree.add(dparams, dparams_lag)
        if dx_lag is not None:
            dx_lag = dx_lag.reshape(T, N, -1)
            dx = dx_lag if lag == 0 else dx + dx_lag
        arriving = tree.map(lambda v: np.append(v.reshape(T, N, -1), nothing, 0), dprev)
        dstates = tree.add(dstates, arriving)
    return bptt.Grads(dx, dparams, tree.unstack(dstates))
