"""Parameters in other layouts: by gate, and those of the source article, PyTorch, Keras, ONNX and
the Stanford course (chapters 6 and 9).

Layouts differ in the order of the gates' blocks, in whether a matrix is (in, out) or (out, in), and
in the number of biases. A `to_` function returns a dict of arrays under the other side's names, a
`from_` function takes one. Ours to theirs to ours is equal to the bit; theirs to ours to theirs
computes the same, with two biases added into one wherever only their sum acts.
"""

import numpy as np

from . import checks, gru, lstm, readout, rnn
from .functions import blocks
from .variants import reset_after

# The order of the blocks in the letters of Gates, for the cells that the other side has.
STANFORD = {rnn: "h", lstm: "ifog"}
PYTORCH = {rnn: "h", lstm: "ifgo", reset_after: "rzn"}
KERAS = {rnn: "h", lstm: "ifgo", gru: "zrn", reset_after: "zrn"}
ONNX = {rnn: "h", lstm: "iofg", gru: "zrn", reset_after: "zrn"}


def split(cell, params):
    """Gates of Params(W_x (D, H), W_h (H, H), b (H,)): what each gate computes its a from.

    cell is `lstm_lib.lstm` or `lstm_lib.gru`.
    """
    _known((lstm, gru), cell)
    params = checks.params(cell, params)
    return cell.Gates(*map(rnn.Params, *(blocks(v, len(cell.Gates._fields)) for v in params)))


def join(cell, gates):
    """Params of the cell from `split`'s Gates of Params."""
    checks.fields("gates", gates, cell.Gates._fields)
    joined = (np.concatenate(parts, axis=-1) for parts in zip(*gates, strict=True))
    return checks.params(cell, cell.Params(*joined))


def flip_z(cell, params):
    """Params under which the update gate has the opposite sense: 1 - z where there was z.

    Negates what z is computed from, since 1 - sigmoid(a) = sigmoid(-a). Twice is the same Params.

    Equations: eq-gru-flip-z
    """
    _known((gru, reset_after), cell)
    params = checks.params(cell, params)
    sign = np.repeat([-1 if gate == "z" else 1 for gate in _own(cell)], len(params.W_h))
    return params._replace(W_x=params.W_x * sign, W_h=params.W_h * sign, b=params.b * sign)


def to_source(params, output):
    """The source article's dict from the LSTM's Params and the readout's Params.

    Wf, Wi, Wc, Wo (H+D, H) act on [h, x], h first; bf, bi, bc, bo (1, H); Wy (H, V), by (1, V).
    """
    checks.fields("output", output, readout.Params._fields)
    i, f, g, o = split(lstm, params)
    gates = {"f": f, "i": i, "c": g, "o": o}
    return (
        {f"W{k}": np.concatenate([gate.W_h, gate.W_x]) for k, gate in gates.items()}
        | {f"b{k}": gate.b[None] for k, gate in gates.items()}
        | {"Wy": output.W_hy, "by": output.b_y[None]}
    )


def from_source(weights):
    """The LSTM's Params and the readout's Params from the source article's dict."""
    axes = {f"W{k}": "ZH" for k in "ifco"} | {f"b{k}": "1H" for k in "ifco"}
    *gates, Wy, by = _read(weights, axes | {"Wy": "HV", "by": "1V"})
    H = len(Wy)
    parts = (rnn.Params(W[H:], W[:H], b[0]) for W, b in zip(gates[:4], gates[4:], strict=True))
    return join(lstm, lstm.Gates(*parts)), readout.Params(Wy, by[0])


def to_stanford(cell, params):
    """Wx (D, K), Wh (H, K), b (K,), the LSTM's blocks in the order i, f, o, g."""
    W_x, W_h, b, _ = _theirs(STANFORD, cell, params)
    return {"Wx": W_x, "Wh": W_h, "b": b}


def from_stanford(cell, weights):
    """Params from the dict of `to_stanford`."""
    W_x, W_h, b = _read(weights, {"Wx": "DK", "Wh": "HK", "b": "K"}, _order(STANFORD, cell))
    return _ours(STANFORD, cell, W_x, W_h, b)


def to_pytorch(cell, params):
    """State dict of torch.nn.RNN, LSTM, GRU: weight_ih_l0 (K, D), weight_hh_l0 (K, H), two biases.

    cell is `rnn`, `lstm` or `reset_after`. The second bias is zero but for the GRU's inner one.
    """
    W_x, W_h, b, b_h = _theirs(PYTORCH, cell, params)
    return {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T, "bias_ih_l0": b, "bias_hh_l0": b_h}


def from_pytorch(cell, weights):
    """Params from the dict of `to_pytorch`, as numpy arrays."""
    axes = {"weight_ih_l0": "KD", "weight_hh_l0": "KH", "bias_ih_l0": "K", "bias_hh_l0": "K"}
    W_x, W_h, b, b_h = _read(weights, axes, _order(PYTORCH, cell))
    return _ours(PYTORCH, cell, W_x.T, W_h.T, b, b_h)


def to_keras(cell, params):
    """Weights of SimpleRNN, LSTM or GRU: kernel (D, K), recurrent_kernel (H, K), bias.

    `layer.set_weights(list(weights.values()))` takes them. cell is `rnn`, `lstm`, `gru` for
    GRU(reset_after=False), `reset_after` for Keras's default GRU, whose bias is (2, K).
    """
    W_x, W_h, b, b_h = _theirs(KERAS, cell, params)
    bias = np.stack([b, b_h]) if cell is reset_after else b
    return {"kernel": W_x, "recurrent_kernel": W_h, "bias": bias}


def from_keras(cell, weights):
    """Params from the dict of `to_keras`."""
    bias = "2K" if cell is reset_after else "K"
    axes = {"kernel": "DK", "recurrent_kernel": "HK", "bias": bias}
    W_x, W_h, b = _read(weights, axes, _order(KERAS, cell))
    return _ours(KERAS, cell, W_x, W_h, *(b if cell is reset_after else [b]))


def to_onnx(cell, params):
    """Inputs W (1, K, D), R (1, K, H), B (1, 2K) of the operators RNN, LSTM and GRU.

    cell is `gru` for linear_before_reset = 0, ONNX's default, `reset_after` for 1.
    """
    W_x, W_h, b, b_h = _theirs(ONNX, cell, params)
    return {"W": W_x.T[None], "R": W_h.T[None], "B": np.concatenate([b, b_h])[None]}


def from_onnx(cell, weights):
    """Params from the dict of `to_onnx`."""
    (W_x,), (W_h,), (b,) = _read(weights, {"W": "1KD", "R": "1KH", "B": "1B"}, _order(ONNX, cell))
    return _ours(ONNX, cell, W_x.T, W_h.T, *blocks(b, 2))


def _known(cells, cell):
    """The cell, if it is among those that the other side has."""
    if cell not in cells:
        expected = ", ".join(known.__name__ for known in cells)
        raise ValueError(f"cell: expected {expected}, got {getattr(cell, '__name__', cell)}")
    return cell


def _order(orders, cell):
    """The order of a cell's blocks on the other side."""
    return orders[_known(orders, cell)]


def _own(cell):
    """The order of a cell's blocks here; the RNN has one block, which computes h."""
    return "".join(getattr(cell, "Gates", cell.State)._fields)


def _reordered(arrays, order, wanted):
    """Copies of the arrays with the blocks of their last axis in another order."""
    named = (dict(zip(order, blocks(v, len(order)), strict=True)) for v in arrays)
    return [np.concatenate([parts[gate] for gate in wanted], axis=-1) for parts in named]


def _theirs(orders, cell, params):
    """W_x (D, K), W_h (H, K), b (K,), second bias b_h (K,), blocks in the other side's order."""
    order = _order(orders, cell)
    params = checks.params(cell, params)
    b_h = np.zeros_like(params.b)
    if cell is reset_after:
        b_h[-len(params.b_n) :] = params.b_n
    return _reordered([params.W_x, params.W_h, params.b, b_h], _own(cell), order)


def _ours(orders, cell, W_x, W_h, b, b_h=None):
    """Params from arrays with blocks in the other side's order."""
    b_h = np.zeros_like(b) if b_h is None else b_h
    W_x, W_h, b, b_h = _reordered([W_x, W_h, b, b_h], orders[cell], _own(cell))
    if cell is not reset_after:
        return cell.Params(W_x, W_h, b + b_h)
    H = len(W_h)
    return cell.Params(W_x, W_h, np.concatenate([b[:-H] + b_h[:-H], b[-H:]]), b_h[-H:])


def _read(weights, axes, order="1"):
    """The named arrays, checked against their axes: D inputs, H units, K for the gates together."""
    if set(weights) != set(axes):
        expected, came = ", ".join(axes), ", ".join(map(str, weights))
        raise ValueError(f"weights: expected the names {expected}, got {came}")
    arrays = {name: checks.array(name, weights[name]) for name in axes}
    sizes = {"1": 1, "2": 2}
    for name, letters in axes.items():
        if arrays[name].ndim == len(letters):
            sizes = dict(zip(letters, arrays[name].shape, strict=True)) | sizes
    if "H" in sizes and "K" in sizes:
        sizes["K"] = len(order) * sizes["H"]
        sizes["B"] = 2 * sizes["K"]
    return [
        checks.numbers(name, arrays[name], tuple(sizes.get(a, a) for a in letters))
        for name, letters in axes.items()
    ]
