"""What a text is doing at each character, and how well the units of a network tell (chapter 14).

python book/data/inside.py book/data/inside.npz
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_lib import character, data, lstm, train

HERE = Path(__file__).parent
TEXTS = {"novel": "persuasion", "program": "select"}
HALF = 12_000  # characters on which a unit is chosen, and again as many on which it is judged
WARM = 200  # characters at the start of each half that are read and not counted
SEEDS = range(10)  # of networks that are not trained
AGAIN = range(1, 5)  # of models of the program beside the one that the book has
COMMAND = ("--streams", "16", "--steps", "128")


class Reading(NamedTuple):
    """The first 2 HALF characters of a text's held-out part, one half a column."""

    vocab: str
    x: np.ndarray  # (HALF, 2), characters as tokens
    y: np.ndarray  # (HALF, 2), the characters that follow
    labels: dict  # property to (HALF, 2), truth values or counts, x included


def quotations(text):
    """Whether an opening mark was read in this paragraph, and no closing one since."""
    paragraphs = re.split(r"(?<=\n\n)", text)
    marks = [np.cumsum([c == '"' for c in paragraph]) for paragraph in paragraphs]
    return np.concatenate(marks) % 2 == 1


def comments_and_strings(text):
    """Whether `/*` was read and no `*/` since; whether an opening `"` and no closing one."""
    comment, string = np.zeros((2, len(text)), bool)
    tokens = r"""/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\])'"""
    for found in re.finditer(tokens, text, re.S):
        if found[0][0] == "/":
            comment[found.start() + 1 : found.end() - 1] = True
        elif found[0][0] == '"':
            string[found.start() : found.end() - 1] = True
    return comment, string


def lines(text):
    """How many characters of its line stand before each; how many spaces the line began with."""
    column, indent = [], []
    for line in text.splitlines(keepends=True):
        leading = len(line) - len(line.lstrip(" "))
        column += range(len(line))
        indent += [min(k + 1, leading) for k in range(len(line))]
    return np.array(column), np.array(indent)


def read(name):
    """A Reading of the novel or of the program."""
    text = (HERE / f"{TEXTS[name]}.txt").read_text(encoding="ascii")
    column, indent = lines(text)
    if name == "novel":
        labels = {"quotation": quotations(text), "column": column}
    else:
        comment, string = comments_and_strings(text)
        labels = {"comment": comment, "string": string, "indent": indent, "column": column}
    vocab = data.vocabulary(text)
    ids = data.encode(text, vocab)
    start = len(data.split(ids)[0])

    def halves(v, ahead=0):
        return v[start + ahead :][: 2 * HALF].reshape(2, HALF).T

    labels = {key: halves(v) for key, v in labels.items()}
    return Reading(vocab, halves(ids), halves(ids, 1), labels)


def cells(model, x, piece=500):
    """Cell states c_t (T, N, H) of an LSTM that reads x (T, N), its state carried."""
    c, state = [], None
    for start in range(0, len(x), piece):
        run, _ = train.forward(lstm, model, x[start : start + piece], state)
        c += [run.caches.prev.c[1:], run.state.c[None]]
        state = run.state
    return np.concatenate(c)


def ranks(v):
    """Rank of each entry in its column, 1 for the least; equal entries share their mean rank."""

    def of_column(v):
        _, group, count = np.unique(v, return_inverse=True, return_counts=True)
        return (np.cumsum(count) - (count - 1) / 2)[group]

    return np.apply_along_axis(of_column, 0, v)


def scores(r, labels):
    """How well each unit, of ranks r (n, H), tells each column of labels (n, m): (H, m).

    For truth values the difference of mean ranks over n / 2, for counts Spearman's correlation.
    """
    n = len(r)
    if labels.dtype == bool:
        inside = labels.sum(axis=0)
        return r.T @ (2 / n * (labels / inside - ~labels / (n - inside)))
    r, y = r - r.mean(axis=0), ranks(labels)
    y = y - y.mean(axis=0)
    return r.T @ y / (n * r.std(axis=0)[:, None] * y.std(axis=0))


def probe(c, labels, to_c, ridge=1e-3):
    """Linear regression of labels (n,) on all units c (n, H), applied to to_c (n, H): (n,)."""
    mean, scale = c.mean(axis=0), c.std(axis=0)
    c, to_c = (c - mean) / scale, (to_c - mean) / scale
    H = c.shape[1]
    w = np.linalg.solve(
        c.T @ c / len(c) + ridge * np.eye(H), c.T @ (labels - labels.mean()) / len(c)
    )
    return to_c @ w


def judge(c, labels):
    """The best unit of the first half, its scores on both, and the second half's of a probe.

    Args: c (n, 2, H), labels (n, 2), one half a column.
    Returns: unit, score where it was chosen, score on the other half with the same sign, probe's.
    """
    first, second = (scores(ranks(c[:, k]), labels[:, k, None])[:, 0] for k in (0, 1))
    unit = np.abs(first).argmax()
    told = probe(c[:, 0], labels[:, 0], c[:, 1])
    all_units = scores(ranks(told[:, None]), labels[:, 1, None])[0, 0]
    return unit, abs(first[unit]), np.sign(first[unit]) * second[unit], all_units


def judged(model, name):
    """The judgement of a model's units for each property of a text."""
    reading = read(name)
    c = cells(model, reading.x)[WARM:]
    return {f"{name}/{key}": judge(c, labels[WARM:]) for key, labels in reading.labels.items()}


def untrained(name, seed, H=128):
    """The same of a network with initial weights."""
    V = len(read(name).vocab)
    model = train.init(np.random.default_rng(seed), lstm, V, H, V, np.float32)
    return judged(model, name)


def retrained(seed, folder, *options):
    """The same of the program's model, trained anew from another seed into a folder."""
    path = Path(folder) / f"select-{seed}.npz"
    settings = [*COMMAND, "--seed", str(seed), "--sample", "0", *options]
    character.main([str(HERE / "select.txt"), str(path), *settings])
    return judged(train.load(path, lstm)[0], "program")


def main(path, fresh=SEEDS, again=AGAIN, options=()):
    rows = {}

    def keep(kind, found):
        for key, row in found.items():
            rows.setdefault(f"{kind}/{key}", []).append(row)
        np.savez_compressed(path, **rows)
        print(len(rows), "arrays,", kind)

    for name in TEXTS:
        for seed in fresh:
            keep("fresh", untrained(name, seed))
    with tempfile.TemporaryDirectory() as folder:
        for seed in again:
            keep("again", retrained(seed, folder, *options))


if __name__ == "__main__":
    main(sys.argv[1])
