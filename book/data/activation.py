"""Train plain recurrent networks with three activations on two tasks (chapter 5).

python book/data/activation.py book/data/activation.npz
"""

import sys

import numpy as np

from lstm_lib import data, init, readout, rnn, train
from lstm_lib.variants import rnn_linear, rnn_relu

H, N, CLIP, STEPS, WINDOW = 32, 32, 1.0, 400, 20
RATES, SEEDS = (0.001, 0.003, 0.01), range(5)


def memory(rng, T, N):
    """Report the first of T numbers; the others are small and mean nothing."""
    x = 0.1 * rng.standard_normal((T, N, 1))
    x[0] = rng.uniform(-1, 1, size=(N, 1))
    return data.at_last_step(x, x[0].copy())


def adding(rng, T, N):
    """Report the sum of the two marked numbers."""
    return data.at_last_step(*data.adding(rng, T, N))


TASKS = {"memory": (memory, 20, 1), "adding": (adding, 10, 2)}  # task, T, D
# name: cell, function that draws W_h
MODELS = {
    "tanh": (rnn, init.orthogonal),
    "relu": (rnn_relu, init.orthogonal),
    "relu, identity": (rnn_relu, lambda rng, H: np.eye(H)),
    "linear": (rnn_linear, init.orthogonal),
}


def one_run(task, name, lr, seed, steps=STEPS):
    """Train; return the mean squared error of each WINDOW steps: (steps / WINDOW,)."""
    (draw, T, D), (cell, recurrent) = TASKS[task], MODELS[name]
    rng = np.random.default_rng(seed)
    params = cell.Params(init.glorot(rng, D, H), recurrent(rng, H), np.zeros(H))
    model = train.Model(params, readout.init(rng, H, 1))
    batches = [draw(rng, T, N) for _ in range(steps)]
    fit = train.fit(
        cell, model, batches, lr=lr, clip=CLIP, loss=readout.squared_error, progress=False
    )
    return 2 * fit.losses.reshape(-1, WINDOW).mean(axis=1)


def main(out):
    results = {}
    for task in TASKS:
        for name in MODELS:
            for lr in RATES:
                runs = np.array([one_run(task, name, lr, seed) for seed in SEEDS], np.float32)
                results[f"{task}/{name}/{lr}"] = runs  # (seeds, points)
                last = " ".join(f"{v:.4f}" for v in sorted(runs[:, -1]))
                print(f"{task:7} {name:15} rate {lr:5}  squared error {last}", flush=True)
    np.savez_compressed(out, **results)


if __name__ == "__main__":
    main(sys.argv[1])
