"""The norms over lag against states that are shifted inside the sequence."""

import numpy as np
import pytest

from lstm_lib import bptt, flow, lstm, tree
from tests.cells import CELLS, Variables, loss, problem

T, N, H = 5, 3, 4


def norms(cell, given):
    at = given.at
    run = bptt.forward(cell, at.params, at.x, at.state)
    grads = bptt.backward(cell, at.params, run, given.dh, given.dstate)
    return flow.norms(cell, run, grads)


def loss_after(cell, given, t, state):
    """What a state after t steps still contributes to the loss, its own h_t included."""
    own = (state.h * given.dh[t - 1]).sum() if t > 0 else 0
    if t == T:
        return own + sum((s * ds).sum() for s, ds in zip(state, given.dstate, strict=True))
    rest = given._replace(dh=given.dh[t:])
    return own + loss(cell, rest, Variables(given.at.params, given.at.x[t:], state))


def gradient_norms(f):
    """Norm over the units of the gradient of f(shift (N, H)) at shift 0: (N,)."""
    gradient = np.zeros((N, H))
    for index in np.ndindex(N, H):
        shift = np.zeros((N, H), complex)
        shift[index] = 1e-30j
        gradient[index] = f(shift).imag / 1e-30
    return np.sqrt((gradient**2).sum(axis=1))


def states(cell, given):
    """The state after t steps, for t from 0 to T, and the last step's cache."""
    at, state = given.at, given.at.state
    yield state, None
    for x in at.x:
        state, cache = cell.step(at.params, x, state)
        yield state, cache


@pytest.mark.parametrize("name", CELLS)
def test_dh_is_the_slope_along_a_shift_of_h(name):
    cell, given = CELLS[name], problem(CELLS[name], T, N, H=H)
    result = norms(cell, given)
    assert result.dh.shape == (T + 1, N)
    for t, (state, _) in enumerate(states(cell, given)):

        def shifted(shift, t=t, state=state):
            return loss_after(cell, given, t, state._replace(h=state.h + shift))

        np.testing.assert_allclose(result.dh[T - t], gradient_norms(shifted), rtol=1e-13)
    if name != "lstm":
        assert result.dc is None
        assert result.dc_next is None


def test_dc_is_the_slope_along_a_shift_of_c_that_h_feels():
    given = problem(lstm, T, N, H=H)
    result = norms(lstm, given)
    for t, (state, cache) in enumerate(states(lstm, given)):

        def shifted(shift, t=t, state=state, cache=cache):
            c = state.c + shift
            h = state.h if cache is None else cache.gates.o * np.tanh(c)
            return loss_after(lstm, given, t, lstm.State(h, c))

        np.testing.assert_allclose(result.dc[T - t], gradient_norms(shifted), rtol=1e-13)


def test_dc_next_is_the_slope_along_a_shift_of_c_that_only_the_next_cell_feels():
    given = problem(lstm, T, N, H=H)
    result = norms(lstm, given)
    for t, (state, _) in enumerate(states(lstm, given)):

        def shifted(shift, t=t, state=state):
            return loss_after(lstm, given, t, state._replace(c=state.c + shift))

        np.testing.assert_allclose(result.dc_next[T - t], gradient_norms(shifted), rtol=1e-13)
    np.testing.assert_array_equal(result.dc[T], result.dc_next[T])
    assert (result.dc[:T] != result.dc_next[:T]).all()


def test_a_linear_recurrence_decays_by_its_radius():
    """With W_h = 0.9 I the norm at lag k is 0.9^k, whatever the inputs."""
    cell = CELLS["rnn_linear"]
    given = problem(cell, T=30, N=N, H=H)
    at = given.at._replace(params=given.at.params._replace(W_h=0.9 * np.eye(H)))
    run = bptt.forward(cell, at.params, at.x, at.state)
    last = cell.State(np.ones((N, H)))
    grads = bptt.backward(cell, at.params, run, np.zeros_like(run.h), last)
    expected = 2 * 0.9 ** np.arange(31)
    np.testing.assert_allclose(flow.norms(cell, run, grads).dh, expected[:, None] * np.ones(N))


def test_nothing_is_changed():
    given = problem(lstm, T, N, H=H)
    at = given.at
    run = bptt.forward(lstm, at.params, at.x, at.state)
    grads = bptt.backward(lstm, at.params, run, given.dh, given.dstate)
    kept = tree.map(np.copy, run), [tree.map(np.copy, ds) for ds in grads.dstates]
    flow.norms(lstm, run, grads)
    for after, before in zip([run, *grads.dstates], [kept[0], *kept[1]], strict=True):
        for a, b in zip(tree.leaves(after), tree.leaves(before), strict=True):
            np.testing.assert_array_equal(a, b)


def test_over_draws_is_one_run_for_each_seed():
    def init(rng):
        return lstm.init(rng, 3, H)

    result = flow.over_draws(lstm, init, T, draws=2, N=N, scale=0.3)
    assert {v.shape for v in result} == {(2, T + 1)}
    np.testing.assert_allclose(result.dh[:, 0], 1)
    for seed, dh in enumerate(result.dh):
        rng = np.random.default_rng(seed)
        params = init(rng)
        run = bptt.forward(lstm, params, 0.3 * rng.standard_normal((T, N, 3)))
        last = rng.standard_normal((N, H))
        last /= np.linalg.norm(last, axis=1)[:, None]
        grads = bptt.backward(lstm, params, run, np.zeros((T, N, H)), lstm.State(last, 0 * last))
        expected = [np.sqrt((dstate.h**2).sum() / N) for dstate in reversed(grads.dstates)]
        np.testing.assert_allclose(dh, expected)


def test_over_draws_follows_the_radius_of_a_linear_recurrence():
    """With W_h = 1.1 I the norm at lag k is 1.1^k, whatever the inputs."""

    def init(rng):
        return CELLS["rnn_linear"].Params(rng.standard_normal((2, H)), 1.1 * np.eye(H), np.ones(H))

    result = flow.over_draws(CELLS["rnn_linear"], init, 30)
    np.testing.assert_allclose(result.dh, [1.1 ** np.arange(31)] * 10)
    assert result.dc is None


@pytest.mark.parametrize("name", ["T", "N", "draws"])
def test_over_draws_names_a_size_that_is_none(name):
    sizes = {"T": 3, "N": 2, "draws": 2} | {name: 0}
    with pytest.raises(ValueError, match=f"{name}: expected an integer of at least 1, got 0"):
        flow.over_draws(lstm, lambda rng: lstm.init(rng, 2, 3), **sizes)
