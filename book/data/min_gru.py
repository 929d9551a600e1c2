"""minGRU, a GRU whose gate and candidate read only the input, and its training (chapter 15).

The module is a cell, as those of `lstm_lib` are. As a program it trains the cell on the adding
problem as `adding.py` trains the others:

python book/data/min_gru.py book/data/min_gru.npz
"""

import sys
from functools import partial
from typing import NamedTuple

import numpy as np

from lstm_lib import data, readout, train
from lstm_lib import init as initial
from lstm_lib.functions import affine, affine_backward, blocks, dsigmoid, sigmoid


class Params(NamedTuple):
    W_x: np.ndarray  # (D, 2H), blocks in the order of Gates
    b: np.ndarray  # (2H,)


class State(NamedTuple):
    h: np.ndarray  # (N, H)


class Gates(NamedTuple):
    z: np.ndarray  # (N, H) each
    n: np.ndarray


class Cache(NamedTuple):
    x: np.ndarray  # (N, D), or tokens (N,)
    prev: State
    gates: Gates


class Local(NamedTuple):
    z: np.ndarray  # dh/da_z
    n: np.ndarray  # dh/dn
    h: np.ndarray  # dh/dh_prev


def shapes(D, H):
    """Shapes of Params for D inputs and H units."""
    return Params(W_x=(D, 2 * H), b=(2 * H,))


def init(rng, D, H, dtype=np.float64):
    """Initial Params: W_x Glorot-uniform per gate, zero biases."""
    W_x = initial.per_gate(lambda: initial.glorot(rng, D, H, dtype), 2)
    return Params(W_x, np.zeros(2 * H, dtype))


def init_chrono(rng, D, H, T, dtype=np.float64):
    """Initial Params with gate biases for lags up to T, each unit its own."""
    params = init(rng, D, H, dtype)
    params.b[:H] = initial.chrono(rng, H, T)
    return params


def zero_state(N, H, dtype=np.float64):
    """State of N sequences before their first step: h (N, H) of zeros."""
    return State(np.zeros((N, H), dtype))


def inputs(params, x):
    """The pre-activations: x (..., D) or tokens (...) -> (..., 2H)."""
    return affine(x, params.W_x, params.b)


def step(params, x, state, a_x=None):
    """One step: x (N, D) or tokens (N,), State of (N, H) -> State, Cache.

    Source: Feng et al. 2024, with z for their 1 - z.
    """
    a_z, n = blocks(inputs(params, x) if a_x is None else a_x, 2)
    z = sigmoid(a_z)
    return State(z * state.h + (1 - z) * n), Cache(x, state, Gates(z, n))


def local_derivatives(cache):
    """Derivative of each primitive at the cached values, for one step or for all steps at once."""
    z, n = cache.gates
    return Local(z=(cache.prev.h - n) * dsigmoid(z), n=1 - z, h=z)


def recur_backward(params, dstate, local):
    """One step of the backward recurrence: dL/da_t (N, 2H), and the State that reaches step t-1."""
    dh = dstate.h
    return np.concatenate([dh * local.z, dh * local.n], axis=-1), State(dh * local.h)


def gradients(params, cache, da):
    """dx and the gradient of Params from da: of one step (N, 2H), or of all steps (T, N, 2H)."""
    dx, dW_x, db = affine_backward(cache.x, da, params.W_x)
    return dx, Params(dW_x, db)


def step_backward(params, dstate, cache):
    """One step back: State of dL/dh_t -> dx (N, D), State of dL/dh_{t-1}, gradient of Params."""
    da, dprev = recur_backward(params, dstate, local_derivatives(cache))
    dx, dparams = gradients(params, cache, da)
    return dx, dprev, dparams


LAGS, SEEDS, STEPS, WINDOW, N = (10, 25, 50, 100), range(5), 1000, 25, 32
# name: units, and the function of (rng, D, H, T) that draws the parameters.
# 746 units have 2 H (D + 1) = 4,476 parameters, the LSTM with 32 has 4,480.
MODELS = {
    "minGRU": (32, lambda rng, D, H, T: init(rng, D, H)),
    "minGRU, chrono": (32, init_chrono),
    "minGRU, 746 units": (746, lambda rng, D, H, T: init(rng, D, H)),
    "minGRU, 746 units, chrono": (746, init_chrono),
}
# The wide ones take most of the time, and at T = 100 as much as all other runs together.
RUNS = [(name, T) for T in LAGS for name, (H, _) in MODELS.items() if T < 100 or H == 32]


def one_run(name, T, seed, steps=STEPS):
    """Squared error of each WINDOW updates, (steps / WINDOW,)."""
    cell, rng = sys.modules[__name__], np.random.default_rng(seed)
    H, draw = MODELS[name]
    model = train.Model(draw(rng, 2, H, T), readout.init(rng, H, 1))
    batches = [data.at_last_step(*data.adding(rng, T, N)) for _ in range(steps)]
    fit = partial(train.fit, loss=readout.squared_error, progress=False)
    return 2 * fit(cell, model, batches, lr=0.01, clip=1.0).losses.reshape(-1, WINDOW).mean(axis=1)


def main(out):
    results = {}
    for name, T in RUNS:
        runs = [one_run(name, T, seed) for seed in SEEDS]
        results[f"{name}/{T}"] = np.array(runs, np.float32)  # (seeds, points)
        np.savez_compressed(out, **results)
        print(f"{name:25} T = {T:3}", *(f"{v[-1]:.4f}" for v in runs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
