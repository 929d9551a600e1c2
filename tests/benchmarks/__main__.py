"""Time and memory of a forward and a backward pass, beside the least that they could cost.

    python -m tests.benchmarks [--quick]

Prints the table of `make bench`. A pass is given dL/dh of every step and returns the gradients of
all parameters, of the inputs and of the first state. The floor is the matrix products that cannot
be avoided, written into arrays that are there already, plus np.tanh over the numbers that a cell
squashes: T N H for the RNN, 5 T N H for the LSTM, 3 T N H for the GRU. All competitors take turns
in one run on one thread; times are processor time, and a ratio is the median of the rounds' ratios.
"""

import argparse
import os
import time
import tracemalloc
from typing import NamedTuple

# One thread: two stall on products this small. Set before numpy loads its BLAS.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

from lstm_lib import bptt, lstm, rnn, tree  # noqa: E402
from lstm_lib.variants import reset_after  # noqa: E402

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

SIZES = [(1, 25, 65, 100), (32, 50, 65, 128), (64, 100, 128, 256), (128, 35, 650, 650)]
FLOAT32_ONLY = {(128, 35, 650, 650)}


class Entry(NamedTuple):
    """A cell in the table."""

    title: str
    cell: object
    squashed: int  # numbers per unit and step that go through tanh
    module: str  # in torch.nn
    goals: dict  # (size, dtype) -> (time / floor or None, time / PyTorch)


LSTM_GOALS = {
    (SIZES[0], "float32"): (2.4, 0.7),
    (SIZES[0], "float64"): (1.9, 0.2),
    (SIZES[1], "float32"): (1.4, 1.5),
    (SIZES[1], "float64"): (1.4, 0.9),
    (SIZES[2], "float32"): (1.35, 1.3),
    (SIZES[2], "float64"): (1.35, 0.95),
    (SIZES[3], "float32"): (1.15, 1.0),
}
# For one sequence the GRU has no goal against the floor.
GRU_GOALS = {(size, dtype): (1.5 if size[0] > 1 else None, 1.0) for size, dtype in LSTM_GOALS}
CELLS = [
    Entry("LSTM", lstm, 5, "LSTM", LSTM_GOALS),
    Entry("GRU, reset after", reset_after, 3, "GRU", GRU_GOALS),
    Entry("RNN", rnn, 1, "RNN", dict.fromkeys(LSTM_GOALS, (1.2, 1 / 1.6))),
]


def draw(cell, size, dtype):
    """Random Params, x (T, N, D) and dh (T, N, H)."""
    N, T, D, H = size
    rng = np.random.default_rng(0)
    params = tree.map(lambda v: v.astype(dtype), cell.init(rng, D, H))
    x, dh = (rng.standard_normal((T, N, width)).astype(dtype) for width in (D, H))
    return params, x, dh


def library_pass(cell, params, x, dh):
    def run():
        forward = bptt.forward(cell, params, x)
        return forward, bptt.backward(cell, params, forward, dh)

    return run


def floor_pass(entry, params, x, dh):
    """The products of one pass, of the same shapes, and the squashing."""
    (T, N, D), (H, K) = x.shape, params.W_h.shape
    rng = np.random.default_rng(1)

    def numbers(*shape):
        return rng.standard_normal(shape).astype(x.dtype)

    W_x, W_h = params.W_x, params.W_h
    rows, h, h_all, da, da_all = (
        x.reshape(-1, D),
        dh[0],
        dh.reshape(-1, H),
        numbers(N, K),
        numbers(T * N, K),
    )
    a_x, a_h, dh_prev, dx = (np.empty(s, x.dtype) for s in ((T * N, K), (N, K), (N, H), (T * N, D)))
    dW_x, dW_h = np.empty_like(W_x), np.empty_like(W_h)
    a = numbers(entry.squashed * T * N * H)
    squashed = np.empty_like(a)

    def run():
        np.matmul(rows, W_x, out=a_x)
        for _ in range(T):
            np.matmul(h, W_h, out=a_h)
        np.tanh(a, out=squashed)
        for _ in range(T):
            np.matmul(da, W_h.T, out=dh_prev)
        np.matmul(rows.T, da_all, out=dW_x)
        np.matmul(h_all.T, da_all, out=dW_h)
        np.matmul(da_all, W_x.T, out=dx)

    return run


def torch_pass(entry, params, x, dh):
    D, H = len(params.W_x), len(params.W_h)
    module = getattr(torch.nn, entry.module)(D, H).to(torch.tensor(x).dtype)
    first = [torch.zeros(1, x.shape[1], H, dtype=torch.tensor(x).dtype, requires_grad=True)]
    inputs, arriving = torch.tensor(x, requires_grad=True), torch.tensor(dh)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(params.W_x.T.copy()))
        module.weight_hh_l0.copy_(torch.tensor(params.W_h.T.copy()))
        module.bias_ih_l0.copy_(torch.tensor(params.b))
        module.bias_hh_l0.zero_()
    if entry.module == "LSTM":
        first.append(first[0].detach().clone().requires_grad_())

    def run():
        h, _ = module(inputs, tuple(first) if len(first) > 1 else first[0])
        wanted = [*module.parameters(), inputs, *first]
        return h, torch.autograd.grad(h, wanted, arriving)

    return run


def clock(passes, seconds):
    """Processor time (rounds, passes): all take turns until the seconds are over."""
    for run in passes:
        run()
    rounds, end = [], time.perf_counter() + seconds
    while len(rounds) < 5 or time.perf_counter() < end:
        row = []
        for run in passes:
            start = time.process_time()
            run()
            row.append(time.process_time() - start)
        rounds.append(row)
    return np.array(rounds)


def ratio(times, a, b):
    return float(np.median(times[:, a] / times[:, b]))


def peak(run, x, params):
    """Most memory in use above inputs and outputs, as a multiple of T N H numbers."""
    (T, N, _), H = x.shape, len(params.W_h)
    run()
    tracemalloc.start()
    outputs, grads = run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    returned = [outputs.h, *tree.leaves(grads.dparams), grads.dx]
    returned += [v for ds in (outputs.state, *grads.dstates) for v in tree.leaves(ds)]
    return (most - sum(v.nbytes for v in returned)) / (T * N * H * x.itemsize)


def beside(value, goal):
    if goal is None:
        return f"{value:5.2f}".ljust(16)
    return f"{value:5.2f} ({goal:.2f}{' ' if value <= goal else ' *'})".ljust(16)


def compare(entry, sizes, seconds):
    print(f"\n{entry.title}")
    print("   N    T    D    H  dtype     floor    time / floor     time / PyTorch    memory")
    for size in sizes:
        for dtype in ("float32", "float64"):
            if dtype == "float64" and size in FLOAT32_ONLY:
                continue
            params, x, dh = draw(entry.cell, size, dtype)
            run = library_pass(entry.cell, params, x, dh)
            passes = [floor_pass(entry, params, x, dh), run]
            if torch:
                passes.append(torch_pass(entry, params, x, dh))
            times = clock(passes, seconds)
            to_floor, to_torch = entry.goals[size, dtype]
            print(
                "{:4d} {:4d} {:4d} {:4d}".format(*size),
                f"{dtype}  {1e3 * np.median(times[:, 0]):7.2f} ms",
                beside(ratio(times, 1, 0), to_floor),
                beside(ratio(times, 1, 2), to_torch) if torch else "not installed   ",
                f"{peak(run, x, params):5.1f} (10)",
                flush=True,
            )


def lengths(seconds):
    """Processor time per step, which should not depend on T."""
    print("\nTime per step, LSTM, N = 32, D = 65, H = 128, float32, beside that at T = 25")
    given = {T: draw(lstm, (32, T, 65, 128), "float32") for T in (25, 50, 100, 200, 400)}
    times = clock([library_pass(lstm, *args) for args in given.values()], seconds)
    for k, T in enumerate(given):
        print(f"  T = {T:3d}   {ratio(times, k, 0) * 25 / T:5.2f}")


def tokens(seconds):
    """A layer that reads tokens beside one that reads the same as one-hot rows."""
    print("\nTokens beside one-hot rows, LSTM, N = 32, T = 50, H = 128, float32: time / time")
    for V in (65, 256, 1024, 4096):
        params, _, dh = draw(lstm, (32, 50, V, 128), "float32")
        ids = np.random.default_rng(2).integers(V, size=(50, 32))
        rows = np.eye(V, dtype="float32")[ids]
        times = clock([library_pass(lstm, params, x, dh) for x in (ids, rows)], seconds)
        print(f"  V = {V:4d}   {ratio(times, 0, 1):5.2f}")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="the two smaller sizes, fewer rounds")
    quick = parser.parse_args().quick
    seconds = 1 if quick else 8
    beside_torch = f"PyTorch {torch.__version__}" if torch else "PyTorch is not installed"
    print(f"numpy {np.__version__}, {beside_torch}, one thread, processor time.")
    print("In brackets the goal; * where it is missed. Memory above inputs and outputs, in T N H.")
    for entry in CELLS:
        compare(entry, SIZES[:2] if quick else SIZES, seconds)
    lengths(seconds)
    tokens(seconds)


if __name__ == "__main__":
    main()
