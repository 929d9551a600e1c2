"""The LSTM whose pre-activations and cell are normalised over the units (chapter 12)."""

from typing import NamedTuple

import numpy as np

from .. import lstm
from ..functions import (
    Normed,
    affine,
    affine_backward,
    blocks,
    dnormalise,
    dsigmoid,
    dtanh,
    normalise,
    outer,
    sigmoid,
    sum_rows,
)
from ..lstm import Gates, State, zero_state


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 4H), blocks in the order of Gates
    W_h: np.ndarray  # (H, 4H)
    b: np.ndarray  # (4H,)
    gain_x: np.ndarray  # (4H,)
    gain_h: np.ndarray  # (4H,)
    gain_c: np.ndarray  # (H,)
    b_c: np.ndarray  # (H,)


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates
    from_x: Normed  # x W_x, normalised: (N, 4H)
    from_h: Normed  # h W_h, normalised: (N, 4H)
    from_c: Normed  # c, normalised: (N, H)
    tanh_c: np.ndarray  # (N, H), of the normalised c


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(*lstm.shapes(D, H), gain_x=(4 * H,), gain_h=(4 * H,), gain_c=(H,), b_c=(H,))


def init(rng, D, H, forget_bias=1.0, dtype=np.float64):
    """Params drawn as those of the LSTM, with gains of 1."""
    gains = np.ones(4 * H, dtype), np.ones(4 * H, dtype), np.ones(H, dtype)
    return Params(*lstm.init(rng, D, H, forget_bias, dtype), *gains, np.zeros(H, dtype))


def step(params, x, state):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    Equations: eq-layer-norm-lstm
    Source: Ba et al. 2016.
    """
    from_x = normalise(affine(x, params.W_x, 0))
    from_h = normalise(state.h @ params.W_h)
    a = Gates(*blocks(from_x.y * params.gain_x + from_h.y * params.gain_h + params.b, 4))
    i, f, g, o = gates = Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
    c = f * state.c + i * g
    from_c = normalise(c)
    tanh_c = np.tanh(from_c.y * params.gain_c + params.b_c)
    return State(o * tanh_c, c), Cache(x, state, gates, from_x, from_h, from_c, tanh_c)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-layer-norm-dc
    """
    (i, f, g, o), tanh_c = cache.gates, cache.tanh_c
    from_x, from_h, from_c = cache.from_x, cache.from_h, cache.from_c
    da_c = dstate.h * o * dtanh(tanh_c)
    dc = dstate.c + dnormalise(da_c * params.gain_c, from_c)
    da = Gates(
        i=dc * g * dsigmoid(i),
        f=dc * cache.prev.c * dsigmoid(f),
        g=dc * i * dtanh(g),
        o=dstate.h * tanh_c * dsigmoid(o),
    )
    da = np.concatenate(da, axis=-1)
    da_x, da_h = dnormalise(da * params.gain_x, from_x), dnormalise(da * params.gain_h, from_h)

    dx, dW_x, _ = affine_backward(cache.x, da_x, params.W_x)
    gains = sum_rows(da * from_x.y), sum_rows(da * from_h.y), sum_rows(da_c * from_c.y)
    dparams = Params(dW_x, outer(cache.prev.h, da_h), sum_rows(da), *gains, b_c=sum_rows(da_c))
    return dx, State(da_h @ params.W_h.T, dc * f), dparams
