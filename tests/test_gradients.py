"""Each gradient of each cell: the complex step, central differences, composition by hand."""

from pathlib import Path

import numpy as np
import pytest
from bookext.trace import citations
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_lib import bptt, gradcheck, tree
from tests import reference
from tests.cells import CELLS, VARIANTS, Variables, freeze, gradient, loss, one_hot, problem

ROOT = Path(__file__).parents[1]
CELLS = CELLS | VARIANTS
cells = pytest.mark.parametrize("name", CELLS)


def cited(*functions):
    """Of each cell the labels that these functions of it cite, for the tests that hold them."""
    found = {}
    for label, places in citations(ROOT).items():
        for module, function in places:
            if function in functions:
                found.setdefault(module.rpartition(".")[2], []).append(label)
    return {name: found[name] for name in CELLS if name in found}


FORWARD = cited("step", "inputs")
BACKWARD = cited("step_backward", "recur_backward", "gradients")
LOCAL = cited("local_derivatives")


def tied_cells(equations):
    """All cells, those with labelled equations marked with them."""
    marks = {name: [pytest.mark.eq(*equations[name])] for name in equations}
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=marks.get(name, ())) for name in CELLS]
    )


def assert_close(ours, expected, tolerance):
    """Compare two trees array by array, naming what is off."""
    errors = gradcheck.compare(ours, expected)
    off = {name: error for name, error in errors.items() if not error <= tolerance}
    assert not off


def check(name, numerical, tolerance, **sizes):
    cell, given = CELLS[name], problem(CELLS[name], **sizes)
    expected = numerical(lambda at: loss(cell, given, at), given.at)
    assert_close(gradient(cell, given), expected, tolerance)


@cells
@pytest.mark.parametrize(
    ("T", "N"),
    [
        *((T, N) for T in (1, 2, 7) for N in (1, 5)),
        (50, 1),
        *(pytest.param(T, N, marks=pytest.mark.slow) for T, N in ((50, 5), (200, 1))),
    ],
)
def test_gradient_is_that_of_the_complex_step(name, T, N):
    check(name, gradcheck.complex_step, 1e-14, T=T, N=N)


@tied_cells(LOCAL)
@pytest.mark.parametrize("N", [1, 5])
@pytest.mark.parametrize("T", [1, 2, 7])
def test_gradient_is_that_of_central_differences(name, T, N):
    check(name, gradcheck.central, 1e-8, T=T, N=N)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(list(CELLS)),
    T=st.integers(1, 5),
    N=st.integers(1, 3),
    D=st.integers(1, 4),
    H=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradient_holds_for_any_sizes(name, T, N, D, H, seed):
    """All entries as one vector: a tensor of one entry may happen to be a small difference."""
    cell, given = CELLS[name], problem(CELLS[name], T, N, D, H, seed)
    expected = gradcheck.complex_step(lambda at: loss(cell, given, at), given.at)
    ours, expected = (
        np.concatenate([v.ravel() for v in tree.leaves(values)])
        for values in (gradient(cell, given), expected)
    )
    assert gradcheck.relative_error(ours, expected) <= 1e-13


@pytest.mark.eq("eq-bptt")
@tied_cells(BACKWARD)
def test_gradient_along_random_directions(name):
    """Larger sizes, where entry by entry would take minutes."""
    cell, given = CELLS[name], problem(CELLS[name], T=60, N=7, D=11, H=17)
    rng = np.random.default_rng(1)
    gradients = tree.leaves(gradient(cell, given))
    for _ in range(5):
        shifts = tree.map(lambda v: rng.standard_normal(v.shape), given.at)
        shifted = tree.map(lambda v, s: v + 1e-30j * s, given.at, shifts)
        slope = loss(cell, given, shifted).imag / 1e-30
        pairs = zip(gradients, tree.leaves(shifts), strict=True)
        terms = np.concatenate([(dv * s).ravel() for dv, s in pairs])
        assert abs(terms.sum() - slope) <= 1e-14 * np.linalg.norm(terms) * terms.size**0.5


@pytest.mark.eq("eq-unroll")
@tied_cells(FORWARD)
@pytest.mark.parametrize("T", [1, 7])
def test_forward_is_the_cell_written_out_gate_by_gate(name, T):
    cell, at = CELLS[name], problem(CELLS[name], T, N=5).at
    run = bptt.forward(cell, at.params, at.x, at.state)
    h, state = reference.run(name, at.params, at.x, at.state)
    assert_close(run.h, h, 1e-14)
    assert_close(run.state, cell.State(*state), 1e-14)
    np.testing.assert_array_equal(run.h[-1], run.state.h)


@cells
def test_without_a_state_the_run_starts_from_zero(name):
    cell, at = CELLS[name], problem(CELLS[name], T=3, N=2).at
    run = bptt.forward(cell, at.params, at.x)
    h, _ = reference.run(name, at.params, at.x, tree.zeros_like(at.state))
    assert_close(run.h, h, 1e-14)
    for zero, s in zip(cell.zero_state(2, 4), at.state, strict=True):
        np.testing.assert_array_equal(zero, np.zeros_like(s))


@cells
def test_without_a_gradient_from_beyond_the_last_state_receives_that_of_its_loss(name):
    cell, given = CELLS[name], problem(CELLS[name], T=3, N=2)
    at = given.at
    run = bptt.forward(cell, at.params, at.x, at.state)
    grads = bptt.backward(cell, at.params, run, given.dh)
    zero = tree.zeros_like(given.dstate)
    explicit = bptt.backward(cell, at.params, run, given.dh, zero)
    for a, b in zip(tree.leaves(grads.dparams), tree.leaves(explicit.dparams), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(grads.dstates[-1].h, given.dh[-1])


# A cell whose step is not split is run by step_backward, which would be held to itself.
@tied_cells({name: labels for name, labels in BACKWARD.items() if hasattr(CELLS[name], "inputs")})
@pytest.mark.parametrize("tokens", [False, True])
def test_steps_composed_by_hand_are_bptt(name, tokens):
    cell, given = CELLS[name], problem(CELLS[name], T=7, N=5)
    at = given.at
    x = np.random.default_rng(1).integers(3, size=(7, 5)) if tokens else at.x
    state, hs, caches = at.state, [], []
    for x_t in x:
        state, cache = cell.step(at.params, x_t, state)
        hs.append(state.h)
        caches.append(cache)
    run = bptt.forward(cell, at.params, x, at.state)
    assert_close(run.h, np.stack(hs), 1e-15)
    assert_close(run.state, state, 1e-15)

    dstate, dparams, dxs, dstates = given.dstate, tree.zeros_like(at.params), [], []
    for dh, cache in zip(given.dh[::-1], caches[::-1], strict=True):
        dstate = dstate._replace(h=dstate.h + dh)
        dstates.append(dstate)
        dx, dstate, dparams_t = cell.step_backward(at.params, dstate, cache)
        dxs.append(dx)
        dparams = tree.add(dparams, dparams_t)
    grads = bptt.backward(cell, at.params, run, given.dh, given.dstate)
    assert_close(grads.dparams, dparams, 2e-15)
    assert len(grads.dstates) == 8
    for ours, hand in zip(grads.dstates, [dstate, *dstates[::-1]], strict=True):
        assert_close(ours, hand, 1e-15)
    if tokens:
        assert grads.dx is None
        assert dxs == [None] * 7
    else:
        assert_close(grads.dx, np.stack(dxs[::-1]), 1e-15)


@cells
def test_long_runs_of_large_states_are_the_steps_composed(name):
    """Large enough that the local derivatives of a run are not all prepared at once."""
    cell, given = CELLS[name], problem(CELLS[name], T=5, N=120, H=100)
    state, caches = given.at.state, []
    for x_t in given.at.x:
        state, cache = cell.step(given.at.params, x_t, state)
        caches.append(cache)
    dstate, dparams = given.dstate, tree.zeros_like(given.at.params)
    for dh, cache in zip(given.dh[::-1], caches[::-1], strict=True):
        dstate = dstate._replace(h=dstate.h + dh)
        _, dstate, dparams_t = cell.step_backward(given.at.params, dstate, cache)
        dparams = tree.add(dparams, dparams_t)
    ours = gradient(cell, given)
    assert_close(ours.params, dparams, 1e-13)
    assert_close(ours.state, dstate, 1e-13)


@cells
def test_each_state_s_gradient_is_that_of_a_run_started_there(name):
    """dstates[t] is what the steps after t give, plus the loss on h_t itself."""
    cell, given = CELLS[name], problem(CELLS[name], T=5, N=2)
    at = given.at
    run = bptt.forward(cell, at.params, at.x, at.state)
    dstates = bptt.backward(cell, at.params, run, given.dh, given.dstate).dstates
    for t in range(1, 5):
        state = bptt.forward(cell, at.params, at.x[:t], at.state).state
        rest = given._replace(at=Variables(at.params, at.x[t:], state), dh=given.dh[t:])
        ds = gradcheck.complex_step(lambda at, rest=rest: loss(cell, rest, at), rest.at).state
        assert_close(dstates[t], ds._replace(h=ds.h + given.dh[t - 1]), 1e-14)


@cells
def test_tokens_are_one_hot_rows(name):
    cell, given = CELLS[name], problem(CELLS[name], T=6, N=5)
    tokens = np.random.default_rng(1).integers(3, size=(6, 5))
    results = []
    for x in (one_hot(tokens, 3), tokens, tokens.astype(np.uint8), tokens.astype(np.int32)):
        at = given.at._replace(x=x)
        run = bptt.forward(cell, at.params, at.x, at.state)
        results.append((run.h, gradient(cell, given._replace(at=at))))
    (h, expected), *others = results
    assert expected.x.shape == (6, 5, 3)
    for ours_h, ours in others:
        assert_close(ours_h, h, 1e-15)
        assert ours.x is None
        assert_close(ours, expected._replace(x=None), 2e-15)


@cells
def test_a_token_that_does_not_occur_has_no_gradient(name):
    cell, given = CELLS[name], problem(CELLS[name], T=6, N=5, D=9)
    tokens = np.random.default_rng(1).integers(4, 7, size=(6, 5))
    dW_x = gradient(cell, given._replace(at=given.at._replace(x=tokens))).params.W_x
    present = np.isin(np.arange(9), tokens)
    assert (dW_x[~present] == 0).all()
    assert (dW_x[present] != 0).any(axis=1).all()


@cells
@pytest.mark.parametrize("tokens", [False, True])
def test_float32_gives_float32_near_the_float64_result(name, tokens):
    cell, given = CELLS[name], problem(CELLS[name], T=20, N=5)
    if tokens:
        given = given._replace(at=given.at._replace(x=np.arange(100).reshape(20, 5) % 3))
    at = given.at

    def single(values):
        return tree.map(lambda v: v if v.dtype.kind == "i" else v.astype(np.float32), values)

    def everything(given):
        at = given.at
        run = bptt.forward(cell, at.params, at.x, at.state)
        grads = bptt.backward(cell, at.params, run, given.dh, given.dstate)
        state, cache = cell.step(at.params, at.x[0], at.state)
        back = cell.step_backward(at.params, given.dstate, cache)
        default = bptt.forward(cell, at.params, at.x)
        grads_default = bptt.backward(cell, at.params, default, given.dh)
        parts = [*run, grads.dx, grads.dparams, *grads.dstates, state, cache, *back]
        parts += [*default, grads_default.dx, grads_default.dparams, *grads_default.dstates]
        return [leaf for part in parts for leaf in tree.leaves(part) if leaf.dtype.kind == "f"]

    ours, expected = everything(single(given)), everything(given)
    assert {v.dtype.name for v in expected} == {"float64"}
    assert {v.dtype.name for v in ours} == {"float32"}
    # A cell that cannot forget grows over the steps, and its rounding with it.
    tolerance = 1e-3 if name == "no_forget" else 1e-5
    for a, b in zip(ours, expected, strict=True):
        assert gradcheck.relative_error(a, b) <= tolerance
    assert single(at.params).W_x.dtype == np.float32


@cells
@pytest.mark.parametrize("narrow", ["params", "x", "state"])
def test_one_float32_argument_costs_the_others_nothing(name, narrow):
    cell, given = CELLS[name], problem(CELLS[name], T=4, N=5)
    single = tree.astype(getattr(given.at, narrow), np.float32)
    mixed = given._replace(at=given.at._replace(**{narrow: single}))
    ours = gradient(cell, mixed)
    assert {v.dtype.name for v in tree.leaves(ours)} == {"float64"}
    assert_close(ours, gradient(cell, tree.astype(mixed, np.float64)), 1e-14)


@cells
def test_initial_values_have_the_asked_dtype(name):
    cell = CELLS[name]
    for dtype in (np.float32, np.float64):
        values = [
            cell.init(np.random.default_rng(0), 3, 4, dtype=dtype),
            cell.zero_state(2, 4, dtype),
        ]
        assert {v.dtype for part in values for v in part} == {np.dtype(dtype)}


@cells
@pytest.mark.parametrize("tokens", [False, True])
def test_nothing_is_changed(name, tokens):
    cell, given = CELLS[name], problem(CELLS[name], T=4, N=5)
    if tokens:
        given = given._replace(at=given.at._replace(x=np.arange(20).reshape(4, 5) % 3))
    frozen = freeze(given)
    at = frozen.at
    run = freeze(bptt.forward(cell, at.params, at.x, at.state))
    kept_run = tree.map(np.copy, run)
    grads = bptt.backward(cell, at.params, run, frozen.dh, frozen.dstate)
    again = bptt.backward(cell, at.params, run, frozen.dh, frozen.dstate)
    _, cache = cell.step(at.params, at.x[0], at.state)
    cache = freeze(cache)
    kept_cache = tree.map(np.copy, cache)
    cell.step_backward(at.params, frozen.dstate, cache)
    pairs = [(frozen, given), (run, kept_run), (cache, kept_cache), (grads.dparams, again.dparams)]
    for after, before in pairs:
        for a, b in zip(tree.leaves(after), tree.leaves(before), strict=True):
            np.testing.assert_array_equal(a, b)


@cells
def test_results_of_one_run_survive_the_next(name):
    """No buffer is shared between two calls, nor between the gradients of one."""
    cell, given = CELLS[name], problem(CELLS[name], T=4, N=5)
    other = problem(cell, T=4, N=5, seed=1)
    run = bptt.forward(cell, given.at.params, given.at.x, given.at.state)
    grads = bptt.backward(cell, given.at.params, run, given.dh, given.dstate)
    parts = [*run, grads.dx, grads.dparams, *grads.dstates]
    kept = [tree.map(np.copy, part) for part in parts]
    gradient(cell, other)
    for after, before in zip(parts, kept, strict=True):
        for a, b in zip(tree.leaves(after), tree.leaves(before), strict=True):
            np.testing.assert_array_equal(a, b)


@cells
def test_inputs_that_are_not_contiguous_give_the_same(name):
    """A minibatch is a transposed view of a text; a state may be a slice."""
    cell, given = CELLS[name], problem(CELLS[name], T=4, N=5)
    spread = tree.map(lambda v: np.repeat(v, 2, axis=-1)[..., ::2], given)
    turned = tree.map(lambda v: np.asfortranarray(v), given)
    for other in (spread, turned):
        assert_close(gradient(cell, other), gradient(cell, given), 2e-15)
