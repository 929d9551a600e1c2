"""The LSTM with a product and a dropout mask per gate: implementation 1 of Keras (chapter 11)."""

import numpy as np

from ..dropout import Masks, drop
from ..functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid
from ..lstm import Cache, Gates, Params, State, init, shapes, zero_state

KEEP = Masks(x=(None,) * 4, h=(None,) * 4)


def step(params, x, state, masks=KEEP):
    """One step: x (N, D), State of (N, H), Masks of four in the order of Gates -> State, Cache.

    Equations: eq-per-gate
    Source: Gal & Ghahramani 2016 for the masks.
    """
    a = Gates(
        *(
            affine(drop(x, m_x), W_x, b) + drop(state.h, m_h) @ W_h
            for W_x, W_h, b, m_x, m_h in zip(*_by_gate(params), *masks, strict=True)
        )
    )
    i, f, g, o = gates = Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
    c = f * state.c + i * g
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, gates, tanh_c)


def step_backward(params, dstate, cache, masks=KEEP):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-per-gate-backward
    """
    (i, f, g, o), tanh_c = cache.gates, cache.tanh_c
    dc = dstate.c + dstate.h * o * dtanh(tanh_c)
    da = Gates(
        i=dc * g * dsigmoid(i),
        f=dc * cache.prev.c * dsigmoid(f),
        g=dc * i * dtanh(g),
        o=dstate.h * tanh_c * dsigmoid(o),
    )
    dx, dh_prev, dparams = [], [], []
    for da_k, W_x, W_h, _, m_x, m_h in zip(da, *_by_gate(params), *masks, strict=True):
        dx_k, dW_x, db = affine_backward(drop(cache.x, m_x), da_k, W_x)
        dx.append(drop(dx_k, m_x))
        dh_prev.append(drop(da_k @ W_h.T, m_h))
        dparams.append((dW_x, outer(drop(cache.prev.h, m_h), da_k), db))
    dx = None if dx[0] is None else sum(dx)
    dparams = Params(*(np.concatenate(blocks, axis=-1) for blocks in zip(*dparams, strict=True)))
    return dx, State(sum(dh_prev), dc * f), dparams


def _by_gate(params):
    """The four blocks of W_x, of W_h and of b."""
    return (blocks(v, 4) for v in params)
