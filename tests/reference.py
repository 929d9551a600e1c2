"""The cells once more, gate by gate and product by product, sharing no line with the library.

Each cell is a function of one sequence: parameters as a dict of arrays, x (T, N, D), the state as a
tuple -> h (T, N, H) and the last state. Everything is analytic, for the complex step.
"""

import numpy as np


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def _affine(x, h, p, k, H):
    """x W_xk + h W_hk + b_k with gate k's own columns."""
    columns = slice(k * H, (k + 1) * H)
    return (
        np.einsum("nd,dk->nk", x, p["W_x"][:, columns])
        + np.einsum("nh,hk->nk", h, p["W_h"][:, columns])
        + p["b"][columns]
    )


def _rnn(phi):
    def step(p, x, state):
        (h,) = state
        return (phi(_affine(x, h, p, 0, h.shape[1])),)

    return step


def _lstm(p, x, state):
    h, c = state
    i, f, g, o = (_affine(x, h, p, k, h.shape[1]) for k in range(4))
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _peephole(p, x, state):
    h, c = state
    i, f, g, o = (_affine(x, h, p, k, h.shape[1]) for k in range(4))
    new = _sigmoid(f + p["p_f"] * c) * c + _sigmoid(i + p["p_i"] * c) * np.tanh(g)
    return _sigmoid(o + p["p_o"] * new) * np.tanh(new), new


def _coupled(p, x, state):
    h, c = state
    f, g, o = (_affine(x, h, p, k, h.shape[1]) for k in range(3))
    g = np.tanh(g)
    c = g + _sigmoid(f) * (c - g)
    return _sigmoid(o) * np.tanh(c), c


def _no_forget(p, x, state):
    h, c = state
    i, g, o = (_affine(x, h, p, k, h.shape[1]) for k in range(3))
    c = c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _hard(a, slope=0.2):
    s = 0.5 + slope * a
    return s * (s.real > 0) * (s.real < 1) + (s.real >= 1)


def _hard_gates(p, x, state):
    h, c = state
    i, f, g, o = (_affine(x, h, p, k, h.shape[1]) for k in range(4))
    c = _hard(f) * c + _hard(i) * np.tanh(g)
    return _hard(o) * np.tanh(c), c


def _layer_norm(p, x, state):
    def norm(a):
        centred = a - np.einsum("nk->n", a)[:, None] / a.shape[1]
        variance = np.einsum("nk,nk->n", centred, centred) / a.shape[1]
        return centred / np.sqrt(variance + 1e-5)[:, None]

    h, c = state
    a_x = p["gain_x"] * norm(np.einsum("nd,dk->nk", x, p["W_x"]))
    a_h = p["gain_h"] * norm(np.einsum("nh,hk->nk", h, p["W_h"]))
    i, f, g, o = np.split(a_x + a_h + p["b"], 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(p["gain_c"] * norm(c) + p["b_c"]), c


def _gru(p, x, state):
    (h,) = state
    H = h.shape[1]
    r = _sigmoid(_affine(x, h, p, 0, H))
    z = _sigmoid(_affine(x, h, p, 1, H))
    n = np.tanh(_affine(x, r * h, p, 2, H))
    return (n + z * (h - n),)


def _reset_after(p, x, state):
    (h,) = state
    H = h.shape[1]
    r = _sigmoid(_affine(x, h, p, 0, H))
    z = _sigmoid(_affine(x, h, p, 1, H))
    m = np.einsum("nh,hk->nk", h, p["W_h"][:, 2 * H :]) + p["b_n"]
    n = np.tanh(_affine(x, 0 * h, p, 2, H) + r * m)
    return (n + z * (h - n),)


STEPS = {
    "rnn": _rnn(np.tanh),
    "rnn_linear": _rnn(lambda a: a),
    "rnn_relu": _rnn(lambda a: a * (a.real > 0)),
    "lstm": _lstm,
    "gru": _gru,
    "reset_after": _reset_after,
    "peephole": _peephole,
    "coupled": _coupled,
    "no_forget": _no_forget,
    "hard_gates": _hard_gates,
    "per_gate": _lstm,
    "one_mask": _lstm,
    "layer_norm": _layer_norm,
}


def run(name, params, x, state):
    """h (T, N, H) and the last state of the cell of that name."""
    assert name in STEPS, f"write the step of {name} once more in tests/reference.py, into STEPS"
    p, state, hs = params._asdict(), tuple(state), []
    for x_t in x:
        state = STEPS[name](p, x_t, state)
        hs.append(state[0])
    return np.stack(hs), state
