"""Each small change to a cell, to the primitives or to bptt is noticed.

The mutants are made from the syntax trees. Each is run against checks that know nothing of the
library's own code: gradients by complex step of the cells written out in tests/reference.py.
Those that survive must be the ones listed here, each with the reason why it computes the same.
"""

import itertools
import sys
import time

import numpy as np
import pytest

from lstm_lib import bptt, gradcheck, tree
from tests import reference, test_checks, test_dropout, test_functions, test_truncate
from tests.cells import CELLS, VARIANTS, Variables, freeze, one_hot, problem
from tests.mutants import Copies, mutants

CELLS = CELLS | VARIANTS
MODULES = {name: cell.__name__.partition(".")[2] for name, cell in CELLS.items()}
MUTATED = [*MODULES.values(), "dropout", "functions", "bptt", "truncate"]
DROPPING = {
    "dropout": "dropout",
    "per_gate": "variants.per_gate",
    "one_mask": "variants.one_mask",
}
T, N, D, H = 5, 3, 2, 4


class Expected:
    """What the reference says of one cell's problem."""

    def __init__(self, name, T, N, seed):
        cell = CELLS[name]
        given = problem(cell, T, N, D, H, seed)
        # Inputs that are also tokens.
        tokens = np.random.default_rng(seed).integers(D, size=(T, N))
        self.given = given._replace(at=given.at._replace(x=one_hot(tokens, D)))
        self.tokens, self.name = tokens, name
        self.h, self.state = reference.run(name, *self.given.at)
        self.grads = gradcheck.complex_step(self.loss_from(0), self.given.at)
        self.dstates = [self.grads.state]
        for t in range(1, T):
            _, state = reference.run(name, given.at.params, self.given.at.x[:t], given.at.state)
            at = Variables(given.at.params, self.given.at.x[t:], cell.State(*state))
            ds = gradcheck.complex_step(self.loss_from(t), at).state
            self.dstates.append(ds._replace(h=ds.h + given.dh[t - 1]))
        self.dstates.append(given.dstate._replace(h=given.dstate.h + given.dh[-1]))
        zero = tree.zeros_like(given.at.state)
        self.h_from_zero, _ = reference.run(name, given.at.params, self.given.at.x, zero)
        self.carry = np.random.default_rng(seed).normal(size=T)
        self.carried = carried(cell, self.given, self.carry)
        self.mask = np.random.default_rng(seed).random((T, N)) < 0.6
        self.masked = masked(cell, self.given, self.mask)
        self.windows = {K: windowed(cell, self.given, K) for K in (1, 2, T, T + 1)}

    def loss_from(self, t):
        def loss(at):
            h, state = reference.run(self.name, *at)
            last = sum((s * ds).sum() for s, ds in zip(state, self.given.dstate, strict=True))
            return (h * self.given.dh[t:]).sum() + last

        return loss


def carried(cell, given, carry):
    """dparams, dx and every dstate, one step back after the other, each dstate times its factor."""
    state, caches = given.at.state, []
    for x in given.at.x:
        state, cache = cell.step(given.at.params, x, state)
        caches.append(cache)
    dstate, dparams, dxs = given.dstate, tree.zeros_like(given.at.params), []
    dstates = []
    for dh, cache, factor in reversed(list(zip(given.dh, caches, carry, strict=True))):
        dstates.append(dstate._replace(h=dstate.h + dh))
        dx, dprev, dparams_t = cell.step_backward(given.at.params, dstates[-1], cache)
        dstate = tree.map(lambda v, factor=factor: factor * v, dprev)
        dparams = tree.add(dparams, dparams_t)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), tree.stack([*dstates, dstate][::-1])


def masked(cell, given, mask):
    """h, dparams, dx and every dstate of a run in which the sequences move where the mask is 1."""
    state, caches, h = given.at.state, [], []
    for x, m in zip(given.at.x, mask[..., None], strict=True):
        new, cache = cell.step(given.at.params, x, state)
        state = tree.map(lambda v, w, m=m: m * v + (1 - m) * w, new, state)
        caches.append(cache)
        h.append(state.h)
    dstate, dparams, dxs, dstates = given.dstate, tree.zeros_like(given.at.params), [], []
    for dh, cache, m in reversed(list(zip(given.dh, caches, mask[..., None], strict=True))):
        dstates.append(dstate._replace(h=dstate.h + dh))
        moved = tree.map(lambda v, m=m: m * v, dstates[-1])
        dx, dprev, dparams_t = cell.step_backward(given.at.params, moved, cache)
        dstate = tree.map(lambda v, w, m=m: v + (1 - m) * w, dprev, dstates[-1])
        dparams = tree.add(dparams, dparams_t)
        dxs.append(dx)
    stacked = tree.stack([*dstates, dstate][::-1])
    return np.stack(h), state, dparams, np.stack(dxs[::-1]), stacked


def windowed(cell, given, K):
    """The same three of truncate.window: one loss after the other over the run of its K steps."""
    params, x, state = given.at
    run = bptt.forward(cell, params, x, state)
    dparams, dx = tree.zeros_like(params), np.zeros_like(x)
    dstates = tree.map(lambda v: np.zeros((len(x) + 1, *v.shape)), state)
    for j in range(len(x)):
        start = max(0, j + 1 - K)
        window = slice(start, j + 1)
        part = bptt.forward(cell, params, x[window], tree.at(run.caches.prev, start))
        dh = np.zeros_like(part.h)
        dh[-1] = given.dh[j]
        grads = bptt.backward(cell, params, part, dh)
        dparams = tree.add(dparams, grads.dparams)
        dx[window] += grads.dx
        for total, v in zip(dstates, tree.stack(grads.dstates), strict=True):
            total[start : j + 2] += v
    return dparams, dx, dstates


def close(ours, expected, tolerance=1e-13):
    for a, b in zip(tree.leaves(ours), tree.leaves(expected), strict=True):
        assert gradcheck.relative_error(a, b) <= tolerance


def check_sequence(library, expected, dtype=np.float64, tolerance=1e-13):
    """Forward and backward over a sequence, of numbers and of tokens; nothing may be changed."""
    cell, bptt = library(MODULES[expected.name]), library("bptt")
    given = freeze(tree.astype(expected.given, dtype))
    params, state = cell.Params(*given.at.params), cell.State(*given.at.state)
    for x in (given.at.x, expected.tokens):
        run = bptt.forward(cell, params, x, state)
        run = run._replace(caches=freeze(run.caches))
        close(run.h, expected.h, tolerance)
        close(run.state, cell.State(*expected.state), tolerance)
        grads = bptt.backward(cell, params, run, given.dh, cell.State(*given.dstate))
        close(grads.dparams, cell.Params(*expected.grads.params), tolerance)
        if x is expected.tokens:
            assert grads.dx is None
        else:
            close(grads.dx, expected.grads.x, tolerance)
        for ours, theirs in zip(grads.dstates, expected.dstates, strict=True):
            close(ours, cell.State(*theirs), tolerance)
        from_zero = bptt.forward(cell, params, x)
        close(from_zero.h, expected.h_from_zero, tolerance)
        alone = bptt.backward(cell, params, from_zero, given.dh)
        close(alone.dstates[-1].h, given.dh[-1], tolerance)
        parts = [run.h, run.state, run.caches, from_zero.h, from_zero.state]
        parts += [grads.dparams, grads.dx, *grads.dstates, alone.dparams, *alone.dstates]
        leaves = [v for part in parts for v in tree.leaves(part)]
        assert {v.dtype for v in leaves if v.dtype.kind not in "iu"} == {np.dtype(dtype)}


def check_steps(library, expected):
    """The functions for reading, composed over time by hand."""
    cell, given = library(MODULES[expected.name]), freeze(expected.given)
    for x in (given.at.x, expected.tokens):
        state, caches = given.at.state, []
        for x_t in x:
            state, cache = cell.step(given.at.params, x_t, state)
            assert not hasattr(cache, "h") or (cache.h == state.h).all()
            caches.append(freeze(cache))
        close(state, cell.State(*expected.state))
        dstate, dparams, dxs = given.dstate, tree.zeros_like(given.at.params), []
        for dh, cache in zip(given.dh[::-1], caches[::-1], strict=True):
            dx, dstate, dparams_t = cell.step_backward(
                given.at.params, dstate._replace(h=dstate.h + dh), cache
            )
            dxs.append(dx)
            dparams = tree.map(np.add, cell.Params(*dparams), dparams_t)
        close(dparams, cell.Params(*expected.grads.params))
        close(dstate, cell.State(*expected.grads.state))
        if x is expected.tokens:
            assert dxs == [None] * len(dxs)
        else:
            close(np.stack(dxs[::-1]), expected.grads.x)


def check_truncated(library, expected):
    """Factors on what is carried back, and windows."""
    cell, bptt, truncate = (library(m) for m in (MODULES[expected.name], "bptt", "truncate"))
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 1e-4)):
        given, carry = freeze(tree.astype(expected.given, dtype)), freeze(expected.carry)
        params, state = cell.Params(*given.at.params), cell.State(*given.at.state)
        run = bptt.forward(cell, params, given.at.x, state)
        run = run._replace(caches=freeze(run.caches))
        dstate = cell.State(*given.dstate)
        pairs = [(bptt.backward(cell, params, run, given.dh, dstate, carry), expected.carried)]
        for K, wanted in expected.windows.items():
            pairs.append((truncate.window(cell, params, run, given.dh, K), wanted))
        for ours, (dparams, dx, dstates) in pairs:
            close(ours.dparams, cell.Params(*dparams), tolerance)
            close(ours.dx, dx, tolerance)
            stacked = tree.stack(ours.dstates)
            close(stacked, cell.State(*dstates), tolerance)
            leaves = [v for part in (ours.dparams, ours.dx, stacked) for v in tree.leaves(part)]
            assert {v.dtype for v in leaves} == {np.dtype(dtype)}
    tokens = bptt.forward(cell, expected.given.at.params, expected.tokens, expected.given.at.state)
    ours = truncate.window(cell, expected.given.at.params, tokens, expected.given.dh, 2)
    assert ours.dx is None
    close(ours.dparams, cell.Params(*expected.windows[2][0]))


def check_masked(library, expected):
    """A run in which sequences stand still."""
    cell, bptt, truncate = (library(m) for m in (MODULES[expected.name], "bptt", "truncate"))
    given = freeze(expected.given)
    params, state = cell.Params(*given.at.params), cell.State(*given.at.state)
    h, last, dparams, dx, dstates = expected.masked
    for mask in (freeze(expected.mask), expected.mask.astype(int).tolist()):
        run = bptt.forward(cell, params, given.at.x, state, mask)
        close(run.h, h)
        close(run.state, cell.State(*last))
        grads = bptt.backward(cell, params, run, given.dh, cell.State(*given.dstate))
        close(grads.dparams, cell.Params(*dparams))
        close(grads.dx, dx)
        close(tree.stack(grads.dstates), cell.State(*dstates))
    for bad in (expected.mask[:, :, None], np.full(expected.mask.shape, 0.5)):
        with pytest.raises(ValueError, match=r"^mask: expected"):
            bptt.forward(cell, params, given.at.x, state, bad)
    with pytest.raises(ValueError, match=r"^run.mask: expected"):
        truncate.window(cell, params, run, given.dh, 2)


def check_factors(library):
    """The tests of the factors and of bad input, run on the copy."""
    kept = test_truncate.truncate
    test_truncate.truncate = library("truncate")
    try:
        test_truncate.test_pieces_are_cut_before_each_multiple_of_K()
        test_truncate.test_random_factors_are_compensated_and_independent()
        for row in test_truncate.BAD:
            test_truncate.assert_named(*row)
    finally:
        test_truncate.truncate = kept


def check_beginnings(library, name):
    """Sizes, dtypes and values of initial parameters and states."""
    cell, original = library(MODULES[name]), CELLS[name]
    assert tuple(cell.shapes(D, H)) == tuple(original.shapes(D, H))
    for options in ({}, {"dtype": np.float32}):
        ours, expected = (
            c.init(np.random.default_rng(0), D, H, **options) for c in (cell, original)
        )
        assert ours._fields == expected._fields
        for v, w in zip(ours, expected, strict=True):
            assert v.dtype == w.dtype
            np.testing.assert_array_equal(v, w)
        dtype = options.get("dtype", np.float64)
        zero = cell.zero_state(N, H, *options.values())
        assert zero._fields == original.State._fields
        assert all(v.shape == (N, H) and v.dtype == dtype and not v.any() for v in zero)
    if name == "lstm":
        b = cell.init(np.random.default_rng(0), D, H, forget_bias=3.0).b
        assert b.tolist() == [0] * H + [3] * H + [0] * 2 * H
        for dtype in (np.float32, np.float64):
            ours, expected = (
                c.init_chrono(np.random.default_rng(0), D, H, 9, dtype) for c in (cell, original)
            )
            for v, w in zip(ours, expected, strict=True):
                assert v.dtype == w.dtype
                np.testing.assert_array_equal(v, w)


def check_refusals(library, call):
    """The table of bad input, and good input in other forms."""
    call = call._replace(cell=library("lstm"))
    for row in test_checks.ROWS:
        test_checks.assert_named(call, *row, bptt=library("bptt"))
    test_checks.assert_accepted(call, library("bptt"))


def check_blocks(library, expected):
    """A sequence that is longer than what is prepared at a time."""
    for steps in (0.5, 2):
        library("bptt").BLOCK = int(steps * N * H)
        check_sequence(library, expected)


def check_mixed(library, expected):
    """A float32 state or input among float64 ones loses nothing of theirs."""
    cell, bptt, given = library(MODULES[expected.name]), library("bptt"), expected.given
    for narrow in ("x", "state", "params"):
        single = tree.astype(getattr(given.at, narrow), np.float32)
        wide = tree.astype(single, np.float64)
        results = []
        for values in (single, wide):
            params, x, state = given.at._replace(**{narrow: values})
            run = bptt.forward(cell, params, x, state)
            results.append(bptt.backward(cell, params, run, given.dh, given.dstate).dparams)
            assert run.caches.prev.h.dtype == np.float64
        close(*results)


def cases(module):
    """The tests of a module with their parameters written out, as functions without arguments."""
    for name, test in vars(module).items():
        if name.startswith("test_"):
            marks = getattr(test, "pytestmark", [])
            tables = [mark.args for mark in marks if mark.name == "parametrize"]
            for row in itertools.product(*(values for _, values in tables)):
                arguments = {}
                for (names, _), values in zip(tables, row, strict=True):
                    single = isinstance(names, str)
                    arguments |= (
                        {names: values} if single else dict(zip(names, values, strict=True))
                    )
                yield test, arguments


def check_with(library, tests, modules):
    """The tests of a file, run on copies of the modules that they know by these names."""
    kept = {name: getattr(tests, name) for name in modules}
    try:
        for name, module in modules.items():
            setattr(tests, name, library(module))
        for test, arguments in cases(tests):
            if "rng" in test.__code__.co_varnames[: test.__code__.co_argcount]:
                arguments["rng"] = np.random.default_rng(0)
            test(**arguments)
    finally:
        for name, module in kept.items():
            setattr(tests, name, module)


class Suite:
    """All checks, those first that are likeliest to notice a change of the module."""

    def __init__(self):
        self.call = test_checks.good()
        self.expected = {
            name: [Expected(name, T, N, seed=0), Expected(name, 1, 1, seed=1)] for name in CELLS
        }

    def checks(self, module):
        if module == "functions":
            yield check_with, (test_functions, {"functions": "functions"})
        if module == "truncate":
            yield check_factors, ()
        if module in DROPPING.values():
            yield check_with, (test_dropout, DROPPING)
        names = sorted(CELLS, key=lambda name: MODULES[name] != module)
        for name in names:
            first, second = self.expected[name]
            yield check_sequence, (first,)
            yield check_sequence, (second,)
            yield check_steps, (first,)
            yield check_sequence, (first, np.float32, 1e-5)
            yield check_beginnings, (name,)
            yield check_blocks, (first,)
            yield check_mixed, (first,)
            yield check_truncated, (first,)
            yield check_truncated, (second,)
            yield check_masked, (first,)
        yield check_refusals, (self.call,)

    def notices(self, library, module):
        """The name of the check that fails, None if all pass."""
        with np.errstate(all="ignore"):
            for check, arguments in self.checks(module):
                try:
                    check(library, *arguments)
                except (Exception, pytest.fail.Exception) as error:
                    return f"{check.__name__}: {type(error).__name__}"
        return None


# What survives, by the reason why no check can notice it.
EQUIVALENT = {
    "Local is built and read by the names of its fields; their order means nothing": [
        "lstm.Local: fields f, i, g, o, h, c",
        "lstm.Local: fields i, g, f, o, h, c",
        "lstm.Local: fields i, f, o, g, h, c",
        "lstm.Local: fields i, f, g, h, o, c",
        "lstm.Local: fields i, f, g, o, c, h",
        "gru.Local: fields z, r, n, h, reset",
        "gru.Local: fields r, n, z, h, reset",
        "gru.Local: fields r, z, h, n, reset",
        "gru.Local: fields r, z, n, reset, h",
        "variants.reset_after.Local: fields z, r, n, h, reset",
        "variants.reset_after.Local: fields r, n, z, h, reset",
        "variants.reset_after.Local: fields r, z, h, n, reset",
        "variants.reset_after.Local: fields r, z, n, reset, h",
    ],
    "a state is (N, H), so axis 1 is the last": [
        "variants.peephole.step_backward: da = np.concatenate(Gates(da_i, da_f, dc * i * "
        "dtanh(g), da_o), axis=1)",
        "variants.coupled.step_backward: da = np.concatenate(Gates(da_f, da_g, da_o), axis=1)",
        "variants.no_forget.step_backward: da = np.concatenate(Gates(dc * g * dsigmoid(i), "
        "dc * i * dtanh(g), da_o), axis=1)",
        "variants.hard_gates.step_backward: da = np.concatenate(Gates(dc * g * di, dc * "
        "cache.prev.c * df, dc * i * dtanh(g), dstate.h * tanh_c * do), axis=1)",
        "variants.one_mask.step_backward: da = np.concatenate(da, axis=1)",
        "variants.layer_norm.step_backward: da = np.concatenate(da, axis=1)",
        "lstm.recur_backward: da = np.concatenate("
        "Gates(dc * local.i, dc * local.f, dc * local.g, dh * local.o), axis=1)",
        "gru.step: h, H = (state.h, state.h.shape[1])",
        "gru.recur_backward: dh, H = (dstate.h, dstate.h.shape[1])",
        "gru.recur_backward: da = np.concatenate(Gates(dq * local.r, dh * local.z, da_n), axis=1)",
        "variants.reset_after.step: h, H = (state.h, state.h.shape[1])",
        "variants.reset_after.recur_backward: da_h = np.concatenate("
        "da._replace(n=da_n * local.reset), axis=1)",
        "variants.reset_after.recur_backward: return (np.concatenate(da, axis=1), "
        "State(dh * local.h + da_h @ params.W_h.T))",
    ],
    "any shift cancels; that of the largest real part keeps exp from overflowing either way": [
        "functions.softmax: e = np.exp(u - u.max(axis=-1, keepdims=True))",
        "functions.cross_entropy: shift = u.max(axis=-1)",
    ],
    "the argument left out is numpy's default": [
        "dropout.drop: return (v * mask).astype(v.dtype)",
        "dropout.drop: return (v * mask).astype(v.dtype, copy=True)",
        "functions.cross_entropy: return log_sum - np.take_along_axis(u, y[..., None])[..., 0]",
        "functions.dcross_entropy: "
        "np.put_along_axis(du, rows, np.take_along_axis(du, rows) - 1, axis=-1)",
        "functions.scatter_add: dW[present] = np.add.reduceat(da[order], starts)",
    ],
    "an axis of length 1 has one end": [
        "functions.cross_entropy: "
        "return log_sum - np.take_along_axis(u, y[..., None], axis=-1)[..., -1]",
    ],
    "numpy takes any negative length for the one to be found": [
        "functions.affine: a = x.reshape(-2, x.shape[-1]) @ W",
        "functions.rows: return a.reshape(-2, a.shape[-1])",
        "truncate.window: flat = tree.map(lambda v: v[1:].reshape(T * N, -2), arriving)",
        "truncate.window: dx_lag = dx_lag.reshape(T, N, -2)",
        "truncate.window: arriving = tree.map("
        "lambda v: np.append(v.reshape(T, N, -2), nothing, 0), dprev)",
    ],
    "the same numbers, slower": [
        "functions.affine_backward: "
        "return ((da @ W.T).reshape(x.shape), outer(x, da), sum_rows(da))",
        "bptt.backward: sweep = _sweep",
    ],
    "the same sum in another order": [
        "functions.scatter_add: order = np.argsort(tokens)",
        "bptt._sweep: dparams = tree.add(dparams_t, dparams)",
        "bptt._joined: return dprev if kept is None else tree.add(kept, dprev)",
        "truncate.window: dparams = tree.add(dparams_lag, dparams)",
        "truncate.window: dstates = tree.add(arriving, dstates)",
    ],
    "the two factors change places": [
        "variants.no_forget.step: "
        "g, i, o = gates = Gates(sigmoid(a.i), np.tanh(a.g), sigmoid(a.o))",
        "variants.hard_gates.step: i, f, o = (hard_sigmoid(slope, v) for v in (a.i, a.f, a.o))",
    ],
    "a normalised row does not feel a constant": [
        "variants.layer_norm.step: from_x = normalise(affine(x, params.W_x, 1))",
        "variants.layer_norm.step: from_x = normalise(affine(x, params.W_x, -1))",
    ],
    "three empty lists are the same in any order": [
        "variants.per_gate.step_backward: dh_prev, dx, dparams = ([], [], [])",
        "variants.per_gate.step_backward: dx, dparams, dh_prev = ([], [], [])",
    ],
    "the lists are of one length": [
        f"variants.per_gate.{text.format(strict)}"
        for strict in ("", ", strict=False")
        for text in (
            "step_backward: for da_k, W_x, W_h, _, m_x, m_h in "
            "zip(da, *_by_gate(params), *masks{}):",
            "step: a = Gates(*(affine(drop(x, m_x), W_x, b) + drop(state.h, m_h) @ W_h "
            "for W_x, W_h, b, m_x, m_h in zip(*_by_gate(params), *masks{})))",
            "step_backward: dparams = Params(*(np.concatenate(blocks, axis=-1) "
            "for blocks in zip(*dparams{})))",
        )
    ],
    "the order of these arguments means nothing": [
        "bptt._checked: dtype = np.result_type(*params, x)",
        "bptt._checked: return (params, x, tree.astype(state, np.result_type(*state, dtype)))",
        "bptt._sweep_split: T, block = (len(dh), max(BLOCK // dh[0].size, 1))",
    ],
    "the size of a block changes no number": [
        "bptt._sweep_split: T, block = (len(dh), max(2, BLOCK // dh[0].size))",
        "bptt._sweep_split: T, block = (len(dh), max(1, BLOCK * dh[0].size))",
        "bptt._sweep_split: T, block = (len(dh), max(1, BLOCK))",
        "bptt._sweep_split: T, block = (len(dh), max(1, dh[0].size))",
    ],
    "no draw equals keep to the last bit": [
        "dropout.draw: return Masks(*((rng.random((M, N, size)) > rate) / (1 - rate) for "
        "size in sizes))",
        "truncate.at_random: return (rng.random(checks.count('T', T)) <= keep) / keep",
    ],
    "every step is like the first in this": [
        "variants.per_gate.step_backward: dx = None if dx[1] is None else sum(dx)",
        "variants.per_gate.step_backward: dx = None if dx[-1] is None else sum(dx)",
        "bptt._sweep: return Grads(None if dx[-1] is None else np.stack(dx), dparams, dstates)",
        "bptt._sweep_split: T, block = (len(dh), max(1, BLOCK // dh[-1].size))",
    ],
}


@pytest.fixture(scope="module")
def suite():
    return Suite()


@pytest.fixture(scope="module")
def copies():
    finder = Copies()
    sys.meta_path.insert(0, finder)
    yield finder
    sys.meta_path.remove(finder)
    finder.library()


@pytest.mark.slow
def test_the_library_as_it_is_passes(suite, copies):
    for module in MUTATED:
        assert suite.notices(copies.library(), module) is None
    # Without `notices`, so that a failure is shown in full.
    for check, arguments in suite.checks("functions"):
        check(copies.library(), *arguments)


@pytest.mark.slow
@pytest.mark.parametrize("module", MUTATED)
def test_every_change_is_noticed(module, suite, copies):
    start, made, survivors = time.process_time(), 0, set()
    for mutant in mutants(module):
        made += 1
        if suite.notices(copies.library(mutant), module) is None:
            survivors.add(mutant.name)
    seconds = time.process_time() - start
    print(f"\n{module}: {made} mutants in {seconds:.0f} s, {len(survivors)} equivalent")
    names = [name for names in EQUIVALENT.values() for name in names]
    listed = {name for name in names if name.partition(":")[0].rpartition(".")[0] == module}
    assert not survivors - listed, "\n".join(["noticed by no check:", *survivors - listed])
    assert not listed - survivors, "\n".join(["noticed, or not made:", *listed - survivors])
    assert made >= 40


def test_mutants_are_made_and_differ():
    found = list(mutants("rnn"))
    names = [mutant.name for mutant in found]
    assert "rnn.step: h = np.tanh(a_x - state.h @ params.W_h)" in names
    assert "rnn.recur_backward: return (da, State(da @ params.W_h))" in names
    assert len(found) > 100
