"""Programs as different hands write them: right ones, and each mistake of the museum in some.

`classroom.check` must accept the right ones and name the mistakes of the others, although none of
them shares a line with the library.
"""

from typing import NamedTuple

import numpy as np

from lstm_lib import bptt, gru, lstm, readout, rnn


def _s(a):
    return 1 / (1 + np.exp(-a))


def lstm_gate_by_gate(params, dstate, cache):
    H, (h_prev, c_prev), (i, f, g, o) = len(params.W_h), cache.prev, cache.gates
    dc = dstate.c + dstate.h * o * (1 - cache.tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_g = dc * i * (1 - g**2)
    da_o = dstate.h * cache.tanh_c * o * (1 - o)
    gates = da_i, da_f, da_g, da_o
    W_x, W_h = (np.split(W, 4, axis=1) for W in (params.W_x, params.W_h))
    dx = sum(da @ W.T for da, W in zip(gates, W_x, strict=True))
    dh_prev = sum(da @ W.T for da, W in zip(gates, W_h, strict=True))
    dW_x = np.concatenate([cache.x.T @ da for da in gates], axis=1)
    dW_h = np.concatenate([h_prev.T @ da for da in gates], axis=1)
    db = np.concatenate([da.sum(axis=0) for da in gates])
    assert db.shape == (4 * H,)
    return dx, lstm.State(h=dh_prev, c=dc * f), lstm.Params(dW_x, dW_h, db)


def lstm_joined(params, dstate, cache):
    """[x, h] times one matrix."""
    (i, f, g, o), D = cache.gates, len(params.W_x)
    z = np.hstack([cache.x, cache.prev.h])
    W = np.vstack([params.W_x, params.W_h])
    t = np.tanh(f * cache.prev.c + i * g)
    dc = np.copy(dstate.c)
    dc += dstate.h * o * (1 - t * t)
    da = np.hstack([dc * g, dc * cache.prev.c, dc * i, dstate.h * t])
    da *= np.hstack([i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)])
    dz, dW = da @ W.T, z.T @ da
    dparams = lstm.Params(dW[:D], dW[D:], np.ones(len(z)) @ da)
    return dz[:, :D], lstm.State(dz[:, D:], f * dc), dparams


def lstm_einsum(params, dstate, cache):
    H = dstate.h.shape[1]
    i, f, g, o = cache.gates
    dc = dstate.c + dstate.h * o / np.cosh(np.arctanh(cache.tanh_c)) ** 2
    to_c = np.stack([g * i * (1 - i), cache.prev.c * f * (1 - f), i * (1 - g**2), 0 * o], axis=1)
    to_h = np.stack([0 * i, 0 * f, 0 * g, cache.tanh_c * o * (1 - o)], axis=1)
    da = to_c * dc[:, None] + to_h * dstate.h[:, None]  # (N, 4, H)
    W_x, W_h = (W.reshape(-1, 4, H) for W in (params.W_x, params.W_h))
    back = lstm.State(np.einsum("nkh,jkh->nj", da, W_h), dc * f)
    dW_x = np.einsum("nd,nkh->dkh", cache.x, da).reshape(-1, 4 * H)
    dW_h = np.einsum("nj,nkh->jkh", cache.prev.h, da).reshape(-1, 4 * H)
    db = np.einsum("nkh->kh", da).reshape(-1)
    return np.einsum("nkh,dkh->nd", da, W_x), back, lstm.Params(dW_x, dW_h, db)


def lstm_row_by_row(params, dstate, cache):
    """One sequence after the other, each adding its outer products."""
    dW_x, dW_h, db = (np.zeros_like(v) for v in params)
    dx, dh, dc = (np.zeros_like(v) for v in (cache.x, cache.prev.h, cache.prev.c))
    for n in range(len(dx)):
        i, f, g, o = (gate[n] for gate in cache.gates)
        slope = 1 - cache.tanh_c[n] ** 2
        total = dstate.c[n] + dstate.h[n] * o * slope
        da = np.concatenate(
            [
                total * g * i * (1 - i),
                total * cache.prev.c[n] * f * (1 - f),
                total * i * (1 - g) * (1 + g),
                dstate.h[n] * cache.tanh_c[n] * o * (1 - o),
            ]
        )
        dW_x += np.outer(cache.x[n], da)
        dW_h += np.outer(cache.prev.h[n], da)
        db += da
        dx[n], dh[n], dc[n] = params.W_x @ da, params.W_h @ da, total * f
    return dx, lstm.State(dh, dc), lstm.Params(dW_x, dW_h, db)


def lstm_forward(params, x, state):
    W, b = np.vstack([params.W_x, params.W_h]), params.b
    a_i, a_f, a_g, a_o = np.split(np.hstack([x, state.h]) @ W + b, 4, axis=1)
    i, f, g, o = _s(a_i), _s(a_f), np.tanh(a_g), _s(a_o)
    c = f * state.c + i * g
    return lstm.State(h=o * np.tanh(c), c=c)


def rnn_by_hand(params, dstate, cache):
    delta = dstate.h - dstate.h * cache.h**2
    dparams = rnn.Params(cache.x.T @ delta, cache.prev.h.T @ delta, delta.sum(axis=0))
    return delta @ params.W_x.T, rnn.State(delta @ params.W_h.T), dparams


def gru_forward(params, x, state):
    h = state.h
    W_xr, W_xz, W_xn = np.split(params.W_x, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(params.W_h, 3, axis=1)
    b_r, b_z, b_n = np.split(params.b, 3)
    r = _s(x @ W_xr + h @ W_hr + b_r)
    z = _s(x @ W_xz + h @ W_hz + b_z)
    n = np.tanh(x @ W_xn + (r * h) @ W_hn + b_n)
    return gru.State(h=n + z * (h - n))


def gru_gate_by_gate(params, dstate, cache):
    dh, h, (r, z, n) = dstate.h, cache.prev.h, cache.gates
    U_r, U_z, U_n = np.split(params.W_h, 3, axis=1)
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h - n) * z * (1 - z)
    dq = da_n @ U_n.T
    da_r = dq * h * r * (1 - r)
    da = np.hstack([da_r, da_z, da_n])
    dh_prev = dh * z + dq * r + da_r @ U_r.T + da_z @ U_z.T
    dW_h = np.hstack([h.T @ da_r, h.T @ da_z, (r * h).T @ da_n])
    dparams = gru.Params(cache.x.T @ da, dW_h, da.sum(axis=0))
    return da @ params.W_x.T, gru.State(dh_prev), dparams


def through_time(cell, params, run, dh, dstate):
    """Backpropagation through time as a plain loop over the caches."""
    T, dx = len(dh), []
    carried = dstate
    dparams = [np.zeros_like(v) for v in params]
    history = [None] * T + [dstate]
    for t in range(T - 1, -1, -1):
        arrived = carried._replace(h=carried.h + dh[t])
        history[t + 1] = arrived
        cache = type(run.caches)(*(_step(v, t) for v in run.caches))
        dx_t, carried, d = cell.step_backward(params, arrived, cache)
        dx.insert(0, dx_t)
        dparams = [total + part for total, part in zip(dparams, d, strict=True)]
    history[0] = carried
    return bptt.Grads(np.stack(dx), type(params)(*dparams), history)


def _step(value, t):
    return type(value)(*(_step(v, t) for v in value)) if isinstance(value, tuple) else value[t]


def loss_by_rows(u, y, w):
    p = np.exp(u - u.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    target = np.eye(u.shape[-1])[y]
    losses = -np.log((p * target).sum(axis=-1))
    du = (p - target) * w[:, :, None] / w.sum()
    return (w * losses).sum() / w.sum(), du


def readout_back(params, h, du):
    dW = sum(h_t.T @ du_t for h_t, du_t in zip(h, du, strict=True))
    db = du.sum(axis=(0, 1))
    return du @ params.W_hy.T, readout.Params(W_hy=dW, b_y=db)


RIGHT = {
    lstm.step: [lstm_forward],
    lstm.step_backward: [lstm_gate_by_gate, lstm_joined, lstm_einsum, lstm_row_by_row],
    rnn.step_backward: [rnn_by_hand],
    gru.step: [gru_forward],
    gru.step_backward: [gru_gate_by_gate],
    bptt.backward: [through_time],
    readout.cross_entropy: [loss_by_rows],
    readout.backward: [readout_back],
}


class Wrong(NamedTuple):
    mutant: str  # name in classroom.mutants
    like: object  # the library's right function
    function: object  # one of RIGHT
    old: str
    new: str


_BACK, _GRU, _RNN = lstm.step_backward, gru.step_backward, rnn.step_backward
_DB_ONE = "np.full(4 * H, sum(da.sum() for da in gates))"
_DB_F = "np.concatenate([gates[k].sum(axis=0) for k in (1, 1, 2, 1)])"
_DB = "np.concatenate([da.sum(axis=0) for da in gates])"
WRONG = [
    Wrong(*row)
    for row in (
        ("dc from t+1 dropped", _BACK, lstm_gate_by_gate, "dstate.c + dstate.h", "dstate.h"),
        ("dc from t+1 dropped", _BACK, lstm_joined, "dc +=", "dc ="),
        ("dc from t+1 dropped", _BACK, lstm_row_by_row, "dstate.c[n] + ", ""),
        ("dh from t+1 dropped", _BACK, lstm_joined, "State(dz[:, D:]", "State(0 * dz[:, D:]"),
        ("dh from t+1 dropped", _BACK, lstm_row_by_row, "params.W_h @ da", "0"),
        (
            "tanh' on the carried dc",
            _BACK,
            lstm_joined,
            "dc += dstate.h * o *",
            "dc = (dc + dstate.h * o) *",
        ),
        (
            "tanh' on the carried dc",
            _BACK,
            lstm_row_by_row,
            "dstate.c[n] + dstate.h[n] * o * slope",
            "(dstate.c[n] + dstate.h[n] * o) * slope",
        ),
        ("tanh(c) carried on", lstm.step, lstm_forward, "c=c", "c=np.tanh(c)"),
        ("tanh' of tanh(c)", _BACK, lstm_joined, "1 - t * t", "1 - np.tanh(t) ** 2"),
        (
            "tanh' of tanh(c)",
            _BACK,
            lstm_gate_by_gate,
            "(1 - cache.tanh_c**2)",
            "(1 - np.tanh(cache.tanh_c) ** 2)",
        ),
        ("no sigma' on f", _BACK, lstm_gate_by_gate, "c_prev * f * (1 - f)", "c_prev * _s(f)"),
        ("no sigma' on f", _BACK, lstm_einsum, "c * f * (1 - f)", "c * _s(f)"),
        ("db_f for db_i and db_o", _BACK, lstm_gate_by_gate, _DB, _DB_F),
        (
            "b_o for b_i and b_f",
            lstm.step,
            lstm_forward,
            "params.b\n",
            "np.concatenate([np.split(params.b, 4)[k] for k in (3, 3, 2, 3)])\n",
        ),
        ("no tanh on h", lstm.step, lstm_forward, "o * np.tanh(c)", "o * c"),
        ("i + g", lstm.step, lstm_forward, "i * g", "i + g"),
        ("i and f exchanged", lstm.step, lstm_forward, "a_i, a_f, a_g", "a_f, a_i, a_g"),
        (
            "h_t in dW_h",
            _BACK,
            lstm_joined,
            "np.hstack([cache.x, cache.prev.h])",
            "np.hstack([cache.x, o * cache.tanh_c])",
        ),
        ("db one number", _BACK, lstm_gate_by_gate, _DB, _DB_ONE),
        ("db one number", _BACK, lstm_row_by_row, "db += da", "db += da.sum()"),
        ("db a mean over rows", _BACK, lstm_joined, "np.ones(len(z)) @ da", "da.mean(axis=0)"),
        ("dW overwritten", bptt.backward, through_time, "total + part for", "part for"),
        (
            "steps in forward order",
            bptt.backward,
            through_time,
            "(_step(v, t)",
            "(_step(v, T - 1 - t)",
        ),
        (
            "last state's gradient lost",
            bptt.backward,
            through_time,
            "dstate\n    dparams",
            "type(dstate)(*(0 * v for v in dstate))\n    dparams",
        ),
        ("output bias never learns", readout.backward, readout_back, "db = ", "db = 0 * "),
        (
            "mean loss, summed gradient",
            readout.cross_entropy,
            loss_by_rows,
            "[:, :, None] / w.sum()",
            "[:, :, None] / w.max()",
        ),
        (
            "dh from t+1 dropped, RNN",
            _RNN,
            rnn_by_hand,
            "State(delta @ params.W_h.T)",
            "State(0 * delta)",
        ),
        ("tanh' of another layer", _RNN, rnn_by_hand, "* cache.h**2", "* cache.prev.h**2"),
        ("db before the tanh'", _RNN, rnn_by_hand, "delta.sum(", "dstate.h.sum("),
        ("no reset gate", gru.step, gru_forward, "(r * h) @ W_hn", "h @ W_hn"),
        ("reset of the wrong unit", gru.step, gru_forward, "(r * h) @ W_hn", "r * (h @ W_hn)"),
    )
]
