"""Initial weights: their distribution, their blocks, and the biases of each cell."""

import numpy as np
import pytest

from lstm_lib import functions, gru, init, lstm, rnn
from lstm_lib.variants import coupled, layer_norm, no_forget, peephole, reset_after
from tests.cells import CELLS, VARIANTS

CELLS = CELLS | VARIANTS
GATES = {name: len(cell.Gates._fields) for name, cell in CELLS.items() if hasattr(cell, "Gates")}


def test_glorot_is_uniform_within_its_bound():
    W = init.glorot(np.random.default_rng(0), 300, 200)
    bound = np.sqrt(6 / 500)
    assert W.shape == (300, 200)
    assert 0.999 * bound < W.max() < bound
    assert -bound < W.min() < -0.999 * bound
    assert abs(W.mean()) < 0.01 * bound
    assert W.var() == pytest.approx(2 / 500, rel=0.02)
    quarters = np.histogram(W, bins=4, range=(-bound, bound))[0] / W.size
    np.testing.assert_allclose(quarters, 0.25, atol=0.01)


def test_he_is_normal_with_its_variance():
    W = init.he(np.random.default_rng(0), 300, 200, np.float32)
    assert W.shape == (300, 200)
    assert W.dtype == np.float32
    assert abs(W.mean()) < 5 * np.sqrt(2 / 300 / W.size)
    assert W.var() == pytest.approx(2 / 300, rel=0.03)
    assert (W**4).mean() / W.var() ** 2 == pytest.approx(3, rel=0.05)  # normal


@pytest.mark.eq("eq-chrono")
def test_chrono_gives_memories_that_are_uniform_up_to_T():
    b = init.chrono(np.random.default_rng(0), 5000, 40, np.float32)
    assert b.shape == (5000,)
    assert b.dtype == np.float32
    steps = 1 / (1 - functions.sigmoid(b))  # 1 / (1 - f)
    quarters = np.histogram(steps, bins=4, range=(2, 40))[0] / b.size
    np.testing.assert_allclose(quarters, 0.25, atol=0.03)


@pytest.mark.parametrize("H", [1, 2, 17])
def test_orthogonal_is_orthogonal(H):
    W = init.orthogonal(np.random.default_rng(0), H)
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-14)


def test_orthogonal_is_uniform_and_not_only_orthogonal():
    """Of a uniform orthogonal matrix each entry has mean 0; the bare QR's diagonal has not."""
    rng = np.random.default_rng(0)
    mean = np.mean([init.orthogonal(rng, 3) for _ in range(4000)], axis=0)
    assert abs(mean).max() < 4 / np.sqrt(3 * 4000)
    determinants = [np.linalg.det(init.orthogonal(rng, 3)) for _ in range(400)]
    assert abs(np.mean(determinants)) < 0.2


def test_per_gate_draws_each_block_anew_and_side_by_side():
    values = iter(range(3))
    W = init.per_gate(lambda: np.full((2, 2), next(values)), 3)
    assert W.tolist() == [[0, 0, 1, 1, 2, 2]] * 2


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_params_are_drawn_gate_by_gate(name, dtype):
    cell, count = CELLS[name], GATES.get(name, 1)
    params = cell.init(np.random.default_rng(0), 60, 40, dtype=dtype)
    assert isinstance(params, cell.Params)
    assert {v.dtype for v in params} == {np.dtype(dtype)}
    assert tuple(v.shape for v in params) == tuple(cell.shapes(60, 40))
    bound = np.sqrt(6 / (60 + 40))
    for W_x in functions.blocks(params.W_x, count):
        assert 0.99 * bound < abs(W_x).max() <= bound
    blocks = functions.blocks(params.W_h, count)
    for k, W_h in enumerate(blocks):
        np.testing.assert_allclose(W_h @ W_h.T, np.eye(40), atol=1e-5)
        assert all(abs(W_h - other).max() > 0.1 for other in blocks[:k])


def test_an_lstm_with_chrono_biases_forgets_as_little_as_it_writes():
    params = lstm.init_chrono(np.random.default_rng(0), 3, 400, 50)
    plain = lstm.init(np.random.default_rng(0), 3, 400)
    np.testing.assert_array_equal(params.W_h, plain.W_h)
    b = lstm.Gates(*functions.blocks(params.b, 4))
    np.testing.assert_array_equal(b.i, -b.f)
    assert not b.g.any()
    assert not b.o.any()
    assert 0 <= b.f.min() < b.f.max() <= np.log(49)
    np.testing.assert_allclose(np.exp(b.f).mean(), 25, rtol=0.1)


@pytest.mark.parametrize("name", CELLS)
def test_the_draw_repeats_with_the_seed_and_only_then(name):
    first, again, other = (
        CELLS[name].init(np.random.default_rng(seed), 3, 4) for seed in (0, 0, 1)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first.W_x != other.W_x).all()
    assert (first.W_h != other.W_h).any()


def test_biases_are_zero_but_the_forget_gate_s():
    rng = np.random.default_rng(0)
    for cell in (rnn, gru, reset_after):
        assert not cell.init(rng, 3, 2).b.any()
    assert not reset_after.init(rng, 3, 2).b_n.any()
    assert lstm.init(rng, 3, 2).b.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert coupled.init(rng, 3, 2).b.tolist() == [1, 1, 0, 0, 0, 0]
    assert not no_forget.init(rng, 3, 2).b.any()
    assert not np.array(peephole.init(rng, 3, 2)[3:]).any()
    assert [v.tolist() for v in layer_norm.init(rng, 3, 1)[3:]] == [[1] * 4, [1] * 4, [1], [0]]
    assert lstm.init(rng, 3, 2, forget_bias=2.5).b.tolist() == [0, 0, 2.5, 2.5, 0, 0, 0, 0]


@pytest.mark.parametrize("name", CELLS)
def test_shapes_and_zero_state_belong_to_the_cell(name):
    cell, count = CELLS[name], GATES.get(name, 1)
    expected = {"W_x": (3, 2 * count), "W_h": (2, 2 * count), "b": (2 * count,)}
    expected |= {"gain_x": (8,), "gain_h": (8,)}
    shapes = cell.shapes(3, 2)
    assert shapes._asdict() == {field: expected.get(field, (2,)) for field in cell.Params._fields}
    state = cell.zero_state(5, 2)
    assert isinstance(state, cell.State)
    assert all(v.shape == (5, 2) and v.dtype == np.float64 and not v.any() for v in state)
    assert len({id(v) for v in state}) == len(state)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: init.glorot(rng, 0, 2), "fan_in: expected an integer of at least 1, got 0"),
        (lambda rng: init.glorot(rng, 2, 2.0), "fan_out: expected an integer of at least 1"),
        (lambda rng: init.he(rng, "3", 2), "fan_in: expected an integer of at least 1, got '3'"),
        (lambda rng: init.he(rng, 3, -1), "fan_out: expected an integer of at least 1, got -1"),
        (lambda rng: init.orthogonal(rng, 0), "H: expected an integer of at least 1, got 0"),
        (lambda rng: init.chrono(rng, 0, 9), "H: expected an integer of at least 1, got 0"),
        (lambda rng: init.chrono(rng, 4, 1), "T: expected an integer of at least 2, got 1"),
    ],
)
def test_a_size_that_is_none_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
