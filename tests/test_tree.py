"""Trees of arrays: nested, with None, and the same in every function."""

from typing import NamedTuple

import numpy as np
import pytest

from lstm_lib import tree


class Inner(NamedTuple):
    h: object
    c: object


class Outer(NamedTuple):
    W: object
    state: Inner
    b: object


def draw(seed=0, T=()):
    rng = np.random.default_rng(seed)
    inner = Inner(rng.standard_normal((*T, 2, 3)), None)
    return Outer(rng.standard_normal((*T, 4)), inner, rng.standard_normal(T))


def test_leaves_come_in_the_order_of_the_fields_without_none():
    given = draw()
    leaves = tree.leaves(given)
    assert [id(v) for v in leaves] == [id(given.W), id(given.state.h), id(given.b)]
    assert tree.leaves(None) == []
    assert tree.leaves(given.W)[0] is given.W


def test_leaves_are_named_by_their_path():
    given = draw()
    assert [name for name, _ in tree.named_leaves(given)] == ["W", "state.h", "b"]
    assert [name for name, _ in tree.named_leaves(given, "p")] == ["p.W", "p.state.h", "p.b"]
    assert all(
        v is w for (_, v), w in zip(tree.named_leaves(given), tree.leaves(given), strict=True)
    )
    assert tree.named_leaves(None, "x") == []
    assert [name for name, _ in tree.named_leaves((given, 3))] == ["0.W", "0.state.h", "0.b", "1"]


def test_a_tree_comes_back_from_its_named_leaves():
    given = draw(), Inner(1, None)
    arrays = dict(tree.named_leaves(given, "p"))
    again = tree.from_named(given, arrays, "p")
    assert type(again[0].state) is Inner
    assert tree.leaves(again) == tree.leaves(given)
    del arrays["p.1.h"]
    with pytest.raises(KeyError, match=r"p\.1\.h"):
        tree.from_named(given, arrays, "p")


def test_map_keeps_types_and_none_and_lines_up_the_others():
    a, b, c = draw(0), draw(1), draw(2)
    result = tree.map(lambda u, v, w: u + 2 * v - w, a, b, c)
    assert type(result) is Outer
    assert type(result.state) is Inner
    assert result.state.c is None
    np.testing.assert_array_equal(result.state.h, a.state.h + 2 * b.state.h - c.state.h)
    np.testing.assert_array_equal(result.b, a.b + 2 * b.b - c.b)


def test_map_refuses_trees_of_different_size():
    v = np.ones(2)
    with pytest.raises(ValueError, match="zip"):
        tree.map(np.add, Inner(v, v), Outer(v, v, v))


def test_stack_and_at_undo_each_other():
    trees = [draw(seed) for seed in range(5)]
    stacked = tree.stack(trees)
    assert stacked.state.h.shape == (5, 2, 3)
    assert stacked.state.c is None
    for t, given in enumerate(trees):
        for u, v in zip(tree.leaves(tree.at(stacked, t)), tree.leaves(given), strict=True):
            np.testing.assert_array_equal(u, v)
    np.testing.assert_array_equal(tree.at(stacked, slice(1, 3)).W, stacked.W[1:3])


def test_unstack_undoes_stack():
    trees = [draw(seed)._replace(state=Inner(np.eye(2), np.ones(3))) for seed in range(5)]
    for ours, given in zip(tree.unstack(tree.stack(trees)), trees, strict=True):
        assert type(ours.state) is Inner
        for u, v in zip(tree.leaves(ours), tree.leaves(given), strict=True):
            np.testing.assert_array_equal(u, v)


def test_put_fills_the_room_that_empty_gives():
    trees = [tree.astype(draw(seed), np.float32) for seed in range(3)]
    room = tree.empty(3, trees[0])
    for t, given in enumerate(trees):
        tree.put(room, t, given)
    for ours, stacked in zip(tree.leaves(room), tree.leaves(tree.stack(trees)), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, stacked)


def test_add_zeros_and_astype():
    a, b = draw(0), draw(1)
    np.testing.assert_array_equal(tree.add(a, b).state.h, a.state.h + b.state.h)
    single = tree.astype(a, np.float32)
    zeros = tree.zeros_like(single)
    for v, s, z in zip(tree.leaves(a), tree.leaves(single), tree.leaves(zeros), strict=True):
        assert s.dtype == z.dtype == np.float32
        assert z.shape == v.shape
        assert not z.any()
        np.testing.assert_array_equal(s, v.astype(np.float32))
    assert a.W.dtype == np.float64


def test_norm_is_that_of_all_entries_together():
    given = draw()
    flat = np.concatenate([v.ravel() for v in tree.leaves(given)])
    assert tree.norm(given) == pytest.approx(np.linalg.norm(flat), rel=1e-14)
    assert tree.norm(Inner(np.array([3.0]), np.array([[4.0]]))) == 5
    assert tree.norm(tree.zeros_like(given)) == 0
    assert tree.norm(np.array([3 + 4j])) == 5
