"""What a submission of P8 is judged by: right pairs of step and step_backward, and wrong ones.

The wrong ones are the notebook's right pair with one text in the place of another.
"""

from types import SimpleNamespace
from typing import NamedTuple

import nbformat
import numpy as np

from lstm_lib import lstm
from lstm_lib.functions import sigmoid

from .release import FOLDER

CHANGES = (
    ("sigmoid(a_i), sigmoid(a_f)", "sigmoid(a_f), sigmoid(a_i)"),
    ("a_i, a_f, a_g, a_o = np.split", "a_i, a_f, a_o, a_g = np.split"),
    ("c_new = f * c + i * g", "c_new = f * c + i + g"),
    ("return o * tanh_c, c_new,", "return o * tanh_c, tanh_c,"),
    ("return o * tanh_c, c_new,", "return o * c_new, c_new,"),
    ("(x, h, c, i, f, g, o, tanh_c)\n", "(x, h, c_new, i, f, g, o, tanh_c)\n"),
    ("(x, h, c, i, f, g, o, tanh_c)\n", "(x, o * tanh_c, c, i, f, g, o, tanh_c)\n"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = dh * o * (1 - tanh_c**2)"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = (dc + dh * o) * (1 - tanh_c**2)"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = dc + dh * o * (1 - np.tanh(tanh_c)**2)"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = dc + dh * o"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = dc + dh * (1 - tanh_c**2)"),
    ("dc = dc + dh * o * (1 - tanh_c**2)", "pass"),
    ("da_i = dc * g * i * (1 - i)", "da_i = dc * g"),
    ("da_i = dc * g * i * (1 - i)", "da_i = dc * f * i * (1 - i)"),
    ("da_f = dc * c * f * (1 - f)", "da_f = dc * c"),
    ("da_f = dc * c * f * (1 - f)", "da_f = dc * c * i * (1 - i)"),
    ("da_f = dc * c * f * (1 - f)", "da_f = dh * c * f * (1 - f)"),
    ("da_f = dc * c * f * (1 - f)", "da_f = dc * f * (1 - f)"),
    ("da_g = dc * i * (1 - g**2)", "da_g = dc * i * g * (1 - g)"),
    ("da_g = dc * i * (1 - g**2)", "da_g = dc * i * (1 - np.tanh(g)**2)"),
    ("da_g = dc * i * (1 - g**2)", "da_g = dc * i"),
    ("da_o = dh * tanh_c * o * (1 - o)", "da_o = dh * o * (1 - o)"),
    ("da_o = dh * tanh_c * o * (1 - o)", "da_o = dh * tanh_c"),
    ("da_o = dh * tanh_c * o * (1 - o)", "da_o = dc * tanh_c * o * (1 - o)"),
    ("np.hstack([da_i, da_f, da_g, da_o])", "np.hstack([da_f, da_i, da_g, da_o])"),
    ("np.hstack([da_i, da_f, da_g, da_o])", "np.clip(np.hstack([da_i, da_f, da_g, da_o]), -5, 5)"),
    ("np.hstack([da_i, da_f, da_g, da_o])", "np.hstack([da_i, da_f, da_g, da_o]) / len(x)"),
    ('"b": da.sum(axis=0)', '"b": da.sum()'),
    ('"b": da.sum(axis=0)', '"b": da.sum(axis=0, keepdims=True)'),
    ('"b": da.sum(axis=0)', '"b": da.mean(axis=0)'),
    ('"b": da.sum(axis=0)', '"b": da[0]'),
    ('"b": da.sum(axis=0)', '"b": np.zeros(da.shape[1])'),
    ('"W_x": x.T @ da', '"W_x": x.T @ da / len(x)'),
    ('"W_x": x.T @ da', '"W_x": x[:1].T @ da[:1]'),
    ('"W_h": h.T @ da', '"W_h": (o * tanh_c).T @ da'),
    ('"W_h": h.T @ da', '"W_h": c.T @ da'),
    ('da @ params["W_h"].T', 'da[:, :h.shape[1]] @ params["W_h"][:, :h.shape[1]].T'),
    ('da @ params["W_h"].T', "np.zeros_like(h)"),
    ('da @ params["W_h"].T', 'dh + da @ params["W_h"].T'),
    ("dc * f, dparams", "dc, dparams"),
    ("dc * f, dparams", "dc * i, dparams"),
    ("dc * f, dparams", "dc * f * (1 - tanh_c**2), dparams"),
    ('da @ params["W_x"].T', '(da @ params["W_x"].T)[::-1]'),
)


def split_step(params, x, h, c):
    H, gates = h.shape[1], {}
    for k, name in enumerate("ifgo"):
        cut = slice(k * H, (k + 1) * H)
        a = x @ params["W_x"][:, cut] + h @ params["W_h"][:, cut] + params["b"][cut]
        gates[name] = np.tanh(a) if name == "g" else 1 / (1 + np.exp(-a))
    c_new = gates["f"] * c + gates["i"] * gates["g"]
    return gates["o"] * np.tanh(c_new), c_new, (x, h, c, gates, c_new)


def split_backward(params, dh, dc, cache):
    x, h, c, gates, c_new = cache
    H, dc = h.shape[1], dc + dh * gates["o"] / np.cosh(c_new) ** 2
    d = {"i": dc * gates["g"], "f": dc * c, "g": dc * gates["i"], "o": dh * np.tanh(c_new)}
    dparams = {k: np.zeros_like(v) for k, v in params.items()}
    dx, dh_prev = np.zeros_like(x), np.zeros_like(h)
    for k, name in enumerate("ifgo"):
        cut, gate = slice(k * H, (k + 1) * H), gates[name]
        da = d[name] * (1 - gate**2 if name == "g" else gate - gate**2)
        dparams["W_x"][:, cut] += x.T @ da
        dparams["W_h"][:, cut] += h.T @ da
        dparams["b"][cut] += da.sum(axis=0)
        dx += da @ params["W_x"][:, cut].T
        dh_prev += da @ params["W_h"][:, cut].T
    return dx, dh_prev, gates["f"] * dc, dparams


def joined_step(params, x, h, c):
    rows = np.hstack([h, x, np.ones((len(x), 1))])
    W = np.vstack([params["W_h"], params["W_x"], params["b"]])
    a_i, a_f, a_g, a_o = np.split(rows @ W, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_new = f * c + i * g
    return o * np.tanh(c_new), c_new, [rows, W, c, i, f, g, o, np.tanh(c_new)]


def joined_backward(params, dh, dc, cache):
    rows, W, c, i, f, g, o, t = cache
    H, dc = c.shape[1], dc + dh * o * (1 - t) * (1 + t)
    parts = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)]
    da = np.concatenate([*parts, dh * t * o * (1 - o)], axis=1)
    dW, drows = rows.T @ da, da @ W.T
    dparams = {"W_h": dW[:H], "W_x": dW[H:-1], "b": dW[-1]}
    return drows[:, H:-1], drows[:, :H], dc * f, dparams


def library_step(params, x, h, c):
    state, cache = lstm.step(lstm.Params(**params), x, lstm.State(h, c))
    return state.h, state.c, cache


def library_backward(params, dh, dc, cache):
    dx, dprev, dparams = lstm.step_backward(lstm.Params(**params), lstm.State(dh, dc), cache)
    return dx, dprev.h, dprev.c, dparams._asdict()


def coupled_step(params, x, h, c):
    """Another cell on the same arrays: i is 1 - f, and the block of i has the gradient 0."""
    a = x @ params["W_x"] + h @ params["W_h"] + params["b"]
    _, a_f, a_g, a_o = np.split(a, 4, axis=1)
    f, g, o = sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_new = f * c + (1 - f) * g
    return o * np.tanh(c_new), c_new, (x, h, c, f, g, o, np.tanh(c_new))


def coupled_backward(params, dh, dc, cache):
    x, h, c, f, g, o, t = cache
    dc = dc + dh * o * (1 - t**2)
    parts = [0 * f, dc * (c - g) * f * (1 - f), dc * (1 - f) * (1 - g**2)]
    da = np.hstack([*parts, dh * t * o * (1 - o)])
    dparams = {"W_x": x.T @ da, "W_h": h.T @ da, "b": da.sum(axis=0)}
    return da @ params["W_x"].T, da @ params["W_h"].T, dc * f, dparams


def printed():
    """The names that the notebook's given cells define."""
    cells = {c.id: c.source for c in nbformat.read(FOLDER / "P8.ipynb", as_version=4).cells}
    names = {}
    exec(cells["pair"], names)
    exec(cells["variant"], names)
    return cells["pair"], SimpleNamespace(**names)


class Pair(NamedTuple):
    says: str  # what it is, or what is wrong with it
    step: object
    step_backward: object


def right():
    """Pairs whose backward pass is the gradient of their step."""
    _, names = printed()
    return [
        Pair("the notebook's", names.right_step, names.right_backward),
        Pair("the notebook's other one", names.other_step, names.other_backward),
        Pair("gate by gate", split_step, split_backward),
        Pair("on joined rows", joined_step, joined_backward),
        Pair("the library's", library_step, library_backward),
        Pair("of a coupled cell", coupled_step, coupled_backward),
    ]


def wrong():
    """Pairs with one change each that makes them wrong.

    Raises: ValueError if a text to be changed no longer stands in the notebook once.
    """
    text, _ = printed()
    pairs = []
    for old, new in CHANGES:
        if text.count(old) != 1:
            raise ValueError(f"expected {old!r} once in P8, got it {text.count(old)} times")
        exec(text.replace(old, new), names := {})
        says = f"`{old.strip()}` is `{new.strip()}`"
        pairs.append(Pair(says, names["right_step"], names["right_backward"]))
    return pairs
