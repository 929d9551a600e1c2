"""Any cell over a whole sequence: forward through time, and backpropagation through time.

A cell is anything with Params, State, Cache, shapes, init, zero_state, step and step_backward. If
its step is also split into `inputs`, `local_derivatives`, `recur_backward` and `gradients`, the
products with the inputs and the parameter gradients are computed for all steps at once.
"""

from typing import NamedTuple

import numpy as np

from . import checks, tree

# Local derivatives are computed for so many numbers at a time that they still lie in the
# processor's cache when the loop over the steps reads them.
BLOCK = 32768


class Run(NamedTuple):
    h: np.ndarray  # (T, N, H), without h_0
    state: tuple  # State after the last step
    caches: tuple  # Cache whose arrays have a first axis of T steps
    mask: np.ndarray | None = None  # (T, N) of truth values; False where a sequence does not move


class Grads(NamedTuple):
    dx: np.ndarray  # (T, N, D); None for tokens
    dparams: tuple  # Params
    dstates: list  # T + 1 States: dstates[t] is the gradient of the state after t steps


def forward(cell, params, x, state=None, mask=None):
    """Run a cell over a sequence.

    Args:
        cell: a module such as `lstm_lib.lstm`.
        params: its Params.
        x: inputs (T, N, D) in float32, float64 or complex128, or tokens (T, N), integers below D.
        state: State before the first step; zeros if not given.
        mask: (T, N) of truth values. Where it is False, the sequence keeps its state: the step is
            padding. True everywhere if not given.

    Returns:
        Run(h (T, N, H), last State, caches, mask).

    Raises:
        ValueError: naming the argument, what was expected and what came.

    Equations: eq-unroll eq-mask
    """
    params, x, state = _checked(cell, params, x, state)
    if mask is not None:
        mask = checks.truths("mask", mask, x.shape[:2])
    T, split = len(x), hasattr(cell, "inputs")
    a_x = cell.inputs(params, x) if split else None
    for t in range(T):
        if split:
            new, cache = cell.step(params, None, state, a_x[t])
        else:
            new, cache = cell.step(params, x[t], state)
        state = new if mask is None else _chosen(mask[t], new, state)
        if t == 0:
            h, caches = tree.empty(T, state.h), tree.empty(T, cache)
        h[t] = state.h
        tree.put(caches, t, cache)
    return Run(h, state, caches._replace(x=x), mask)


def backward(cell, params, run, dh, dstate=None, carry=None):
    """Backpropagation through time.

    Args:
        cell, params: as given to `forward`.
        run: what `forward` returned.
        dh: (T, N, H), dL/dh_t as each step's own loss sends it, weights and 1/(N T) included.
        dstate: State of the gradient that reaches the last state from beyond; zeros if not given.
        carry: (T,), factors; `carry[t]` multiplies what step t + 1 sends to the state after t
            steps. 1 everywhere if not given; `lstm_lib.truncate` makes others.

    Returns:
        Grads(dx (T, N, D), dparams, dstates). `dstates[t]` is the gradient of the state after t
        steps, each field as an input of step t + 1 alone; `dstates[t].h` includes `dh[t - 1]`.

    Raises:
        ValueError: naming the argument, what was expected and what came.

    Equations: eq-bptt eq-mask-backward
    """
    params, dh = check_backward(cell, params, run, dh)
    if dstate is None:
        dstate = tree.zeros_like(run.state)
    else:
        dstate = checks.like("dstate", dstate, tree.map(np.shape, run.state))
    if carry is not None:
        carry = checks.numbers("carry", carry, (len(dh),)).astype(dh.dtype)
    sweep = _sweep_split if hasattr(cell, "inputs") else _sweep
    return sweep(cell, params, run, dh, dstate, carry)


def check_backward(cell, params, run, dh):
    """params and dh as arrays, if they and what `forward` returned fit each other."""
    params = checks.params(cell, params)
    checks.fields("run", run, Run._fields)
    checks.fields("run.state", run.state, cell.State._fields)
    checks.fields("run.caches", run.caches, cell.Cache._fields)
    _, H = checks.sizes(cell, params)
    checks.shape("run.h", run.h, ("T", "N", H))
    return params, checks.numbers("dh", dh, run.h.shape)


def _checked(cell, params, x, state):
    """The arguments of `forward` as arrays, the zero state filled in."""
    params = checks.params(cell, params)
    D, H = checks.sizes(cell, params)
    x = checks.array("x", x)
    if x.dtype.kind in "iu":
        x = checks.tokens("x", x, ("T", "N"), D)
        dtype = np.result_type(*params)
    else:
        x = checks.numbers("x", x, ("T", "N", D))
        dtype = np.result_type(x, *params)
    zero = cell.zero_state(x.shape[1], H, dtype)
    if state is None:
        return params, x, zero
    state = checks.like("state", state, tree.map(np.shape, zero))
    return params, x, tree.astype(state, np.result_type(dtype, *state))


def _sweep(cell, params, run, dh, dstate, carry):
    """Backwards through time, one `step_backward` after the other."""
    T = len(dh)
    dx, dstates, dparams = [None] * T, [None] * T + [dstate], tree.zeros_like(params)
    for t in reversed(range(T)):
        dstates[t + 1] = _receive(dstates[t + 1], dh[t])
        moved, kept = _parted(dstates[t + 1], run.mask, t)
        dx[t], dprev, dparams_t = cell.step_backward(params, moved, tree.at(run.caches, t))
        dstates[t] = _carried(_joined(dprev, kept), carry, t)
        dparams = tree.add(dparams, dparams_t)
    return Grads(None if dx[0] is None else np.stack(dx), dparams, dstates)


def _sweep_split(cell, params, run, dh, dstate, carry):
    """The same, with only what must wait for step t + 1 inside the loop."""
    T, block = len(dh), max(1, BLOCK // dh[0].size)
    dstates = [None] * T + [dstate]
    for start in reversed(range(0, T, block)):
        local = cell.local_derivatives(tree.at(run.caches, slice(start, start + block)))
        for t, local_t in reversed(list(enumerate(tree.unstack(local), start))):
            dstates[t + 1] = _receive(dstates[t + 1], dh[t])
            moved, kept = _parted(dstates[t + 1], run.mask, t)
            da_t, dprev = cell.recur_backward(params, moved, local_t)
            dstates[t] = _carried(_joined(dprev, kept), carry, t)
            if t == T - 1:
                da = tree.empty(T, da_t)
            da[t] = da_t
    dx, dparams = cell.gradients(params, run.caches, da)
    return Grads(dx, dparams, dstates)


def _chosen(mask, state, other):
    """Rows of the state where the mask (N,) is True, of the other one where it is False."""
    return tree.map(lambda v, w: np.where(mask[:, None], v, w), state, other)


def _parted(dstate, mask, t):
    """A state's gradient in two: for the sequences that moved in this step, and for the others."""
    if mask is None:
        return dstate, None
    zero = tree.zeros_like(dstate)
    return _chosen(mask[t], dstate, zero), _chosen(mask[t], zero, dstate)


def _joined(dprev, kept):
    """Sum over the two consumers of a state under a mask: the step, and the copy past it."""
    return dprev if kept is None else tree.add(dprev, kept)


def _receive(dstate, dh):
    """Sum over the two consumers of h_t: step t + 1 and the loss of step t."""
    return dstate._replace(h=dstate.h + dh)


def _carried(dstate, carry, t):
    """What is left of a gradient on its way from step t + 1 to the state after t steps."""
    return dstate if carry is None else tree.map(lambda v: carry[t] * v, dstate)
