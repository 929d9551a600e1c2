"""Bad input raises a ValueError that names the argument, what was expected and what came.

What arises inside a run, a NaN or an infinity, is returned: explosion is shown on purpose.
"""

from typing import NamedTuple

import numpy as np
import pytest

from lstm_lib import bptt, checks, lstm, rnn, tree
from lstm_lib.variants import reset_after, rnn_linear
from tests.cells import CELLS, problem

T, N, D, H = 7, 5, 3, 4
NAN, INT = (lambda v: v * np.nan), (lambda v: v.astype(int))
HALF, OBJECT, LONG = (
    lambda v, dtype=dtype: v.astype(dtype) for dtype in ("float16", "object", "longdouble")
)


class Call(NamedTuple):
    """The arguments of a forward and a backward pass."""

    cell: object
    params: tuple
    x: object
    state: object
    run: object
    dh: object
    dstate: object

    def forward(self, bptt=bptt):
        bptt.forward(self.cell, self.params, self.x, self.state)

    def backward(self, bptt=bptt):
        bptt.backward(self.cell, self.params, self.run, self.dh, self.dstate)


def good(cell=lstm):
    given = problem(cell, T, N, D, H)
    run = bptt.forward(cell, *given.at)
    return Call(cell, *given.at, run, given.dh, given.dstate)


def replaced(call, path, change):
    """The call with the value at a dotted path changed."""
    field, _, rest = path.partition(".")
    value = getattr(call, field)
    return call._replace(**{field: replaced(value, rest, change) if rest else change(value)})


def tokens(value, dtype=int, shape=(T, N)):
    return lambda _: np.full(shape, value, dtype)


DTYPES = "float32, float64, complex128"
X, LAST = f"({'T'}, {'N'}, {D})", f"({N}, {H})"
TABLE = {
    # path: (change, what the message expects, what it got)
    "x": [
        (lambda x: x[0], X, f"({N}, {D})"),
        (lambda x: x[None], X, f"(1, {T}, {N}, {D})"),
        (lambda x: x[..., :-1], X, f"({T}, {N}, {D - 1})"),
        (lambda x: x.transpose(0, 2, 1), X, f"({T}, {D}, {N})"),
        (lambda x: x[:0], "no length 0", f"(0, {N}, {D})"),
        (lambda x: x[:, :0], "no length 0", f"({T}, 0, {D})"),
        (NAN, "numbers", f"NaN in {T * N * D} of {T * N * D} places"),
        (lambda x: np.where(np.arange(D) == 1, np.nan, x), "numbers", f"NaN in {T * N} of"),
        (HALF, DTYPES, "float16"),
        (OBJECT, DTYPES, "object"),
        (LONG, DTYPES, np.dtype("longdouble").name),
        (lambda x: x.astype("complex64"), DTYPES, "complex64"),
        (lambda x: x > 0, DTYPES, "bool"),
        (lambda x: None, DTYPES, "object"),
        (lambda x: "abc", DTYPES, "<U3"),
        (lambda x: [[1.0, 2.0], [3.0]], "an array", "different lengths"),
        # Integers are tokens and nothing else.
        (INT, "(T, N)", f"({T}, {N}, {D})"),
        (tokens(0, shape=(T,)), "(T, N)", f"({T},)"),
        (tokens(0, shape=(0, N)), "no length 0", f"(0, {N})"),
        (tokens(D), f"integers from 0 to {D - 1}", f"got {D}"),
        (tokens(-1), f"integers from 0 to {D - 1}", "got -1"),
        (tokens(200, np.uint8), f"integers from 0 to {D - 1}", "got 200"),
    ],
    "params": [
        (lambda p: None, "(W_x, W_h, b)", "NoneType"),
        (lambda p: p._asdict(), "(W_x, W_h, b)", "dict"),
        (tuple, "(W_x, W_h, b)", "tuple"),
        (lambda p: problem(reset_after, T, N).at.params, "(W_x, W_h, b)", "(W_x, W_h, b, b_n)"),
    ],
    "params.W_x": [
        (lambda W: W.T, f"({4 * H}, {4 * H})", f"({4 * H}, {D})"),
        (lambda W: W[0], "(D, K)", f"({4 * H},)"),
        (lambda W: W[:0], "no length 0", f"(0, {4 * H})"),
        (lambda W: W[:, :-1], f"({D}, {4 * H})", f"({D}, {4 * H - 1})"),
        (lambda W: W[:, :H], f"({D}, {4 * H})", f"({D}, {H})"),
        (lambda W: None, "(D, K)", "()"),
        (lambda W: [[1.0], [2.0, 3.0]], "an array", "different lengths"),
        (NAN, "numbers", "NaN"),
        (INT, DTYPES, "int64"),
        (HALF, DTYPES, "float16"),
        (OBJECT, DTYPES, "object"),
    ],
    "params.W_h": [
        (lambda W: W.T, f"({4 * H}, {16 * H})", f"({4 * H}, {H})"),
        (lambda W: W[0], "(H, K)", f"({4 * H},)"),
        (lambda W: 1.0, "(H, K)", "()"),
        (lambda W: W[:-1], f"({H - 1}, {4 * H - 4})", f"({H - 1}, {4 * H})"),
        (lambda W: W[:0], "no length 0", f"(0, {4 * H})"),
        (NAN, "numbers", f"NaN in {4 * H * H} of {4 * H * H} places"),
        (HALF, DTYPES, "float16"),
    ],
    "params.b": [
        (lambda b: b[:-1], f"({4 * H})", f"({4 * H - 1},)"),
        (lambda b: b[None], f"({4 * H})", f"(1, {4 * H})"),
        (lambda b: 0.0, f"({4 * H})", "()"),
        (NAN, "numbers", "NaN"),
        (INT, DTYPES, "int64"),
    ],
    "state": [
        (lambda s: s.h, "(h, c)", "ndarray"),
        (tuple, "(h, c)", "tuple"),
        (lambda s: rnn.State(s.h), "(h, c)", "(h)"),
    ],
    "state.h": [
        (lambda h: h[:-1], LAST, f"({N - 1}, {H})"),
        (lambda h: h[:1], LAST, f"(1, {H})"),
        (lambda h: h.T, LAST, f"({H}, {N})"),
        (NAN, "numbers", "NaN"),
        (INT, DTYPES, "int64"),
    ],
    "state.c": [
        (lambda c: c[..., :-1], LAST, f"({N}, {H - 1})"),
        (lambda c: None, DTYPES, "object"),
        (NAN, "numbers", "NaN"),
        (HALF, DTYPES, "float16"),
    ],
    "run": [
        (lambda run: None, "(h, state, caches, mask)", "NoneType"),
        (lambda run: run.h, "(h, state, caches, mask)", "ndarray"),
    ],
    "run.h": [
        (lambda h: h[..., :-1], f"(T, N, {H})", f"({T}, {N}, {H - 1})"),
    ],
    "run.state": [
        (lambda s: rnn.State(s.h), "(h, c)", "(h)"),
    ],
    "run.caches": [
        (lambda c: good(rnn).run.caches, "(x, prev, gates, tanh_c)", "(x, prev, h)"),
    ],
    "dh": [
        (lambda dh: dh[:-1], f"({T}, {N}, {H})", f"({T - 1}, {N}, {H})"),
        (lambda dh: dh[:1], f"({T}, {N}, {H})", f"(1, {N}, {H})"),
        (lambda dh: dh[..., :-1], f"({T}, {N}, {H})", f"({T}, {N}, {H - 1})"),
        (lambda dh: dh.swapaxes(0, 1), f"({T}, {N}, {H})", f"({N}, {T}, {H})"),
        (lambda dh: 1.0, f"({T}, {N}, {H})", "()"),
        (lambda dh: None, DTYPES, "object"),
        (NAN, "numbers", "NaN"),
        (INT, DTYPES, "int64"),
        (HALF, DTYPES, "float16"),
    ],
    "dstate": [
        (lambda ds: ds.h, "(h, c)", "ndarray"),
        (tuple, "(h, c)", "tuple"),
        (lambda ds: rnn.State(ds.h), "(h, c)", "(h)"),
    ],
    "dstate.h": [
        (lambda dh: dh[None], LAST, f"(1, {N}, {H})"),
        (NAN, "numbers", "NaN"),
    ],
    "dstate.c": [
        (lambda dc: dc[:-1], LAST, f"({N - 1}, {H})"),
        (lambda dc: None, DTYPES, "object"),
        (NAN, "numbers", "NaN"),
        (INT, DTYPES, "int64"),
    ],
}
ROWS = [(path, *row) for path, rows in TABLE.items() for row in rows]


def passes(call, path):
    """The passes that take the argument at a path."""
    argument = path.partition(".")[0]
    return {
        "x": [call.forward],
        "state": [call.forward],
        "params": [call.forward, call.backward],
    }.get(argument, [call.backward])


def assert_named(call, path, change, expected, got, bptt=bptt):
    """Each pass that takes the argument names it, what was expected and what came."""
    for bad in passes(replaced(call, path, change), path):
        with pytest.raises(ValueError, match=rf"^{path}[.:\w]*: expected ") as error:
            bad(bptt)
        before, _, after = str(error.value).partition(", got ")
        assert expected in before
        assert got in f"got {after}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[3]}")
def test_bad_input_is_named(row):
    assert_named(good(), *row)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("x", NAN),
        ("params.W_h", lambda W: W[:-1]),
        ("params.b", lambda b: b[:-1]),
        ("state", lambda s: s.h),
        ("state.h", lambda h: h[:-1]),
        ("dh", NAN),
        ("dstate", lambda s: s.h),
        ("dstate.h", lambda h: h[:-1]),
    ],
)
def test_every_cell_is_checked(name, path, change):
    assert_named(good(CELLS[name]), path, change, "", "")


@pytest.mark.parametrize("name", CELLS)
def test_params_of_another_cell_are_refused(name):
    """Unless they are the same Params: the three plain cells share theirs."""
    call = good(CELLS[name])
    for other in CELLS.values():
        params = problem(other, T, N, D, H).at.params
        if tree.map(np.shape, params) == tree.map(np.shape, call.params):
            call._replace(params=params).backward()
        else:
            assert_named(call, "params", lambda _, params=params: params, "", "")


@pytest.mark.parametrize("name", CELLS)
def test_params_of_another_size_do_not_fit_the_run(name):
    call = good(CELLS[name])
    params = problem(CELLS[name], T, N, D, H + 1).at.params
    with pytest.raises(ValueError, match=r"^run\.h: expected .*5.*, got .*4"):
        bptt.backward(CELLS[name], params, call.run, call.dh)


def assert_accepted(call, bptt=bptt):
    """What looks different and is good input: lists, views, tokens, infinities, no state."""
    changes = {
        "x": [np.ndarray.tolist, lambda x: x[::-1], lambda x: tokens(D - 1)(x).tolist()],
        "params": [lambda p: tree.map(np.ndarray.tolist, p)],
        "state": [lambda s: None],
        "dh": [np.ndarray.tolist, lambda dh: np.full_like(dh, np.inf)],
        "dstate": [lambda ds: None],
    }
    for path, ways in changes.items():
        for change in ways:
            for good_pass in passes(replaced(call, path, change), path):
                with np.errstate(invalid="ignore"):
                    good_pass(bptt)


def test_good_input_is_accepted_as_lists_views_tokens_and_infinities():
    assert_accepted(good())


def test_what_explodes_inside_a_run_is_returned():
    params = problem(rnn_linear, T, N, D, H).at.params
    params = params._replace(W_h=1e300 * np.eye(H), W_x=params.W_x)
    with np.errstate(all="ignore"):
        run = bptt.forward(rnn_linear, params, np.ones((T, N, D)))
        grads = bptt.backward(rnn_linear, params, run, np.ones_like(run.h))
    assert np.isfinite(run.h[0]).all()
    assert not np.isfinite(run.h[-1]).any()
    assert np.isfinite(grads.dstates[-1].h).all()
    assert not np.isfinite(grads.dstates[0].h).any()
    assert not np.isfinite(grads.dparams.W_h).any()


@pytest.mark.parametrize("name", CELLS)
def test_an_infinite_input_gives_nan_or_infinity_and_no_error(name):
    call = good(CELLS[name])
    x = call.x.copy()
    x[2, 0, 0] = np.inf
    with np.errstate(all="ignore"):
        run = bptt.forward(call.cell, call.params, x, call.state)
        grads = bptt.backward(call.cell, call.params, run, call.dh, call.dstate)
    np.testing.assert_array_equal(run.h[:2], call.run.h[:2])
    assert np.isfinite(run.h[:, 1:]).all()
    assert not np.isfinite(grads.dparams.W_x).all()


def test_each_check_returns_its_argument_as_an_array():
    assert checks.shape("v", [[1, 2]], (1, "K")).shape == (1, 2)
    assert checks.numbers("v", [1.0], (1,)).dtype == np.float64
    assert checks.tokens("v", [[1, 2]], "TN", 3).dtype.kind == "i"
    given = rnn.State([[1.0]])
    assert isinstance(checks.like("s", given, rnn.State((1, 1))).h, np.ndarray)
    assert checks.like("s", given, rnn.State((1, 1)))._fields == ("h",)
