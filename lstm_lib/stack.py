"""Cells one above the other, in one or both directions of time, with padding (chapter 12).

A net is a tuple of layers, the lowest first. A layer is a Layer, or a Both of two Layers that read
the sequence from its two ends. The gradient of a net is a net.
"""

from typing import NamedTuple

import numpy as np

from . import bptt, checks, tree


class Layer(NamedTuple):
    params: tuple  # Params of the cell
    start: tuple  # State before the first step: fields (H,) for all sequences, or (N, H)


class Both(NamedTuple):
    ahead: Layer
    behind: Layer  # reads the last step first


class Run(NamedTuple):
    h: np.ndarray  # (T, N, H) of the highest layer; (T, N, 2H) if it reads in both directions
    layers: tuple  # for each layer its bptt.Run, or the Both of two


class Grads(NamedTuple):
    dx: np.ndarray  # (T, N, D); None for tokens
    net: tuple


def init(rng, cell, D, H, depth, both=False, dtype=np.float64):
    """A net of `depth` layers of H units a direction, which start from zero.

    Raises: ValueError for a depth that is no integer of at least 1.
    """

    def layer(width):
        start = tree.at(cell.zero_state(1, H, dtype), 0)
        return Layer(cell.init(rng, width, H, dtype=dtype), start)

    widths = [D] + [2 * H if both else H] * (checks.count("depth", depth) - 1)
    return tuple(Both(layer(w), layer(w)) if both else layer(w) for w in widths)


def forward(cell, net, x, mask=None):
    """Run a net over a sequence: the h of each layer is the x of the next.

    Args:
        cell: a module such as `lstm_lib.gru`.
        net: a tuple of Layers and Boths.
        x: inputs (T, N, D), or tokens (T, N).
        mask: (T, N), as for `bptt.forward`.

    Returns:
        Run(h, layers).

    Equations: eq-stack eq-both
    Source: Schuster & Paliwal 1997 for both directions; Graves et al. 2013 for depth.
    """
    runs = []
    for layer in _layers(net):
        if isinstance(layer, Both):
            ahead = _forward(cell, layer.ahead, x, mask)
            behind = _forward(cell, layer.behind, x[::-1], mask if mask is None else mask[::-1])
            x = np.concatenate([ahead.h, behind.h[::-1]], axis=-1)
            runs.append(Both(ahead, behind))
        else:
            runs.append(_forward(cell, layer, x, mask))
            x = runs[-1].h
    return Run(x, tuple(runs))


def backward(cell, net, run, dh):
    """Backpropagation through the layers, the highest first.

    Args:
        cell, net: as given to `forward`.
        run: what `forward` returned.
        dh: gradient of the highest layer's h, of the same shape.

    Returns:
        Grads(dx, net), in which each start has the shape that it was given in.

    Equations: eq-stack-backward eq-both-backward
    """
    checks.fields("run", run, Run._fields)
    if len(_layers(net)) != len(run.layers):
        raise ValueError(f"run: expected {len(net)} layers as net has, got {len(run.layers)}")
    dh = checks.numbers("dh", dh, run.h.shape)
    grads = []
    for layer, layer_run in reversed(list(zip(net, run.layers, strict=True))):
        if isinstance(layer, Both):
            H = dh.shape[-1] // 2
            dx, ahead = _backward(cell, layer.ahead, layer_run.ahead, dh[..., :H])
            dx_behind, behind = _backward(cell, layer.behind, layer_run.behind, dh[::-1, :, H:])
            dh = None if dx is None else dx + dx_behind[::-1]
            grads.append(Both(ahead, behind))
        else:
            dh, grad = _backward(cell, layer, layer_run, dh)
            grads.append(grad)
    return Grads(dh, tuple(grads[::-1]))


def _layers(net):
    """The layers of a net that is one."""
    if not isinstance(net, tuple) or not net or not all(isinstance(v, Layer | Both) for v in net):
        parts = [type(v).__name__ for v in net] if isinstance(net, tuple | list) else ""
        raise ValueError(
            f"net: expected a tuple of Layer and Both, not empty, got {type(net).__name__} {parts}"
        )
    return net


def _forward(cell, layer, x, mask):
    x = checks.array("x", x)
    rows, H = x.shape[1:2], len(layer.params.W_h)
    for name, v in zip(layer.start._fields, layer.start, strict=True):
        if np.shape(v) not in ((H,), (*rows, H)):
            raise ValueError(f"start.{name}: expected shape ({H},) or (N, {H}), got {np.shape(v)}")
    start = tree.map(lambda v: np.broadcast_to(v, (*rows, H)), layer.start)
    return bptt.forward(cell, layer.params, x, start, mask)


def _backward(cell, layer, run, dh):
    grads = bptt.backward(cell, layer.params, run, dh)
    # A start that all sequences share was copied to each: the gradients of the copies are summed.
    dstart = tree.map(
        lambda v, dv: dv.sum(axis=0) if np.ndim(v) == 1 else dv, layer.start, grads.dstates[0]
    )
    return grads.dx, Layer(grads.dparams, dstart)
