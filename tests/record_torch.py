"""Write tests/recorded/torch.npz: PyTorch's results on fixed problems, for where it is missing.

    python -m tests.record_torch

The file holds one row of numbers per case: the problem, then PyTorch's h, last state and gradients.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_lib import tree
from tests.cells import CELLS, Problem, Variables, problem

FILE = Path(__file__).parent / "recorded" / "torch.npz"
CASES = [
    (f"{name} T={T} N={N} {dtype}", name, T, N, dtype)
    for name in CELLS
    for T, N in [(1, 5), (2, 1), (7, 5), (50, 1)]
    for dtype in ("float64", "float32")
]


class Result(NamedTuple):
    h: np.ndarray  # (T, N, H)
    state: tuple  # the last
    grads: Variables


class Case(NamedTuple):
    given: Problem
    result: Result


NAMES = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]


def _module(kind, **options):
    """A cell of torch.nn, called as a function so that the gradient reaches our own layout."""

    def run(torch, p, x, state):
        D, H = p.W_x.shape[0], p.W_h.shape[0]
        module = getattr(torch.nn, kind)(D, H, **options).to(x.dtype)
        second = torch.zeros_like(p.b)  # PyTorch has two biases; only the GRU's n needs both
        if kind == "GRU":
            second = torch.cat([second[: 2 * H], p.b_n])
        weights = dict(zip(NAMES, (p.W_x.T, p.W_h.T, p.b, second), strict=True))
        first = tuple(s[None] for s in state)
        args = (x, first if kind == "LSTM" else first[0])
        h, last = torch.func.functional_call(module, weights, args)
        return h, [s[0] for s in (last if kind == "LSTM" else [last])]

    return run


def _loop(step):
    """A cell that torch.nn does not have, for autograd."""

    def run(torch, p, x, state):
        (h,), hs = state, []
        for x_t in x:
            h = step(torch, p, x_t, h)
            hs.append(h)
        return torch.stack(hs), [h]

    return run


def _linear(torch, p, x, h):
    return x @ p.W_x + h @ p.W_h + p.b


def _gru(torch, p, x, h):
    (W_xr, W_xz, W_xn), (W_hr, W_hz, W_hn) = (W.chunk(3, dim=1) for W in (p.W_x, p.W_h))
    b_r, b_z, b_n = p.b.chunk(3)
    r = torch.sigmoid(x @ W_xr + h @ W_hr + b_r)
    z = torch.sigmoid(x @ W_xz + h @ W_hz + b_z)
    n = torch.tanh(x @ W_xn + (r * h) @ W_hn + b_n)
    return z * h + (1 - z) * n


RUNS = {
    "rnn": _module("RNN"),
    "rnn_linear": _loop(_linear),
    "rnn_relu": _module("RNN", nonlinearity="relu"),
    "lstm": _module("LSTM"),
    "gru": _loop(_gru),
    "reset_after": _module("GRU"),
}


def autograd(torch, name, given):
    """PyTorch's Result for a problem."""
    at = tree.map(lambda v: torch.tensor(v, requires_grad=True), given.at)
    h, last = RUNS[name](torch, at.params, at.x, at.state)
    dh, dstate = torch.tensor(given.dh), [torch.tensor(ds) for ds in given.dstate]
    total = (h * dh).sum() + sum((s * ds).sum() for s, ds in zip(last, dstate, strict=True))
    total.backward()
    state = type(given.dstate)(*(s.detach().numpy() for s in last))
    return Result(h.detach().numpy(), state, tree.map(lambda v: v.grad.numpy(), at))


def recorded(arrays, key, name, T, N):
    """The Case under a key of the file; the problem drawn here only lends its form."""
    given = problem(CELLS[name], T, N)
    form = Case(given, Result(given.dh, given.dstate, given.at))
    ends = np.cumsum([v.size for v in tree.leaves(form)])
    stored = iter(np.split(arrays[key], ends[:-1]))
    return tree.map(lambda v: next(stored).reshape(v.shape), form)


def main():
    import torch

    arrays = {}
    for seed, (key, name, T, N, dtype) in enumerate(CASES):
        given = problem(CELLS[name], T, N, seed=seed, dtype=dtype)
        case = Case(given, autograd(torch, name, given))
        arrays[key] = np.concatenate([v.ravel() for v in tree.leaves(case)])
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, **arrays)
    print(f"{FILE.name}: {len(CASES)} cases from PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
