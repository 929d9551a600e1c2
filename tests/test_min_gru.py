"""minGRU, chapter 15's cell, and the runs that are shipped with it."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from book.data import min_gru
from lstm_lib import bptt, flow, gradcheck, gru, tree
from tests.cells import freeze, gradient, loss, one_hot, problem

DATA = Path(__file__).parents[1] / "book" / "data"


@pytest.mark.parametrize("T", [1, 6, 50, 200])
def test_the_gradient_is_that_of_the_complex_step(T):
    given = freeze(problem(min_gru, T, N=2))
    exact = gradcheck.complex_step(lambda at: loss(min_gru, given, at), given.at)
    assert max(gradcheck.compare(gradient(min_gru, given), exact).values()) < 1e-14


def test_one_step_back_is_the_same_as_the_sweep():
    given = problem(min_gru, T=1, N=2)
    _, cache = min_gru.step(given.at.params, given.at.x[0], given.at.state)
    dstate = min_gru.State(given.dh[0] + given.dstate.h)
    dx, dprev, dparams = min_gru.step_backward(given.at.params, dstate, cache)
    swept = gradient(min_gru, given)
    for ours, theirs in zip(tree.leaves((dparams, dx, dprev)), tree.leaves(swept), strict=True):
        assert gradcheck.same(ours, theirs.reshape(ours.shape))


def test_the_gates_do_not_see_the_state():
    given = problem(min_gru, T=1, N=2)
    params, x, state = given.at
    other = min_gru.State(state.h + 1)
    (new, cache), (new_2, cache_2) = (min_gru.step(params, x[0], s) for s in (state, other))
    assert all(np.array_equal(a, b) for a, b in zip(cache.gates, cache_2.gates, strict=True))
    assert gradcheck.same(new_2.h - new.h, cache.gates.z)


def test_it_is_the_gru_without_what_reads_the_state():
    """With W_h zero, and a candidate small enough for its tanh to be straight."""
    given = problem(min_gru, T=5, N=2, seed=3)
    params, x, state = given.at
    H = 4
    scale = np.r_[np.ones(H), np.full(H, 1e-6)]
    small = min_gru.Params(params.W_x * scale, params.b * scale)
    W_x, b = (np.concatenate([0 * v[..., :H], v], axis=-1) for v in small)
    theirs = bptt.forward(gru, gru.Params(W_x, np.zeros((H, 3 * H)), b), x, gru.State(state.h))
    assert gradcheck.same(bptt.forward(min_gru, small, x, state).h, theirs.h, 1e-10)


def test_tokens_and_one_hot_rows_are_the_same():
    given = problem(min_gru, T=4, N=3)
    tokens = np.random.default_rng(1).integers(3, size=(4, 3))
    runs = [bptt.forward(min_gru, given.at.params, x) for x in (tokens, one_hot(tokens, 3))]
    assert gradcheck.same(runs[0].h, runs[1].h)
    ours, theirs = (bptt.backward(min_gru, given.at.params, run, given.dh) for run in runs)
    assert max(gradcheck.compare(ours.dparams, theirs.dparams).values()) < 1e-14
    assert ours.dx is None


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        ("b", np.zeros(7), r"params.b: expected shape \(8\), no length 0, got \(7,\)"),
        ("W_x", np.zeros((3, 7)), r"params.W_x: expected shape \(3, 6\).*got \(3, 7\)"),
        ("W_x", np.zeros(3), r"params.W_x: expected shape \(D, K\).*got \(3,\)"),
    ],
)
def test_a_cell_without_recurrent_weights_is_checked_too(field, wrong, message):
    params = problem(min_gru, T=1, N=1).at.params._replace(**{field: wrong})
    with pytest.raises(ValueError, match=message):
        bptt.forward(min_gru, params, np.zeros((2, 1, 3)))


def test_a_run_of_another_width_is_refused():
    given = problem(min_gru, T=2, N=1)
    run = bptt.forward(min_gru, given.at.params, given.at.x)
    with pytest.raises(ValueError, match=r"run.h: expected shape \(T, N, 4\)"):
        bptt.backward(min_gru, given.at.params, run._replace(h=run.h[..., :3]), given.dh)


def test_the_decay_is_the_product_of_the_gates():
    params = min_gru.init(np.random.default_rng(0), 3, 4)._replace(
        b=np.r_[np.full(4, 2.0), 0 * np.ones(4)]
    )
    norms = flow.over_draws(min_gru, lambda rng: params, 30, draws=3, N=2, scale=0.0).dh
    np.testing.assert_allclose(norms, np.tile((1 / (1 + np.exp(-2))) ** np.arange(31), (3, 1)))


def test_the_file_holds_every_run_of_its_script():
    shipped = np.load(DATA / "min_gru.npz")
    assert set(shipped) == {f"{name}/{T}" for name, T in min_gru.RUNS}
    for runs in shipped.values():
        assert runs.shape == (len(min_gru.SEEDS), min_gru.STEPS // min_gru.WINDOW)
        assert np.isfinite(runs).all()


@pytest.mark.parametrize("name", ["minGRU", "minGRU, chrono", "minGRU, 746 units"])
def test_the_script_starts_as_the_shipped_runs_did(name):
    shipped = np.load(DATA / "min_gru.npz")[f"{name}/10"]
    again = min_gru.one_run(name, 10, seed=1, steps=50)
    np.testing.assert_allclose(again, shipped[1, :2], rtol=1e-4)


def test_the_script_writes_what_it_has_trained(tmp_path, monkeypatch, capsys):
    short = partial(min_gru.one_run, steps=25)
    cut = {"SEEDS": range(2), "RUNS": [("minGRU", 10)], "one_run": short}
    for name, value in cut.items():
        monkeypatch.setattr(min_gru, name, value)
    min_gru.main(tmp_path / "min_gru.npz")
    ours, shipped = (np.load(place / "min_gru.npz")["minGRU/10"] for place in (tmp_path, DATA))
    np.testing.assert_allclose(ours[:, 0], shipped[:2, 0], rtol=1e-4)
    assert "minGRU" in capsys.readouterr().out
