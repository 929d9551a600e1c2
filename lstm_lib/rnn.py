"""The plain recurrent cell with tanh, and its gradients (chapters 3 and 4)."""

from typing import NamedTuple

import numpy as np

from . import init as initial
from .functions import affine, affine_backward, dtanh, outer


class Params(NamedTuple):
    W_x: np.ndarray  # (D, H)
    W_h: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)


class State(NamedTuple):
    h: np.ndarray  # (N, H)


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    h: np.ndarray  # (N, H)


class Local(NamedTuple):
    a: np.ndarray  # dh/da


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, H), W_h=(H, H), b=(H,))


def init(rng, D, H, dtype=np.float64):
    """Initial Params: W_x Glorot-uniform (D, H), W_h orthogonal (H, H), zero bias.

    Source: Glorot & Bengio 2010; Saxe et al. 2014.
    """
    return Params(
        W_x=initial.glorot(rng, D, H, dtype),
        W_h=initial.orthogonal(rng, H, dtype),
        b=np.zeros(H, dtype),
    )


def zero_state(N, H, dtype=np.float64):
    """State of N sequences before their first step: h (N, H) of zeros."""
    return State(np.zeros((N, H), dtype))


def inputs(params, x):
    """Share of the inputs in the pre-activations: x (..., D) or tokens (...) -> (..., H)."""
    return affine(x, params.W_x, params.b)


def step(params, x, state, a_x=None):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    a_x is inputs(params, x), if that has been computed already.

    Equations: eq-rnn-step
    Source: Elman 1990.
    """
    a_x = inputs(params, x) if a_x is None else a_x  # (N, H)
    h = np.tanh(a_x + state.h @ params.W_h)  # (N, H)
    return State(h), Cache(x, state, h)


def local_derivatives(cache):
    """Derivative of each primitive at the cached values, for one step or for all steps at once."""
    return Local(a=dtanh(cache.h))


def recur_backward(params, dstate, local):
    """One step of the backward recurrence: dL/da_t (N, H), and the State that reaches step t-1.

    Equations: eq-rnn-da eq-rnn-dh
    """
    da = dstate.h * local.a  # (N, H)
    return da, State(da @ params.W_h.T)


def gradients(params, cache, da):
    """dx and the gradient of Params from da: of one step (N, H), or of all steps (T, N, H).

    Equations: eq-rnn-dx eq-rnn-dparams
    """
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, Params(dW_x, outer(cache.prev.h, da), db)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params.

    dx is None for tokens.

    Equations: eq-rnn-da eq-rnn-dh eq-rnn-dx eq-rnn-dparams
    Source: Werbos 1990.
    """
    da, dprev = recur_backward(params, dstate, local_derivatives(cache))
    dx, dparams = gradients(params, cache, da)
    return dx, dprev, dparams
