"""The LSTM cell with input, forget and output gate, and its gradients (chapters 6 and 7)."""

from typing import NamedTuple

import numpy as np

from . import init as initial
from .functions import affine, affine_backward, blocks, dsigmoid, dtanh, outer, sigmoid


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 4H), blocks in the order of Gates
    W_h: np.ndarray  # (H, 4H)
    b: np.ndarray  # (4H,)


class State(NamedTuple):
    h: np.ndarray  # (N, H)
    c: np.ndarray  # (N, H)


class Gates(NamedTuple):
    i: np.ndarray  # (N, H) each
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates
    tanh_c: np.ndarray  # (N, H)


class Local(NamedTuple):
    i: np.ndarray  # dc/da_i
    f: np.ndarray  # dc/da_f
    g: np.ndarray  # dc/da_g
    o: np.ndarray  # dh/da_o
    h: np.ndarray  # dh/dc
    c: np.ndarray  # dc/dc_prev


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, 4 * H), W_h=(H, 4 * H), b=(4 * H,))


def init(rng, D, H, forget_bias=1.0, dtype=np.float64):
    """Initial Params: W_x Glorot-uniform, W_h orthogonal per gate, biases 0 but the forget gate's.

    Source: Glorot & Bengio 2010; Saxe et al. 2014; Jozefowicz et al. 2015 for the forget bias 1.
    """
    b = np.zeros(4 * H, dtype)
    Gates(*blocks(b, 4)).f[:] = forget_bias
    return Params(
        W_x=initial.per_gate(lambda: initial.glorot(rng, D, H, dtype), 4),
        W_h=initial.per_gate(lambda: initial.orthogonal(rng, H, dtype), 4),
        b=b,
    )


def init_chrono(rng, D, H, T, dtype=np.float64):
    """Initial Params with chrono biases: each unit keeps its cell for up to about T steps.

    Source: Tallec & Ollivier 2018.
    """
    params, b_f = init(rng, D, H, dtype=dtype), initial.chrono(rng, H, T, dtype)
    zero = np.zeros_like(b_f)
    return params._replace(b=np.concatenate(Gates(i=-b_f, f=b_f, g=zero, o=zero)))


def zero_state(N, H, dtype=np.float64):
    """State of N sequences before their first step: h and c (N, H) of zeros."""
    return State(np.zeros((N, H), dtype), np.zeros((N, H), dtype))


def inputs(params, x):
    """Share of the inputs in the pre-activations: x (..., D) or tokens (...) -> (..., 4H)."""
    return affine(x, params.W_x, params.b)


def step(params, x, state, a_x=None):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    a_x is inputs(params, x), if that has been computed already.

    Equations: eq-lstm-a eq-lstm-gates eq-lstm-c eq-lstm-h
    Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000 for the forget gate.
    """
    a_x = inputs(params, x) if a_x is None else a_x  # (N, 4H)
    a = Gates(*blocks(a_x + state.h @ params.W_h, 4))  # (N, H) each
    i, f, g, o = gates = Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
    c = f * state.c + i * g  # (N, H)
    tanh_c = np.tanh(c)
    return State(o * tanh_c, c), Cache(x, state, gates, tanh_c)


def local_derivatives(cache):
    """Derivative of each primitive at the cached values, for one step or for all steps at once.

    Equations: eq-lstm-local
    """
    (i, f, g, o), tanh_c = cache.gates, cache.tanh_c
    return Local(
        i=g * dsigmoid(i),
        f=cache.prev.c * dsigmoid(f),
        g=i * dtanh(g),
        o=tanh_c * dsigmoid(o),
        h=o * dtanh(tanh_c),
        c=f,
    )


def recur_backward(params, dstate, local):
    """One step of the backward recurrence: dL/da_t (N, 4H), and the State that reaches step t-1.

    dstate holds dL/dh_t, and of dL/dc_t the part that arrives from step t+1.

    Equations: eq-lstm-dh eq-lstm-dc eq-lstm-da
    """
    dh = dstate.h
    dc = dstate.c + dh * local.h  # (N, H)
    da = np.concatenate(Gates(dc * local.i, dc * local.f, dc * local.g, dh * local.o), axis=-1)
    return da, State(da @ params.W_h.T, dc * local.c)


def gradients(params, cache, da):
    """dx and the gradient of Params from da: of one step (N, 4H), or of all steps (T, N, 4H).

    Equations: eq-lstm-dx eq-lstm-dparams
    """
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, Params(dW_x, outer(cache.prev.h, da), db)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t and of dL/dc_t's part from t+1 -> dx, State, Params.

    What returns are gradients: of the inputs (None for tokens), the previous state, the parameters.

    Equations: eq-lstm-dh eq-lstm-dc eq-lstm-da eq-lstm-dx eq-lstm-dparams
    Source: Graves & Schmidhuber 2005.
    """
    da, dprev = recur_backward(params, dstate, local_derivatives(cache))
    dx, dparams = gradients(params, cache, da)
    return dx, dprev, dparams
