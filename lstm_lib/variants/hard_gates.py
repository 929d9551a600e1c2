"""The LSTM with piecewise linear gates, as Keras had it until 2.2.5 (chapter 11)."""

import numpy as np

from ..functions import (
    affine,
    affine_backward,
    blocks,
    dhard_sigmoid,
    dtanh,
    hard_sigmoid,
    outer,
)
from ..lstm import Cache, Gates, Params, State, init, shapes, zero_state


def step(params, x, state, slope=0.2):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    slope is that of the gates around 0.

    Equations: eq-hard-gates
    """
    a = Gates(*blocks(affine(x, params.W_x, params.b) + state.h @ params.W_h, 4))
    i, f, o = (hard_sigmoid(v, slope) for v in (a.i, a.f, a.o))
    g = np.tanh(a.g)
    c = f * state.c + i * g
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, Gates(i, f, g, o), tanh_c)


def step_backward(params, dstate, cache, slope=0.2):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-hard-gates-da
    """
    (i, f, g, o), tanh_c = cache.gates, cache.tanh_c
    di, df, do = (dhard_sigmoid(v, slope) for v in (i, f, o))
    dc = dstate.c + dstate.h * o * dtanh(tanh_c)
    da = np.concatenate(
        Gates(dc * g * di, dc * cache.prev.c * df, dc * i * dtanh(g), dstate.h * tanh_c * do),
        axis=-1,
    )
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, State(da @ params.W_h.T, dc * f), Params(dW_x, outer(cache.prev.h, da), db)
