"""The GRU with the reset gate before the product, and its gradients (chapter 9)."""

from typing import NamedTuple

import numpy as np

from . import init as initial
from .functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 3H), blocks in the order of Gates
    W_h: np.ndarray  # (H, 3H)
    b: np.ndarray  # (3H,)


class State(NamedTuple):
    h: np.ndarray  # (N, H)


class Gates(NamedTuple):
    r: np.ndarray  # (N, H) each
    z: np.ndarray
    n: np.ndarray


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates


class Local(NamedTuple):
    r: np.ndarray  # dq/da_r, where q = r h_prev is what the candidate reads
    z: np.ndarray  # dh/da_z
    n: np.ndarray  # dh/da_n
    h: np.ndarray  # dh/dh_prev, the direct path
    reset: np.ndarray  # dq/dh_prev


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, 3 * H), W_h=(H, 3 * H), b=(3 * H,))


def init(rng, D, H, dtype=np.float64):
    """Initial Params: W_x Glorot-uniform and W_h orthogonal per gate, zero biases.

    Source: Glorot & Bengio 2010; Saxe et al. 2014.
    """
    return Params(
        W_x=initial.per_gate(lambda: initial.glorot(rng, D, H, dtype), 3),
        W_h=initial.per_gate(lambda: initial.orthogonal(rng, H, dtype), 3),
        b=np.zeros(3 * H, dtype),
    )


def zero_state(N, H, dtype=np.float64):
    """State of N sequences before their first step: h (N, H) of zeros."""
    return State(np.zeros((N, H), dtype))


def inputs(params, x):
    """Share of the inputs in the pre-activations: x (..., D) or tokens (...) -> (..., 3H)."""
    return affine(x, params.W_x, params.b)


def step(params, x, state, a_x=None):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    a_x is inputs(params, x), if that has been computed already.

    Equations: eq-gru-gates eq-gru-candidate eq-gru-state
    Source: Cho et al. 2014.
    """
    a_x = inputs(params, x) if a_x is None else a_x  # (N, 3H)
    h, H = state.h, state.h.shape[-1]
    r, z = blocks(sigmoid(a_x[..., : 2 * H] + h @ params.W_h[:, : 2 * H]), 2)  # (N, H) each
    n = np.tanh(a_x[..., 2 * H :] + (r * h) @ params.W_h[:, 2 * H :])  # (N, H)
    return State(z * h + (1 - z) * n), Cache(x, state, Gates(r, z, n))


def local_derivatives(cache):
    """Derivative of each primitive at the cached values, for one step or for all steps at once."""
    (r, z, n), h = cache.gates, cache.prev.h
    return Local(
        r=h * dsigmoid(r),
        z=(h - n) * dsigmoid(z),
        n=(1 - z) * dtanh(n),
        h=z,
        reset=r,
    )


def recur_backward(params, dstate, local):
    """One step of the backward recurrence: dL/da_t (N, 3H), and the State that reaches step t-1.

    Equations: eq-gru-da eq-gru-dh
    """
    dh, H = dstate.h, dstate.h.shape[-1]
    da_n = dh * local.n  # (N, H)
    dq = da_n @ params.W_h[:, 2 * H :].T  # (N, H)
    da = np.concatenate(Gates(dq * local.r, dh * local.z, da_n), axis=-1)  # (N, 3H)
    dh_prev = dh * local.h + dq * local.reset + da[..., : 2 * H] @ params.W_h[:, : 2 * H].T
    return da, State(dh_prev)


def gradients(params, cache, da):
    """dx and the gradient of Params from da: of one step (N, 3H), or of all steps (T, N, 3H).

    Equations: eq-gru-dx eq-gru-dparams
    """
    h, r, H = cache.prev.h, cache.gates.r, params.W_h.shape[0]
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    dW_h = [outer(h, da[..., : 2 * H]), outer(r * h, da[..., 2 * H :])]
    return dx, Params(dW_x, np.concatenate(dW_h, axis=1), db)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params.

    dx is None for tokens.

    Equations: eq-gru-da eq-gru-dh eq-gru-dx eq-gru-dparams
    """
    da, dprev = recur_backward(params, dstate, local_derivatives(cache))
    dx, dparams = gradients(params, cache, da)
    return dx, dprev, dparams
