"""Deep nets, nets in both directions, padding and learnt starts, in all combinations."""

from typing import NamedTuple

import numpy as np
import pytest

from lstm_lib import bptt, gradcheck, stack, tree
from tests.cells import CELLS, VARIANTS, one_hot

T, N, D, H = 5, 4, 2, 8  # three units less their mean, over their spread, lose digits
CELLS = CELLS | VARIANTS
MASK = np.arange(T)[:, None] < np.array([5, 3, 1, 2])


class At(NamedTuple):
    net: tuple
    x: np.ndarray


def given(cell, depth=2, both=True, seed=0):
    """A net with random numbers everywhere, and an input."""
    rng = np.random.default_rng(seed)
    net = stack.init(rng, cell, D, H, depth, both)
    return At(tree.map(lambda v: v + 0.3 * rng.standard_normal(v.shape), net), draw(rng))


def draw(rng):
    return rng.standard_normal((T, N, D))


def check(cell, at, mask=None):
    run = stack.forward(cell, at.net, at.x, mask)
    dh = np.random.default_rng(1).standard_normal(run.h.shape)
    grads = stack.backward(cell, at.net, run, dh)
    numerical = gradcheck.complex_step(
        lambda at: (stack.forward(cell, at.net, at.x, mask).h * dh).sum(), at
    )
    assert max(gradcheck.compare(At(grads.net, grads.dx), numerical).values()) <= 1e-13
    return grads


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "padded"])
@pytest.mark.parametrize("both", [False, True], ids=["ahead", "both"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", ["lstm", "gru", "layer_norm"])
def test_gradient_is_that_of_the_complex_step(name, depth, both, mask):
    check(CELLS[name], given(CELLS[name], depth, both), mask)


@pytest.mark.eq("eq-stack-backward", "eq-both-backward")
def test_one_layer_of_each_kind_may_follow_the_other():
    cell, rng = CELLS["gru"], np.random.default_rng(0)
    (low,) = stack.init(rng, cell, D, H, 1, both=True)
    (high,) = stack.init(rng, cell, 2 * H, H, 1)
    check(cell, At((low, high), draw(rng)), MASK)


@pytest.mark.eq("eq-stack")
def test_two_layers_are_two_runs_one_above_the_other():
    cell = CELLS["lstm"]
    net, x = given(cell, depth=2, both=False)
    h = stack.forward(cell, net, x).h
    for layer in net:
        state = tree.map(lambda v: np.tile(v, (N, 1)), layer.start)
        x = bptt.forward(cell, layer.params, x, state).h
    np.testing.assert_array_equal(h, x)


@pytest.mark.eq("eq-both")
def test_both_directions_are_two_runs_side_by_side():
    cell = CELLS["lstm"]
    net, x = given(cell, depth=1)
    h = stack.forward(cell, net, x).h
    ahead, behind = (
        bptt.forward(
            cell, layer.params, x[::way], tree.map(lambda v: np.tile(v, (N, 1)), layer.start)
        ).h[::way]
        for layer, way in zip(net[0], (1, -1), strict=True)
    )
    np.testing.assert_array_equal(h, np.concatenate([ahead, behind], axis=-1))


def test_a_net_in_both_directions_mirrors_itself():
    """Reversed input, directions exchanged: the output is reversed, its halves exchanged."""
    cell = CELLS["gru"]
    net, x = given(cell, depth=3)

    def exchanged(v):
        return np.concatenate([v[..., H:], v[..., :H]], axis=-1)

    mirror = []
    for k, layer in enumerate(net):
        sides = [layer.behind, layer.ahead]
        if k:  # the rows of W_x that read the layer below
            sides = [
                side._replace(params=side.params._replace(W_x=exchanged(side.params.W_x.T).T))
                for side in sides
            ]
        mirror.append(stack.Both(*sides))
    h = stack.forward(cell, net, x).h
    np.testing.assert_allclose(
        exchanged(stack.forward(cell, tuple(mirror), x[::-1]).h[::-1]), h, rtol=1e-12, atol=1e-15
    )


def test_padding_does_not_change_a_sequence_in_either_direction():
    cell = CELLS["lstm"]
    net, x = given(cell, depth=2)
    padded = stack.forward(cell, net, x, MASK).h
    for n, length in enumerate(MASK.sum(axis=0)):
        alone = stack.forward(cell, net, x[:length, n : n + 1]).h
        np.testing.assert_allclose(padded[:length, n : n + 1], alone, rtol=1e-12, atol=1e-15)


def test_nothing_reaches_the_padding():
    cell = CELLS["gru"]
    net, x = given(cell, depth=3)
    run = stack.forward(cell, net, x, MASK)
    dx = stack.backward(cell, net, run, MASK[..., None] * np.ones_like(run.h)).dx
    assert (dx[~MASK] == 0).all()
    assert (dx[MASK] != 0).all()


def test_starts_of_one_sequence_each_are_not_summed():
    cell = CELLS["lstm"]
    net, x = given(cell, depth=1, both=False)
    rng = np.random.default_rng(2)
    (layer,) = net
    own = layer._replace(start=tree.map(lambda v: rng.standard_normal((N, H)), layer.start))
    grads = check(cell, At((own,), x))
    assert grads.net[0].start.c.shape == (N, H)


def test_tokens_are_one_hot_rows():
    cell = CELLS["gru"]
    net, _ = given(cell)
    tokens = np.random.default_rng(1).integers(D, size=(T, N))
    results = []
    for x in (tokens, one_hot(tokens, D)):
        run = stack.forward(cell, net, x, MASK)
        results.append((run.h, stack.backward(cell, net, run, np.ones_like(run.h))))
    (h, ours), (expected_h, expected) = results
    np.testing.assert_allclose(h, expected_h, rtol=1e-14)
    assert ours.dx is None
    assert max(gradcheck.compare(ours.net, expected.net).values()) <= 1e-14


def test_float32_is_kept():
    cell, rng = CELLS["gru"], np.random.default_rng(0)
    net = stack.init(rng, cell, D, H, 2, both=True, dtype=np.float32)
    run = stack.forward(cell, net, draw(rng).astype(np.float32))
    grads = stack.backward(cell, net, run, np.ones_like(run.h))
    assert {v.dtype for v in [run.h, grads.dx, *tree.leaves(grads.net)]} == {np.dtype("float32")}


CELL, AT = CELLS["gru"], given(CELLS["gru"])
RUN = stack.forward(CELL, AT.net, AT.x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stack.forward(CELL, (), AT.x), "net: expected a tuple of Layer and Both"),
        (lambda: stack.forward(CELL, AT.net[0].ahead, AT.x), "net: expected a tuple of Layer"),
        (
            lambda: stack.forward(CELL, list(AT.net), AT.x),
            "net: expected a tuple of Layer and Both",
        ),
        (lambda: stack.forward(CELL, AT.net, AT.x[..., :1]), "x: expected shape"),
        (lambda: stack.forward(CELL, AT.net, AT.x[0]), "x: expected shape"),
        (lambda: stack.forward(CELL, AT.net[1:], AT.x), "x: expected shape"),
        (lambda: stack.forward(CELL, AT.net, AT.x, MASK[:2]), "mask: expected shape"),
        (lambda: stack.forward(CELL, start(np.ones(2)), AT.x), "start.h: expected shape"),
        (lambda: stack.backward(CELL, AT.net, RUN, RUN.h[..., :2]), "dh: expected shape"),
        (lambda: stack.backward(CELL, AT.net[:1], RUN, RUN.h), "run: expected"),
        (lambda: stack.backward(CELL, AT.net, RUN.layers[0].ahead, RUN.h), "run: expected"),
        (lambda: stack.init(np.random.default_rng(0), CELL, D, H, 0), "depth: expected an integer"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def start(h):
    """The net whose first start is another one."""
    low = AT.net[0]
    ahead = low.ahead._replace(start=CELL.State(h))
    return (low._replace(ahead=ahead), *AT.net[1:])
