"""The recurrent cell with relu in the place of tanh (chapter 5)."""

from ..functions import drelu, outer, project, project_backward, relu, sum_rows
from ..rnn import Cache, Params, State, init, shapes, zero_state

__all__ = ["Cache", "Params", "State", "init", "shapes", "step", "step_backward", "zero_state"]


def step(params, x, state):
    """One step: x (N, D) or tokens (N,), state.h (N, H) -> State, Cache."""
    h = relu(project(x, params.W_x) + state.h @ params.W_h + params.b)  # (N, H)
    return State(h), Cache(x, state, h)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params.

    dx is None for tokens.
    """
    da = dstate.h * drelu(cache.h)
    D, H = params.W_x.shape
    dparams = Params(outer(cache.x, da, D), outer(cache.prev.h, da, H), sum_rows(da))
    return project_backward(cache.x, da, params.W_x), State(da @ params.W_h.T), dparams
