"""The running example is small enough to be computed with plain numbers."""

import json
from math import exp, log, tanh
from pathlib import Path

import numpy as np
import pytest

from lstm_lib import bptt, example, gru, lstm, readout, rnn


def test_example_by_hand():
    h = [0.0, 0.0]
    losses = []
    for row, target in zip([(0.5, -0.5), (1.0, 0.0), (1.0, 0.0)], [1, 1, 0], strict=True):
        h = [
            tanh(row[0] + 0.5 * h[0] - 0.5 * h[1]),
            tanh(row[1] + 0.5 * h[0] + 1.0 * h[1]),
        ]
        u = [h[0] + 0.5 * h[1], -h[0]]
        losses.append(log(exp(u[0]) + exp(u[1])) - u[target])

    run = bptt.forward(rnn, example.rnn, example.x)
    L, _ = readout.cross_entropy(readout.logits(example.output, run.h), example.y)
    assert run.h[-1, 0] == pytest.approx(h)
    assert pytest.approx(sum(losses) / 3) == L


def sigma(a):
    return 1 / (1 + exp(-a))


def test_lstm_example_by_hand():
    h, c, losses = [0.0, 0.0], [0.0, 0.0], []
    for symbol, target in zip([0, 1, 1], [1, 1, 0], strict=True):
        i = [sigma(1), 0.5] if symbol == 0 else [0.5, sigma(1)]
        f = [sigma(1 + h[0] / 2), sigma(1 + h[1] / 2)]
        pull = 1.0 if symbol == 0 else -0.5
        g = [tanh(pull + h[0] / 2 + h[1] / 2), tanh(-pull + h[1] / 2)]
        o = [sigma(h[0]), sigma(h[1])]
        c = [f[k] * c[k] + i[k] * g[k] for k in (0, 1)]
        h = [o[k] * tanh(c[k]) for k in (0, 1)]
        u = [h[0] + 0.5 * h[1], -h[0]]
        losses.append(log(exp(u[0]) + exp(u[1])) - u[target])

    run = bptt.forward(lstm, example.lstm, example.x)
    L, _ = readout.cross_entropy(readout.logits(example.output, run.h), example.y)
    assert run.state.h[0] == pytest.approx(h)
    assert run.state.c[0] == pytest.approx(c)
    assert pytest.approx(sum(losses) / 3) == L


def test_gru_example_by_hand():
    h = [0.0, 0.0]
    for symbol in (0, 1, 1):
        r = [sigma(-h[1]), sigma(h[0] - h[1] / 2)]
        z = [sigma(-1), sigma(0)] if symbol == 0 else [sigma(0), sigma(-1)]
        pull = -1.0 if symbol == 0 else 0.5
        q = [r[0] * h[0], r[1] * h[1]]
        n = [tanh(pull + q[0] + q[1]), tanh(-1 - q[0] + q[1])]
        h = [z[k] * h[k] + (1 - z[k]) * n[k] for k in (0, 1)]
    assert bptt.forward(gru, example.gru, example.x).h[-1, 0] == pytest.approx(h)


def test_example_is_the_same_from_tokens():
    from_tokens = bptt.forward(rnn, example.rnn, example.tokens)
    assert np.array_equal(from_tokens.h, bptt.forward(rnn, example.rnn, example.x).h)
    assert [example.symbols[k] for k in example.tokens[:, 0]] == ["a", "b", "b"]
    assert [example.symbols[k] for k in example.y[:, 0]] == ["b", "b", "a"]


@pytest.mark.parametrize(
    ("symbol", "weights"),
    [
        ("W_{xh}", example.rnn.W_x),
        ("W_{hh}", example.rnn.W_h),
        ("W_{hy}", example.output.W_hy),
    ],
)
def test_notation_page_lists_the_weights(symbol, weights):
    file = Path(__file__).parents[1] / "book" / "00-notation.ipynb"
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    page = "\n".join("".join(cell["source"]) for cell in cells)
    matrix = page.split(symbol + r" = \begin{bmatrix}")[1].split(r"\end{bmatrix}")[0]
    assert [[float(v) for v in row.split("&")] for row in matrix.split(r"\\")] == weights.tolist()
