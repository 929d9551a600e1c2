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
}


def run(name, params, x, state):
    """h (T, N, H) and the last state of the cell of that name."""
    p, state, hs = params._asdict(), tuple(state), []
    for x_t in x:
        state = STEPS[name](p, x_t, state)
        hs.append(state[0])
    return np.stack(hs), state
