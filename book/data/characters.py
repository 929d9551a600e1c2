"""Train character models: cells of one size, the source's preset, a Chinese text (chapter 10).

python book/data/characters.py book/data/characters.npz
"""

import sys
from collections import deque
from itertools import islice
from pathlib import Path

import numpy as np

from lstm_lib import character, gru, lstm, rnn, train

DATA = Path(__file__).parent
# Hidden units with which all three have nearly the same number of parameters.
UNITS = {"RNN": (rnn, 140), "GRU": (gru, 76), "LSTM": (lstm, 64)}
RATES, SEEDS, EPOCHS, WINDOW = (0.005, 0.01, 0.02, 0.04), range(5), 6, 58
SHOWN = (1, 100, 1000, 10000, 40000)
TEMPERATURES = (0.5, 0.8, 1.0)
CHINESE = {"streams": 16, "steps": 32, "epochs": 40, "patience": 3}


def settings(**changes):
    """The command's settings with some changed."""
    return vars(character.parser().parse_args(["text"])) | changes


def one_run(name, lr, seed, steps=None):
    """Train, or only so many steps: the loss of each WINDOW steps, and the validation loss."""
    text, (cell, H) = character.read_text(DATA / "persuasion.txt", 32, 64), UNITS[name]
    V, part = len(text.vocab), 1 if steps is None else steps / (EPOCHS * len(text.train))
    model = train.init(np.random.default_rng(seed), cell, V, H, V, np.float32)
    fitted = train.fit(
        cell,
        model,
        text.train[:steps],
        epochs=EPOCHS if steps is None else 1,
        lr=lambda done: lr * (1 - done * part),
        carry=True,
        progress=False,
    )
    losses = fitted.losses[: len(fitted.losses) // WINDOW * WINDOW]
    valid = train.evaluate(cell, fitted.model, text.valid, carry=True)
    return losses.reshape(-1, WINDOW).mean(axis=1), valid


def source(name, steps=None):
    """The source's preset, or only so many steps: smoothed loss of each 100, samples on the way."""
    chosen = settings(**character.SOURCE, cell=name)
    text = character.read_text(DATA / "persuasion.txt", chosen["streams"], chosen["steps"])
    training = character.steps(chosen, text, character.begin(chosen, len(text.vocab)))
    losses, samples = [], []
    for progress in islice(training, steps):
        if len(progress.losses) in SHOWN and not progress.valid:
            samples.append(character.sample(chosen, text, progress.model, 200))
        losses = progress.losses
    return train.smoothed(losses, np.log(len(text.vocab)))[99::100], samples


def chinese(steps=None):
    """The Analects, or only so many steps: losses, validation losses, samples of the best model."""
    chosen = settings(**CHINESE)
    text = character.read_text(DATA / "lunyu.txt", chosen["streams"], chosen["steps"])
    training = character.steps(chosen, text, character.begin(chosen, len(text.vocab)))
    (progress,) = deque(islice(training, steps), maxlen=1)
    model = progress.best or progress.model
    samples = [
        character.sample(chosen, text, model, 120, "子曰：", temperature)
        for temperature in TEMPERATURES
    ]
    return progress.losses, progress.valid, samples


def main(out):
    results = {}
    for name in UNITS:
        for lr in RATES:
            runs, valid = zip(*(one_run(name, lr, seed) for seed in SEEDS), strict=True)
            results[f"{name}/{lr}"] = np.array(runs, np.float32)  # (seeds, points)
            results[f"{name}/{lr}/valid"] = np.array(valid, np.float32)  # (seeds,)
            print(
                f"{name:4} rate {lr}  validation", *(f"{v:.4f}" for v in sorted(valid)), flush=True
            )
    for name in ("rnn", "gru", "lstm"):
        losses, samples = source(name)
        results[f"source/{name}"] = losses.astype(np.float32)
        results[f"source/{name}/samples"] = np.array(samples)
        print(f"source {name:4} smoothed loss {losses[-1]:.3f}", flush=True)
    losses, valid, samples = chinese()
    results |= {"chinese": np.array(losses, np.float32), "chinese/valid": np.array(valid)}
    results["chinese/samples"] = np.array(samples)
    print(f"chinese  validation {min(valid):.3f}", flush=True)
    np.savez_compressed(out, **results)


if __name__ == "__main__":
    main(sys.argv[1])
