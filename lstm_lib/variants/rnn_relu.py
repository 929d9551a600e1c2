"""The recurrent cell with relu in the place of tanh (chapter 5)."""

from ..functions import affine, affine_backward, drelu, outer, relu
from ..rnn import Cache, Params, State, init, shapes, zero_state


def step(params, x, state):
    """One step: x (N, D) or tokens (N,), state.h (N, H) -> State, Cache."""
    h = relu(affine(x, params.W_x, params.b) + state.h @ params.W_h)  # (N, H)
    return State(h), Cache(x, state, h)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params.

    dx is None for tokens.
    """
    da = dstate.h * drelu(cache.h)
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, State(da @ params.W_h.T), Params(dW_x, outer(cache.prev.h, da), db)
