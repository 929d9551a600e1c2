"""Write tests/recorded/layers.npz: what the layers of PyTorch, Keras and ONNX compute.

    python -m tests.record_layers

Needs torch, keras and onnx. One row of numbers per case: the weights in the layer's own layout, x,
then the h of every step from zero states, all drawn and computed in float64.
"""

import os
from pathlib import Path

import numpy as np

from lstm_lib import gru, lstm, rnn
from lstm_lib.variants import reset_after

os.environ["KERAS_BACKEND"] = "torch"  # before anybody imports keras
FILE = Path(__file__).parent / "recorded" / "layers.npz"
T, N, D, H = 7, 3, 5, 4
LAYERS = {
    ("pytorch", "RNN"): rnn,
    ("pytorch", "LSTM"): lstm,
    ("pytorch", "GRU"): reset_after,
    ("keras", "SimpleRNN"): rnn,
    ("keras", "LSTM"): lstm,
    ("keras", "GRU"): reset_after,
    ("keras", "GRU reset before"): gru,
    ("onnx", "RNN"): rnn,
    ("onnx", "LSTM"): lstm,
    ("onnx", "GRU"): gru,
    ("onnx", "GRU reset after"): reset_after,
}
CELLS = dict(zip(map(" ".join, LAYERS), LAYERS.values(), strict=True))


def shapes(key):
    """Names and shapes of the layer's weights, as its documentation has them."""
    K = H * len(getattr(CELLS[key], "Gates", CELLS[key].State)._fields)
    return {
        "pytorch": {
            "weight_ih_l0": (K, D),
            "weight_hh_l0": (K, H),
            "bias_ih_l0": (K,),
            "bias_hh_l0": (K,),
        },
        "keras": {
            "kernel": (D, K),
            "recurrent_kernel": (H, K),
            "bias": (2, K) if key == "keras GRU" else (K,),
        },
        "onnx": {"W": (1, K, D), "R": (1, K, H), "B": (1, 2 * K)},
    }[key.split()[0]]


def draw(key, seed=0):
    """Random weights of the layer, and x (T, N, D)."""
    rng = np.random.default_rng(seed)
    weights = {name: 0.5 * rng.standard_normal(s) for name, s in shapes(key).items()}
    return weights, rng.standard_normal((T, N, D))


def layer(key, weights, x):
    """h (T, N, H) of the other side's own layer on its own weights."""
    library, kind, *option = key.split()
    return {"pytorch": _torch, "keras": _keras, "onnx": _onnx}[library](
        kind, bool(option), weights, x
    )


def _torch(kind, _, weights, x):
    import torch

    module = getattr(torch.nn, kind)(x.shape[-1], H).double()
    module.load_state_dict(
        {name: torch.tensor(np.ascontiguousarray(w)) for name, w in weights.items()}
    )
    with torch.no_grad():
        return module(torch.tensor(x))[0].numpy()


def _keras(kind, reset_before, weights, x):
    import keras

    options = {"reset_after": not reset_before} if kind == "GRU" else {}
    layer = getattr(keras.layers, kind)(H, return_sequences=True, dtype="float64", **options)
    layer.build((None, None, x.shape[-1]))
    layer.set_weights(list(weights.values()))
    h = layer(x.swapaxes(0, 1))  # Keras is batch-major
    return keras.ops.convert_to_numpy(h).swapaxes(0, 1)


def _onnx(kind, reset_after, weights, x):
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    names = ["x", *weights]
    options = {"linear_before_reset": int(reset_after)} if kind == "GRU" else {}
    node = helper.make_node(kind, names, ["h"], hidden_size=H, **options)
    arrays = [x, *weights.values()]
    graph = helper.make_graph(
        [node],
        "one layer",
        [
            helper.make_tensor_value_info(name, TensorProto.DOUBLE, a.shape)
            for name, a in zip(names, arrays, strict=True)
        ],
        [helper.make_tensor_value_info("h", TensorProto.DOUBLE, None)],
    )
    (h,) = ReferenceEvaluator(helper.make_model(graph)).run(
        None, dict(zip(names, arrays, strict=True))
    )
    return h[:, 0]  # (T, directions, N, H)


def recorded(arrays, key):
    """Weights, x and h of a row of the file."""
    parts = [*shapes(key).values(), (T, N, D), (T, N, H)]
    ends = np.cumsum([np.prod(s) for s in parts])
    *weights, x, h = (
        v.reshape(s) for v, s in zip(np.split(arrays[key], ends[:-1]), parts, strict=True)
    )
    return dict(zip(shapes(key), weights, strict=True)), x, h


def main():
    rows = {}
    for key in CELLS:
        weights, x = draw(key)
        h = layer(key, weights, x)
        rows[key] = np.concatenate([v.ravel() for v in (*weights.values(), x, h)])
    np.savez_compressed(FILE, **rows)
    print(f"{FILE.name}: {FILE.stat().st_size} bytes, {len(rows)} cases")


if __name__ == "__main__":
    main()
