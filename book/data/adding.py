"""Train RNN, LSTM, GRU, and LSTMs with one part changed, on the adding problem (chapters 8 and 9).

python book/data/adding.py book/data/adding.npz
"""

import sys
from types import SimpleNamespace

import numpy as np

from lstm_lib import bptt, data, gru, lstm, optim, readout, rnn, train
from lstm_lib.functions import blocks, dsigmoid, sigmoid

H, N, LR, CLIP, STEPS, WINDOW = 32, 32, 0.01, 1.0, 1000, 25
LAGS, SEEDS, ABLATION_T = (10, 25, 50, 100), range(5), 50


def activations(params, x, state, a_x):
    """The four pre-activations, each (N, H), as Gates."""
    a_x = lstm.inputs(params, x) if a_x is None else a_x
    return lstm.Gates(*blocks(a_x + state.h @ params.W_h, 4))


def sigma_candidate_step(params, x, state, a_x=None):
    """The candidate squashed by sigma: only positive numbers are written."""
    a = activations(params, x, state, a_x)
    i, f, g, o = gates = lstm.Gates(sigmoid(a.i), sigmoid(a.f), sigmoid(a.g), sigmoid(a.o))
    c = f * state.c + i * g
    tanh_c = np.tanh(c)
    return lstm.State(o * tanh_c, c), lstm.Cache(x, state, gates, tanh_c)


def sigma_candidate_local(cache):
    """Derivatives of the primitives: g (1 - g) in the place of 1 - g^2."""
    i, _, g, _ = cache.gates
    return lstm.local_derivatives(cache)._replace(g=i * dsigmoid(g))


def linear_candidate_step(params, x, state, a_x=None):
    """The candidate not squashed at all."""
    a = activations(params, x, state, a_x)
    i, f, g, o = gates = lstm.Gates(sigmoid(a.i), sigmoid(a.f), a.g, sigmoid(a.o))
    c = f * state.c + i * g
    tanh_c = np.tanh(c)
    return lstm.State(o * tanh_c, c), lstm.Cache(x, state, gates, tanh_c)


def linear_candidate_local(cache):
    """Derivatives of the primitives: 1 in the place of 1 - g^2."""
    return lstm.local_derivatives(cache)._replace(g=cache.gates.i)


def linear_output_step(params, x, state, a_x=None):
    """The cell read without a second tanh, h = o c; the cache keeps c in the place of tanh c."""
    a = activations(params, x, state, a_x)
    i, f, g, o = gates = lstm.Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
    c = f * state.c + i * g
    return lstm.State(o * c, c), lstm.Cache(x, state, gates, c)


def linear_output_local(cache):
    """Derivatives of the primitives: dh/dc is o alone."""
    return lstm.local_derivatives(cache)._replace(h=cache.gates.o)


def open_gates_step(names):
    """The step of a cell whose gates of these names (of i, f, o) are 1 for good.

    The derivative s (1 - s) is 0 at s = 1, so the LSTM's own backward pass is right for it.
    """

    def step(params, x, state, a_x=None):
        a = activations(params, x, state, a_x)
        gates = lstm.Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))
        i, f, g, o = gates = gates._replace(**dict.fromkeys(names, np.ones_like(a.i)))
        c = f * state.c + i * g
        tanh_c = np.tanh(c)
        return lstm.State(o * tanh_c, c), lstm.Cache(x, state, gates, tanh_c)

    return step


def changed(step, local_derivatives=lstm.local_derivatives):
    """A cell like `lstm` with another step."""

    def step_backward(params, dstate, cache):
        da, dprev = lstm.recur_backward(params, dstate, local_derivatives(cache))
        dx, dparams = lstm.gradients(params, cache, da)
        return dx, dprev, dparams

    own = dict(step=step, local_derivatives=local_derivatives, step_backward=step_backward)
    return SimpleNamespace(**vars(lstm) | own)


ABLATIONS = {
    "sigma candidate": changed(sigma_candidate_step, sigma_candidate_local),
    "linear candidate": changed(linear_candidate_step, linear_candidate_local),
    "no output tanh": changed(linear_output_step, linear_output_local),
    "no forget gate": changed(open_gates_step("f")),
    "no input gate": changed(open_gates_step("i")),
    "no output gate": changed(open_gates_step("o")),
}


def draw_lstm(bias):
    return lambda rng, T: lstm.init(rng, 2, H, forget_bias=bias)


# name: cell, function that draws its parameters, learning rate
MODELS = {
    "RNN": (rnn, lambda rng, T: rnn.init(rng, 2, H), LR),
    "RNN, slow": (rnn, lambda rng, T: rnn.init(rng, 2, H), LR / 5),
    "LSTM": (lstm, draw_lstm(1), LR),
    "LSTM, bias 0": (lstm, draw_lstm(0), LR),
    "LSTM, chrono": (lstm, lambda rng, T: lstm.init_chrono(rng, 2, H, T), LR),
    "GRU": (gru, lambda rng, T: gru.init(rng, 2, H), LR),
    # 3 H (D + H + 1) = 4,440 parameters, beside the 4,480 of the LSTM with 32 units
    "GRU, 37 units": (gru, lambda rng, T: gru.init(rng, 2, 37), LR),
} | {name: (cell, draw_lstm(1), LR) for name, cell in ABLATIONS.items()}

AT_EACH_LAG = "RNN", "RNN, slow", "LSTM", "LSTM, chrono", "GRU", "GRU, 37 units"
RUNS = [(name, T) for T in LAGS for name in AT_EACH_LAG]
RUNS += [(name, ABLATION_T) for name in ("LSTM, bias 0", *ABLATIONS)]


def one_run(name, T, seed, steps=STEPS):
    """Train; return loss and the norms of dL/dh_1 and dL/dh_T, before each step: (steps, 3)."""
    cell, draw, lr = MODELS[name]
    rng = np.random.default_rng(seed)
    params = draw(rng, T)
    output = readout.init(rng, len(params.W_h), 1)
    model, moments, rows = train.Model(params, output), None, []
    for _ in range(steps):
        x, y, w = data.at_last_step(*data.adding(rng, T, N))
        run = bptt.forward(cell, model.cell, x)
        L, du = readout.squared_error(readout.logits(model.readout, run.h), y, w)
        dh, dreadout = readout.backward(model.readout, run.h, du)
        grads = bptt.backward(cell, model.cell, run, dh)
        first, last = (np.linalg.norm(grads.dstates[t].h) for t in (1, T))
        rows.append((2 * L, first, last))
        gradient, _ = optim.clip_by_norm(train.Model(grads.dparams, dreadout), CLIP)
        model, moments = optim.adam(model, gradient, moments, lr)
    return np.array(rows)


def windows(rows):
    """Mean loss and median norms of each WINDOW steps: (steps, 3) -> (3, points)."""
    rows = rows.reshape(-1, WINDOW, 3)
    return np.stack([rows[..., 0].mean(axis=1), *np.median(rows[..., 1:], axis=1).T])


def main(out):
    results = {}
    for name, T in sorted(RUNS, key=lambda run: run[1]):
        runs = [windows(one_run(name, T, seed)) for seed in SEEDS]
        results[f"{name}/{T}"] = np.array(runs, np.float32)  # (seeds, 3, points)
        np.savez_compressed(out, **results)
        last = results[f"{name}/{T}"][:, 0, -1]
        print(
            f"{name:18} T = {T:3}  squared error", *(f"{v:.4f}" for v in sorted(last)), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1])
