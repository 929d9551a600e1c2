"""Train the LSTM with right and with wrong gradients to remember its first symbol (chapter 13).

python book/data/museum.py book/data/museum.npz
"""

import sys

import numpy as np

from classroom.mutants import MUTANTS, program
from lstm_lib import lstm, optim
from lstm_lib.train import Model, init

T, N, SYMBOLS, H, LR, CLIP = 12, 32, 4, 16, 0.01, 1.0
UPDATES, EVERY, SEEDS, TESTED = 400, 20, range(10), 256
TASKS = ("a target at every step", "one target at the end")
PROGRAMS = {"right": program()} | {m.name: program(m) for m in MUTANTS if m.cell == "lstm"}


def batch(rng, N):
    """Tokens (T, N); the target of every step is the first token."""
    x = rng.integers(SYMBOLS, size=(T, N))
    return x, np.broadcast_to(x[0], x.shape)


def weights(task, N):
    w = np.ones((T, N))
    if task == TASKS[1]:
        w[:-1] = 0
    return w


def gradient(program, model, x, y, w):
    """Of the whole model, as the program computes it."""
    run = program.bptt.forward(program.cell, model.cell, x)
    u = program.readout.logits(model.readout, run.h)
    _, du = program.readout.cross_entropy(u, y, w)
    dh, doutput = program.readout.backward(model.readout, run.h, du)
    dstate = program.cell.zero_state(x.shape[1], H)
    return Model(program.bptt.backward(program.cell, model.cell, run, dh, dstate).dparams, doutput)


def accuracy(program, model, x, y):
    """Share of sequences whose last answer is right."""
    run = program.bptt.forward(program.cell, model.cell, x)
    return (program.readout.logits(model.readout, run.h)[-1].argmax(axis=-1) == y[-1]).mean()


def curve(program, task, seed, updates=UPDATES):
    """Accuracy after 0, EVERY, 2 EVERY, ... updates."""
    rng = np.random.default_rng(seed)
    model, moments = init(rng, lstm, SYMBOLS, H, SYMBOLS), None
    test, points = batch(np.random.default_rng(1000 + seed), TESTED), []
    for k in range(updates + 1):
        if k % EVERY == 0:
            points.append(accuracy(program, model, *test))
        grads = gradient(program, model, *batch(rng, N), weights(task, N))
        grads, _ = optim.clip_by_norm(grads, CLIP)
        model, moments = optim.adam(model, grads, moments, LR)
    return points


def main(out, seeds=SEEDS, updates=UPDATES):
    curves = [
        [[curve(p, task, seed, updates) for seed in seeds] for p in PROGRAMS.values()]
        for task in TASKS
    ]
    np.savez_compressed(
        out,
        accuracy=np.array(curves, np.float32),  # (tasks, programs, seeds, points)
        programs=np.array(list(PROGRAMS)),
        updates=np.arange(0, updates + 1, EVERY),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
