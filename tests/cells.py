"""What the tests of the library share: its cells, random problems for them, and their loss."""

import pkgutil
from importlib import import_module
from typing import NamedTuple

import numpy as np

from lstm_lib import bptt, gru, lstm, rnn, tree, variants
from lstm_lib.variants import reset_after, rnn_linear, rnn_relu


def by_name(*cells):
    return {cell.__name__.rpartition(".")[2]: cell for cell in cells}


CELLS = by_name(rnn, rnn_linear, rnn_relu, lstm, gru, reset_after)
NAMES = (found.name for found in pkgutil.iter_modules(variants.__path__))
VARIANTS = {name: import_module(f"lstm_lib.variants.{name}") for name in NAMES if name not in CELLS}


class Variables(NamedTuple):
    """What the loss depends on, and the form of its gradient."""

    params: tuple
    x: np.ndarray  # (T, N, D)
    state: tuple  # before the first step


class Problem(NamedTuple):
    at: Variables
    dh: np.ndarray  # (T, N, H), weight of every h_t in the loss
    dstate: tuple  # weight of the last state: what arrives from step T + 1


def problem(cell, T, N, D=3, H=4, seed=0, dtype=np.float64):
    """Random numbers everywhere: no zero state, no zero bias, no loss that ignores a step."""
    rng = np.random.default_rng(seed)

    def draw(shape):
        scale = shape[0] ** -0.5 if len(shape) == 2 else 0.5  # keeps 200 steps from exploding
        return (scale * rng.standard_normal(shape)).astype(dtype)

    def state():
        return cell.State(*(rng.standard_normal((N, H)).astype(dtype) for _ in cell.State._fields))

    params = cell.Params(*map(draw, cell.shapes(D, H)))
    x = rng.standard_normal((T, N, D)).astype(dtype)
    return Problem(
        Variables(params, x, state()), rng.standard_normal((T, N, H)).astype(dtype), state()
    )


def loss(cell, problem, at):
    """Weighted sum of every hidden state and of the last state, a scalar."""
    run = bptt.forward(cell, at.params, at.x, at.state)
    last = sum((s * ds).sum() for s, ds in zip(run.state, problem.dstate, strict=True))
    return (run.h * problem.dh).sum() + last


def gradient(cell, problem):
    """The library's gradient of the loss, as Variables; dx is None for tokens."""
    at = problem.at
    run = bptt.forward(cell, at.params, at.x, at.state)
    grads = bptt.backward(cell, at.params, run, problem.dh, problem.dstate)
    return Variables(grads.dparams, grads.dx, grads.dstates[0])


def freeze(values):
    """A copy of a tree whose arrays refuse to be written to."""

    def frozen(v):
        v = v.copy()
        v.flags.writeable = False
        return v

    return tree.map(frozen, values)


def one_hot(tokens, D, dtype=np.float64):
    """Unit rows (..., D)."""
    return (tokens[..., None] == np.arange(D)).astype(dtype)
