"""The GRU with the reset gate after the product, as PyTorch and cuDNN have it (chapter 9)."""

from typing import NamedTuple

import numpy as np

from .. import gru
from ..functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid, sum_rows
from ..gru import Gates, State, zero_state


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 3H), blocks in the order of Gates
    W_h: np.ndarray  # (H, 3H)
    b: np.ndarray  # (3H,)
    b_n: np.ndarray  # (H,), inside the reset


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates
    m: np.ndarray  # (N, H), what the reset gate multiplies


class Local(NamedTuple):
    r: np.ndarray  # da_n/da_r
    z: np.ndarray  # dh/da_z
    n: np.ndarray  # dh/da_n
    h: np.ndarray  # dh/dh_prev, the direct path
    reset: np.ndarray  # da_n/dm


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, 3 * H), W_h=(H, 3 * H), b=(3 * H,), b_n=(H,))


def init(rng, D, H, dtype=np.float64):
    """Params drawn as those of the GRU, with a zero inner bias."""
    return Params(*gru.init(rng, D, H, dtype), b_n=np.zeros(H, dtype))


def inputs(params, x):
    """Share of the inputs in the pre-activations: x (..., D) or tokens (...) -> (..., 3H)."""
    return affine(x, params.W_x, params.b)


def step(params, x, state, a_x=None):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    a_x is inputs(params, x), if that has been computed already.

    Equations: eq-reset-after-candidate
    Source: Cho et al. 2014, first version.
    """
    a_x = inputs(params, x) if a_x is None else a_x  # (N, 3H)
    h, H = state.h, state.h.shape[-1]
    a_h = h @ params.W_h  # (N, 3H)
    r, z = blocks(sigmoid(a_x[..., : 2 * H] + a_h[..., : 2 * H]), 2)  # (N, H) each
    m = a_h[..., 2 * H :] + params.b_n  # (N, H)
    n = np.tanh(a_x[..., 2 * H :] + r * m)  # (N, H)
    return State(z * h + (1 - z) * n), Cache(x, state, Gates(r, z, n), m)


def local_derivatives(cache):
    """Derivative of each primitive at the cached values, for one step or for all steps at once."""
    r, z, n = cache.gates
    return Local(
        r=cache.m * dsigmoid(r),
        z=(cache.prev.h - n) * dsigmoid(z),
        n=(1 - z) * dtanh(n),
        h=z,
        reset=r,
    )


def recur_backward(params, dstate, local):
    """One step of the backward recurrence: dL/da_t (N, 3H), and the State that reaches step t-1.

    Equations: eq-reset-after-da eq-reset-after-dh
    """
    dh = dstate.h
    da_n = dh * local.n  # (N, H)
    da = Gates(da_n * local.r, dh * local.z, da_n)
    da_h = np.concatenate(da._replace(n=da_n * local.reset), axis=-1)
    return np.concatenate(da, axis=-1), State(dh * local.h + da_h @ params.W_h.T)


def gradients(params, cache, da):
    """dx and the gradient of Params from da: of one step (N, 3H), or of all steps (T, N, 3H).

    Equations: eq-reset-after-dparams
    """
    h, r, H = cache.prev.h, cache.gates.r, params.W_h.shape[0]
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    dm = da[..., 2 * H :] * r
    dW_h = [outer(h, da[..., : 2 * H]), outer(h, dm)]
    return dx, Params(dW_x, np.concatenate(dW_h, axis=1), db, b_n=sum_rows(dm))


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params.

    dx is None for tokens.

    Equations: eq-reset-after-da eq-reset-after-dh eq-reset-after-dparams
    """
    da, dprev = recur_backward(params, dstate, local_derivatives(cache))
    dx, dparams = gradients(params, cache, da)
    return dx, dprev, dparams
