"""The LSTM with one product and one dropout mask: implementation 2 of Keras (chapter 11)."""

import numpy as np

from ..dropout import Masks, drop
from ..functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid
from ..lstm import Cache, Gates, Params, State, init, shapes, zero_state

KEEP = Masks(x=(None,), h=(None,))


def step(params, x, state, masks=KEEP):
    """One step: x (N, D), State of (N, H), Masks of one -> State, Cache.

    Equations: eq-one-mask
    Source: Gal & Ghahramani 2016 for the masks.
    """
    (m_x,), (m_h,) = masks
    a = affine(drop(x, m_x), params.W_x, params.b) + drop(state.h, m_h) @ params.W_h
    a = Gates(*blocks(a, 4))
    i, f, g, o = gates = Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
    c = f * state.c + i * g
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, gates, tanh_c)


def step_backward(params, dstate, cache, masks=KEEP):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-one-mask-backward
    """
    (m_x,), (m_h,) = masks
    (i, f, g, o), tanh_c = cache.gates, cache.tanh_c
    dc = dstate.c + dstate.h * o * dtanh(tanh_c)
    da = Gates(
        i=dc * g * dsigmoid(i),
        f=dc * cache.prev.c * dsigmoid(f),
        g=dc * i * dtanh(g),
        o=dstate.h * tanh_c * dsigmoid(o),
    )
    da = np.concatenate(da, axis=-1)
    dx, dW_x, db = affine_backward(drop(cache.x, m_x), da, params.W_x)
    dparams = Params(dW_x, outer(drop(cache.prev.h, m_h), da), db)
    dprev = State(drop(da @ params.W_h.T, m_h), dc * f)
    return drop(dx, m_x), dprev, dparams
