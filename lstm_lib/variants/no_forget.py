"""The LSTM of 1997, which cannot forget: input and output gate only (chapter 11).

The gradient is the full one, which the authors of 1997 cut off at the gates.
"""

from typing import NamedTuple

import numpy as np

from .. import init as initial
from ..functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid
from ..lstm import Cache, Params, State, zero_state


class Gates(NamedTuple):
    i: np.ndarray  # (N, H) each
    g: np.ndarray
    o: np.ndarray


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, 3 * H), W_h=(H, 3 * H), b=(3 * H,))


def init(rng, D, H, dtype=np.float64):
    """Params drawn as those of the LSTM, for three blocks, with zero biases."""
    return Params(
        W_x=initial.per_gate(lambda: initial.glorot(rng, D, H, dtype), 3),
        W_h=initial.per_gate(lambda: initial.orthogonal(rng, H, dtype), 3),
        b=np.zeros(3 * H, dtype),
    )


def step(params, x, state):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    Equations: eq-no-forget-c
    Source: Hochreiter & Schmidhuber 1997.
    """
    a = Gates(*blocks(affine(x, params.W_x, params.b) + state.h @ params.W_h, 3))
    i, g, o = gates = Gates(sigmoid(a.i), np.tanh(a.g), sigmoid(a.o))
    c = state.c + i * g
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, gates, tanh_c)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-no-forget-dc
    """
    (i, g, o), tanh_c = cache.gates, cache.tanh_c
    da_o = dstate.h * tanh_c * dsigmoid(o)
    dc = dstate.c + dstate.h * o * dtanh(tanh_c)
    da = np.concatenate(Gates(dc * g * dsigmoid(i), dc * i * dtanh(g), da_o), axis=-1)

    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, State(da @ params.W_h.T, dc), Params(dW_x, outer(cache.prev.h, da), db)
