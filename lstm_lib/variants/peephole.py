"""The LSTM whose gates also see the cell, each unit its own (chapter 11)."""

from typing import NamedTuple

import numpy as np

from .. import lstm
from ..functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid, sum_rows
from ..lstm import Gates, State, zero_state


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 4H), blocks in the order of Gates
    W_h: np.ndarray  # (H, 4H)
    b: np.ndarray  # (4H,)
    p_i: np.ndarray  # (H,), on c_prev
    p_f: np.ndarray  # (H,), on c_prev
    p_o: np.ndarray  # (H,), on the new c


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates
    c: np.ndarray  # (N, H)
    tanh_c: np.ndarray  # (N, H)


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(*lstm.shapes(D, H), p_i=(H,), p_f=(H,), p_o=(H,))


def init(rng, D, H, dtype=np.float64):
    """Params drawn as those of the LSTM, with peepholes of zero."""
    return Params(*lstm.init(rng, D, H, dtype=dtype), *np.zeros((3, H), dtype))


def step(params, x, state):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    Equations: eq-peephole-gates
    Source: Gers & Schmidhuber 2000.
    """
    a = Gates(*blocks(affine(x, params.W_x, params.b) + state.h @ params.W_h, 4))
    i = sigmoid(a.i + state.c * params.p_i)
    f = sigmoid(a.f + state.c * params.p_f)
    g = np.tanh(a.g)
    c = f * state.c + i * g
    o = sigmoid(a.o + c * params.p_o)
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, Gates(i, f, g, o), c, tanh_c)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-peephole-dc eq-peephole-dparams
    """
    (i, f, g, o), c_prev, tanh_c = cache.gates, cache.prev.c, cache.tanh_c
    da_o = dstate.h * tanh_c * dsigmoid(o)
    dc = dstate.c + dstate.h * o * dtanh(tanh_c) + da_o * params.p_o
    da_i, da_f = dc * g * dsigmoid(i), dc * c_prev * dsigmoid(f)
    da = np.concatenate(Gates(da_i, da_f, dc * i * dtanh(g), da_o), axis=-1)
    dc_prev = dc * f + da_i * params.p_i + da_f * params.p_f

    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    dp_i, dp_f, dp_o = sum_rows(da_i * c_prev), sum_rows(da_f * c_prev), sum_rows(da_o * cache.c)
    dparams = Params(dW_x, outer(cache.prev.h, da), db, dp_i, dp_f, dp_o)
    return dx, State(da @ params.W_h.T, dc_prev), dparams
