"""Exam questions on the running example with other weights, each a function of a numpy Generator.

A question returns what it asks, what is given, the numbers of the answer and the reason. Names are
LaTeX; an array of integers is a sequence of symbols. Where a question prints numbers that were
computed before, its answer goes on from the printed ones.
"""

from typing import NamedTuple

import numpy as np

from lstm_lib import bptt, gru, lstm, rnn

from .. import mutants

HAND, DERIVE, EXPLAIN = "by hand", "derive", "explain"
GRID = np.array([-1, -0.5, 0, 0.5, 1])


class Drawn(NamedTuple):
    asks: str
    given: dict
    values: dict
    why: str


class Entry(NamedTuple):
    draw: object  # Generator -> Drawn
    chapter: int
    kind: str
    points: int
    minutes: int


BANK = {}


def question(*about):
    """Enter a function into the bank: chapter, kind, points, minutes."""

    def enter(draw):
        BANK[draw.__name__] = Entry(draw, *about)
        return draw

    return enter


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def weights(rng, *shape):
    """Weights of the example's kind, of full rank and, if square, not symmetric."""
    while True:
        W = rng.choice(GRID, size=shape)
        if np.linalg.matrix_rank(W) == min(shape) and not np.array_equal(W, W.T):
            return W


def nonzero(rng, *shape):
    return rng.choice(GRID[GRID != 0], size=shape)


def symbols(rng, T=3):
    """Symbols (T,), two different ones among them."""
    while True:
        drawn = rng.integers(2, size=T)
        if 0 < drawn.sum() < T:
            return drawn


def printed(v):
    """The numbers as they stand on the paper."""
    return np.round(v, 4)


def one_hot(tokens):
    return np.eye(2)[tokens][:, None]  # (T, 1, 2)


def rnn_run(rng):
    """An RNN of the example's kind, its readout's weights, its symbols and its run."""
    params = rnn.Params(weights(rng, 2, 2), weights(rng, 2, 2), np.zeros(2))
    W_hy, tokens = weights(rng, 2, 2), symbols(rng)
    return params, W_hy, tokens, bptt.forward(rnn, params, one_hot(tokens))


def lstm_run(rng):
    """An LSTM like the example's: i reads the symbol, f and o the state, g both; b_f = 1."""
    zero, (i, f, o) = np.zeros((2, 2)), (np.diag(nonzero(rng, 2)) for _ in range(3))
    params = lstm.Params(
        W_x=np.hstack([i, zero, nonzero(rng, 2, 2), zero]),
        W_h=np.hstack([zero, f, weights(rng, 2, 2), o]),
        b=np.repeat([0.0, 1, 0, 0], 2),
    )
    tokens = symbols(rng)
    return params, tokens, bptt.forward(lstm, params, one_hot(tokens))


def gru_run(rng):
    """A GRU like the example's: r reads the state, z the symbol, n both."""
    zero = np.zeros((2, 2))
    params = gru.Params(
        W_x=np.hstack([zero, np.diag(nonzero(rng, 2)), nonzero(rng, 2, 2)]),
        W_h=np.hstack([weights(rng, 2, 2), zero, weights(rng, 2, 2)]),
        b=np.zeros(6),
    )
    tokens = symbols(rng)
    return params, tokens, bptt.forward(gru, params, one_hot(tokens))


SYMBOLS = {"x": "dx", "W_x": "dW_x", "W_h": "dW_h", "b": "db", "h_0": "dh_0", "c_0": "dc_0"}
SYMBOLS |= {"W_hy": "dW_{hy}", "b_y": "db_y"}


def tensors_hit(rng, cell, name, *mistakes):
    """The question which tensors a mistake of the museum makes wrong."""
    mutant = {m.name: m for m in mutants.MUTANTS}[pick(rng, *mistakes)]
    program, right = mutants.program(mutant, cell), mutants.program(cell=cell)
    errors = mutants.fingerprint(program, right, mutants.draw(rng, cell))
    hit = {k for k, e in errors.items() if e > 1e-11}
    shown = {k: SYMBOLS[k] for k in SYMBOLS if k in errors}
    mistake = mutant.says.partition(": ")[0].partition("; ")[0]  # without what would be right
    return Drawn(
        f'A program for {name} with a readout has one mistake: "{mistake}". Its gradients are '
        "compared with the complex step of its own forward pass, on five steps, two sequences, "
        "random states and biases, a loss at every step and a gradient that arrives from beyond. "
        f"Which of ${', '.join(shown.values())}$ are wrong, and why are the others right?",
        {},
        {f"e({symbol})": errors[k] for k, symbol in shown.items()},
        f'{_place(hit)} In full: "{mutant.says}". The relative errors are of one random case.',
    )


def _place(hit):
    if "h" in hit:
        return (
            "The mistake is in the forward pass, and the backward pass no longer belongs to it. "
            "The readout's gradient is right for the states that there are."
        )
    if hit <= {"W_x", "W_h", "b"}:
        return (
            "The mistake is in the last lines, where $da$ becomes a parameter's gradient. Nothing "
            "on the way back reads that result, so every other tensor is right."
        )
    return (
        "The mistake is on the way back, and every tensor that the gradient reaches after it is "
        "wrong. The readout lies before it and has the right gradient."
    )
