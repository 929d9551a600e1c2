"""Train the LSTM and its variants on two tasks (chapter 11).

python book/data/variants.py book/data/variants.npz
"""

import sys
from pathlib import Path

import numpy as np

from lstm_lib import character, data, dropout, gru, lstm, optim, readout, train
from lstm_lib.variants import bind, coupled, hard_gates, no_forget, one_mask, peephole, per_gate

DATA = Path(__file__).parent
SEEDS, WINDOW = range(5), 20
CELLS = {
    "LSTM": lstm,
    "peephole": peephole,
    "coupled": coupled,
    "no forget gate": no_forget,
    "hard, slope 1/5": hard_gates,
    "hard, slope 1/6": bind(hard_gates, slope=1 / 6),
    "GRU": gru,
}
DROPPED = {"no mask": None, "one mask": (one_mask, 1), "four masks": (per_gate, 4)}
T, N, H, UPDATES = 50, 32, 32, 1000
UNITS, CHARACTERS, EPOCHS, DROP_EPOCHS, RATE = 64, 60_000, 5, 12, 0.25


def adding(name, seed, updates=UPDATES):
    """The adding problem: the mean squared error of each WINDOW updates."""
    cell, rng = CELLS[name], np.random.default_rng(seed)
    model = train.init(rng, cell, 2, H, 1)
    batches = [data.at_last_step(*data.adding(rng, T, N)) for _ in range(updates)]
    fit = train.fit(
        cell, model, batches, lr=0.01, clip=1.0, loss=readout.squared_error, progress=False
    )
    return 2 * fit.losses.reshape(-1, WINDOW).mean(axis=1)


def text(length=CHARACTERS):
    """The beginning of the novel in minibatches, 20 streams in pieces of 50."""
    characters = (DATA / "persuasion.txt").read_text(encoding="ascii")[:length]
    vocab = data.vocabulary(characters)
    parts = data.split(data.encode(characters, vocab))
    return character.Text(vocab, *(data.minibatches(ids, 20, 50) for ids in parts))


def novel(name, seed, length=CHARACTERS, epochs=EPOCHS):
    """A character model: the validation loss at the end."""
    pages, cell = text(length), CELLS[name]
    V = len(pages.vocab)
    model = train.init(np.random.default_rng(seed), cell, V, UNITS, V, np.float32)
    fitted = train.fit(
        cell,
        model,
        pages.train,
        epochs=epochs,
        lr=lambda done: 0.01 * (1 - done),
        carry=True,
        progress=False,
    )
    return train.evaluate(cell, fitted.model, pages.valid, carry=True)


def dropped(name, seed, length=CHARACTERS, epochs=DROP_EPOCHS):
    """The same with dropout on the hidden state: validation loss after each epoch, no mask there.

    Masks are drawn anew for each minibatch, and the state is carried.
    """
    pages, rng = text(length), np.random.default_rng(seed)
    V = len(pages.vocab)
    model = train.init(rng, lstm, V, UNITS, V, np.float32)
    moments, valid = None, []
    for epoch in range(epochs):
        state = None
        for x, y in pages.train:
            cell = lstm
            if DROPPED[name]:
                variant, count = DROPPED[name]
                masks = dropout.draw(rng, x.shape[1], V, UNITS, RATE, count)
                cell = bind(variant, masks=masks._replace(x=(None,) * count))
            _, grads, state = train.gradient(cell, model, x, y, state=state)
            grads, _ = optim.clip_by_norm(grads, 1.0)
            model, moments = optim.adam(model, grads, moments, 0.01 * (1 - epoch / epochs))
        valid.append(train.evaluate(lstm, model, pages.valid, carry=True))
    return np.array(valid)


def main(out):
    results = {}
    runs = {"adding": (adding, CELLS), "novel": (novel, CELLS), "dropout": (dropped, DROPPED)}
    for task, (train_one, names) in runs.items():
        for name in names:
            made = np.array([train_one(name, seed) for seed in SEEDS], np.float32)
            results[f"{task}/{name}"] = made
            last = made.reshape(len(SEEDS), -1)[:, -1]
            print(f"{task:7} {name:15}", *(f"{v:.4f}" for v in sorted(last)), flush=True)
            np.savez_compressed(out, **results)


if __name__ == "__main__":
    main(sys.argv[1])
