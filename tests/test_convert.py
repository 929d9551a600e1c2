"""Layouts of others: bit-equal there and back, and the numbers of the others' own layers.

Where a library is missing, its recorded numbers stand in, from `python -m tests.record_layers`.
"""

import re

import numpy as np
import pytest

from lstm_lib import bptt, convert, gru, lstm, readout, rnn
from lstm_lib.functions import hard_sigmoid
from lstm_lib.variants import reset_after
from tests import record_layers
from tests.cells import problem
from tests.record_layers import CELLS, LAYERS

CONVERTERS = {
    name: (getattr(convert, f"to_{name}"), getattr(convert, f"from_{name}"))
    for name in ("pytorch", "keras", "onnx", "stanford")
}
PAIRS = [(name, cell) for name in CONVERTERS for cell in getattr(convert, name.upper())]
pairs = pytest.mark.parametrize(
    ("name", "cell"), PAIRS, ids=[f"{name}-{cell.__name__}" for name, cell in PAIRS]
)
# keras.ops.matmul on torch rounds to float32; LSTM and GRU pass it by where torch has the layer.
TOLERANCE = dict.fromkeys(["keras SimpleRNN", "keras GRU reset before"], 1e-4)
layers = pytest.mark.parametrize("key", CELLS)


@pytest.fixture(scope="module")
def arrays():
    with np.load(record_layers.FILE) as file:
        return dict(file)


def params(cell, D=3, H=4, dtype=np.float64):
    return problem(cell, 1, 1, D, H, seed=3, dtype=dtype).at.params


def assert_bit_equal(ours, theirs):
    assert type(ours) is type(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, strict=True)


def assert_equal(key, h, expected):
    np.testing.assert_allclose(h, expected, rtol=TOLERANCE.get(key, 1e-12))


def hidden(cell, params, x):
    return bptt.forward(cell, params, x).h


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pairs
def test_ours_to_theirs_to_ours_is_equal_to_the_bit(name, cell, dtype):
    to, back = CONVERTERS[name]
    ours = params(cell, dtype=dtype)
    assert_bit_equal(back(cell, to(cell, ours)), ours)


@pytest.mark.parametrize("cell", [lstm, gru])
def test_split_and_join_are_inverse(cell):
    ours = params(cell)
    gates = convert.split(cell, ours)
    assert gates._fields == cell.Gates._fields
    assert_bit_equal(convert.join(cell, gates), ours)


@pytest.mark.parametrize("cell", [lstm, gru])
def test_a_gate_of_the_split_form_computes_its_own_pre_activation(cell):
    given = problem(cell, 1, 5)
    run = bptt.forward(cell, given.at.params, given.at.x, given.at.state)
    for name, gate in convert.split(cell, given.at.params)._asdict().items():
        if name not in "gn":  # the candidate of the GRU reads r * h
            a = given.at.x[0] @ gate.W_x + given.at.state.h @ gate.W_h + gate.b
            np.testing.assert_allclose(getattr(run.caches.gates, name)[0], 1 / (1 + np.exp(-a)))


def test_the_source_s_dict_is_bit_equal_there_and_back():
    ours, output = params(lstm), readout.Params(np.arange(8.0).reshape(4, 2), np.arange(2.0))
    weights = convert.to_source(ours, output)
    assert {name: v.shape for name, v in weights.items()} == (
        {f"W{k}": (7, 4) for k in "fico"}
        | {f"b{k}": (1, 4) for k in "fico"}
        | {"Wy": (4, 2), "by": (1, 2)}
    )
    back, back_output = convert.from_source(weights)
    assert_bit_equal(back, ours)
    assert_bit_equal(back_output, output)


def test_the_source_s_equations_on_its_dict_give_our_h():
    given = problem(lstm, 3, 2)
    output = readout.Params(np.ones((4, 2)), np.ones(2))
    w = convert.to_source(given.at.params, output)
    h, c = given.at.state
    for x in given.at.x:
        X = np.concatenate([h, x], axis=1)
        f, i, o = (1 / (1 + np.exp(-(X @ w[f"W{k}"] + w[f"b{k}"]))) for k in "fio")
        c = f * c + i * np.tanh(X @ w["Wc"] + w["bc"])
        h = o * np.tanh(c)
    ours = bptt.forward(lstm, given.at.params, given.at.x, given.at.state).h
    np.testing.assert_allclose(h, ours[-1], rtol=1e-12)


def test_the_stanford_order_is_i_f_o_g():
    ours = params(lstm)._replace(b=np.repeat([1.0, 2.0, 3.0, 4.0], 4))
    b = convert.to_stanford(lstm, ours)["b"]
    np.testing.assert_array_equal(b, np.repeat([1.0, 2.0, 4.0, 3.0], 4))


@layers
def test_recorded_layers_are_ours_on_converted_weights(arrays, key):
    weights, x, h = record_layers.recorded(arrays, key)
    back = CONVERTERS[key.split()[0]][1]
    assert_equal(key, hidden(CELLS[key], back(CELLS[key], weights), x), h)


@layers
def test_theirs_to_ours_to_theirs_computes_the_same(arrays, key):
    weights, x, h = record_layers.recorded(arrays, key)
    to, back = CONVERTERS[key.split()[0]]
    again = to(CELLS[key], back(CELLS[key], weights))
    assert {name: v.shape for name, v in again.items()} == record_layers.shapes(key)
    assert_equal(key, hidden(CELLS[key], back(CELLS[key], again), x), h)


@layers
def test_live_layers_are_ours_and_the_recorded_ones(arrays, key):
    library = {"pytorch": "torch"}.get(key.split()[0], key.split()[0])
    pytest.importorskip("torch", reason="PyTorch is not installed; the recorded file is")
    pytest.importorskip(library, reason=f"{library} is not installed; the recorded file is")
    weights, x, h = record_layers.recorded(arrays, key)
    assert_equal(key, record_layers.layer(key, weights, x), h)
    to, _ = CONVERTERS[key.split()[0]]
    ours = params(CELLS[key], record_layers.D, record_layers.H)
    theirs = record_layers.layer(key, to(CELLS[key], ours), x)
    assert_equal(key, theirs, hidden(CELLS[key], ours, x))


def test_one_sixth_is_the_slope_of_keras_3_and_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    a = np.linspace(-4, 4, 33)
    ours, there = hard_sigmoid(a, slope=1 / 6), torch.from_numpy(a)
    for theirs in (torch.nn.functional.hardsigmoid, keras.activations.hard_sigmoid):
        np.testing.assert_allclose(theirs(there).numpy(), ours, rtol=1e-12)


def test_keras_3_takes_its_first_implementation_for_a_mask_on_the_state():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    for rate, taken in ((0, 2), (0.5, 1)):
        cell = keras.layers.LSTMCell(4, implementation=2, recurrent_dropout=rate)
        assert cell.implementation == taken


def test_the_recorded_file_holds_these_layers_alone(arrays):
    assert list(arrays) == [" ".join(key) for key in LAYERS]


@pytest.mark.eq("eq-gru-flip-z")
@pytest.mark.parametrize("cell", [gru, reset_after])
def test_flipping_z_replaces_z_by_its_complement(cell):
    given = problem(cell, 1, 5)
    flipped = convert.flip_z(cell, given.at.params)
    z, complement = (
        bptt.forward(cell, p, given.at.x, given.at.state).caches.gates.z
        for p in (given.at.params, flipped)
    )
    np.testing.assert_allclose(z + complement, 1, rtol=1e-15)
    assert_bit_equal(convert.flip_z(cell, flipped), given.at.params)


def keras(**changed):
    return convert.to_keras(lstm, params(lstm)) | changed


BAD = {
    "cell without such a layer": (
        lambda: convert.to_pytorch(gru, params(gru)),
        "cell: expected lstm_lib.rnn, lstm_lib.lstm, lstm_lib.variants.reset_after, "
        "got lstm_lib.gru",
    ),
    "no cell": (lambda: convert.to_onnx("lstm", params(lstm)), "got lstm"),
    "cell without gates": (lambda: convert.split(rnn, params(rnn)), "got lstm_lib.rnn"),
    "z of a cell without z": (lambda: convert.flip_z(lstm, params(lstm)), "got lstm_lib.lstm"),
    "other params": (
        lambda: convert.to_keras(lstm, params(reset_after)),
        "params: expected the fields (W_x, W_h, b), got (W_x, W_h, b, b_n)",
    ),
    "params of another cell": (
        lambda: convert.to_keras(lstm, params(gru)),
        "params.W_h: expected shape (4, 16), no length 0, got (4, 12)",
    ),
    "readout": (
        lambda: convert.to_source(params(lstm), None),
        "output: expected the fields (W_hy, b_y), got NoneType",
    ),
    "gates": (
        lambda: convert.join(lstm, params(lstm)),
        "gates: expected the fields (i, f, g, o), got (W_x, W_h, b)",
    ),
    "names": (
        lambda: convert.from_pytorch(lstm, keras()),
        "weights: expected the names weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, "
        "got kernel, recurrent_kernel, bias",
    ),
    "width": (
        lambda: convert.from_keras(lstm, keras(kernel=np.ones((3, 15)))),
        "kernel: expected shape (3, 16), no length 0, got (3, 15)",
    ),
    "dimensions": (
        lambda: convert.from_keras(lstm, keras(recurrent_kernel=np.ones(4))),
        "recurrent_kernel: expected shape (H, 16), no length 0, got (4,)",
    ),
    "bias of one row": (
        lambda: convert.from_keras(
            reset_after, convert.to_keras(reset_after, params(reset_after)) | {"bias": np.ones(12)}
        ),
        "bias: expected shape (2, 12), no length 0, got (12,)",
    ),
    "NaN": (
        lambda: convert.from_keras(lstm, keras(bias=np.full(16, np.nan))),
        "bias: expected numbers, got NaN in 16 of 16 places",
    ),
    "integers": (
        lambda: convert.from_keras(lstm, keras(bias=np.ones(16, int))),
        "bias: expected dtype float32, float64, complex128, got int64",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
