"""Wrong versions of the library, one line each, as they were met in public code (chapter 13)."""

import inspect
import types
from typing import NamedTuple

import numpy as np

from lstm_lib import bptt, gradcheck, lstm, readout
from lstm_lib.breaks import broken


class Mutant(NamedTuple):
    name: str
    module: str  # of lstm_lib
    old: str  # text that stands there once
    new: str
    says: str  # what a reader who made the same mistake is told
    met: tuple  # where it was met in public: key in references.bib, or pairs (words, address)
    cell: str = "lstm"  # the cell that shows it


_GITHUB = "https://github.com/"


def _met(*places):
    return tuple(
        (place.replace("/issues/", " #").replace("/pull/", " #"), _GITHUB + place)
        for place in places
    )


MUTANTS = (
    Mutant(
        "dc from t+1 dropped",
        "lstm",
        "dc = dstate.c + dh * local.h",
        "dc = dh * local.h",
        "dc_t misses the gradient that arrives from c_{t+1}: it is a sum over both readers of c_t",
        _met("apache/mxnet/issues/4057"),
    ),
    Mutant(
        "dh from t+1 dropped",
        "lstm",
        "return da, State(da @ params.W_h.T, dc * local.c)",
        "return da, State(0 * dh, dc * local.c)",
        "nothing is sent to h_{t-1}: the four gates of step t read it, and each sends a part back",
        _met("CaptainE/RNN-LSTM-in-numpy/issues/1"),
    ),
    Mutant(
        "tanh' on the carried dc",
        "lstm",
        "recur_backward(params, dstate, local_derivatives(cache))",
        "recur_backward(params, State(dstate.h, dstate.c * dtanh(cache.tanh_c)), "
        "local_derivatives(cache))",
        "what arrives from c_{t+1} is multiplied by tanh'(c_t), but c_{t+1} reads c_t itself",
        (("wiseodd/hipsternet before 2017-02-12", _GITHUB + "wiseodd/hipsternet/commit/563de65"),),
    ),
    Mutant(
        "tanh(c) carried on",
        "lstm",
        "return State(o * tanh_c, c), Cache(",
        "return State(o * tanh_c, tanh_c), Cache(",
        "tanh(c_t) goes on to step t+1 in the place of c_t; the tanh is for h_t alone",
        (("wiseodd/hipsternet since then", _GITHUB + "wiseodd/hipsternet/commit/563de65"),),
    ),
    Mutant(
        "tanh' of tanh(c)",
        "lstm",
        "h=o * dtanh(tanh_c),",
        "h=o * dtanh(np.tanh(tanh_c)),",
        "tanh' is taken twice over: with tanh(c) at hand it is 1 - tanh(c)^2, without another tanh",
        _met("nicklashansen/rnn_lstm_from_scratch/issues/1"),
    ),
    Mutant(
        "no sigma' on f",
        "lstm",
        "f=cache.prev.c * dsigmoid(f),",
        "f=cache.prev.c * sigmoid(f),",
        "the forget gate's da_f lacks the factor f (1 - f), the derivative of its sigmoid",
        _met("CaptainE/RNN-LSTM-in-numpy/issues/1"),
    ),
    Mutant(
        "db_f for db_i and db_o",
        "lstm",
        "return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        "db = np.concatenate([blocks(db, 4)[k] for k in (1, 1, 2, 1)])\n"
        "    return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        "the bias gradients of i and o are copies of that of f: each gate has its own da",
        _met("hanbt/learn_dl/issues/53"),
    ),
    Mutant(
        "b_o for b_i and b_f",
        "lstm",
        "return affine(x, params.W_x, params.b)",
        "b = np.concatenate([blocks(params.b, 4)[k] for k in (3, 3, 2, 3)])\n"
        "    return affine(x, params.W_x, b)",
        "the gates i and f are computed with the bias of o",
        _met("ddbourgin/numpy-ml/issues/42"),
    ),
    Mutant(
        "no tanh on h",
        "lstm",
        "return State(o * tanh_c, c), Cache(",
        "return State(o * c, c), Cache(",
        "h_t is o c, without the tanh",
        _met("nicodjimenez/lstm/issues/9"),
    ),
    Mutant(
        "i + g",
        "lstm",
        "c = f * state.c + i * g",
        "c = f * state.c + i + g",
        "the candidate is added to the input gate; it must be multiplied by it",
        _met("MartinuzziFrancesco/torchrecurrent/issues/22"),
    ),
    Mutant(
        "i and f exchanged",
        "lstm",
        "Gates(sigmoid(a.i), sigmoid(a.f), np.tanh(a.g), sigmoid(a.o))",
        "Gates(sigmoid(a.f), sigmoid(a.i), np.tanh(a.g), sigmoid(a.o))",
        "the blocks of i and f have changed places in the forward pass",
        _met("NX-AI/xlstm/issues/98"),
    ),
    Mutant(
        "h_t in dW_h",
        "lstm",
        "outer(cache.prev.h, da)",
        "outer(cache.gates.o * cache.tanh_c, da)",
        "dW_h pairs da_t with h_t; the product h W_h read h_{t-1}",
        _met("VikParuchuri/zero_to_gpt/issues/9"),
    ),
    Mutant(
        "db one number",
        "lstm",
        "return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        "return dx, Params(dW_x, outer(cache.prev.h, da), np.full_like(db, db.sum()))",
        "db is one number for all units: the sum goes over the rows only",
        _met("rasbt/stat453-deep-learning-ss21/issues/5"),
    ),
    Mutant(
        "db a mean over rows",
        "lstm",
        "return dx, Params(dW_x, outer(cache.prev.h, da), db)",
        "return dx, Params(dW_x, outer(cache.prev.h, da), db / len(cache.prev.h))",
        "db is a mean over the sequences; the bias was copied to each, so their gradients add up",
        _met("kvfrans/notes/issues/5"),
    ),
    Mutant(
        "dW overwritten",
        "bptt",
        "dparams = tree.add(dparams, dparams_t)",
        "dparams = dparams_t",
        "the parameters' gradient is that of one step: the steps share them, so it is a sum",
        _met("mratsim/Arraymancer/pull/237"),
    ),
    Mutant(
        "steps in forward order",
        "bptt",
        "cell.step_backward(params, moved, tree.at(run.caches, t))",
        "cell.step_backward(params, moved, tree.at(run.caches, T - 1 - t))",
        "the steps' Jacobians are multiplied in the order of the forward pass",
        _met("elixir-nx/axon/pull/646"),
    ),
    Mutant(
        "last state's gradient lost",
        "bptt",
        'dstate = checks.like("dstate", dstate, tree.map(np.shape, run.state))',
        "dstate = tree.zeros_like(run.state)",
        "what arrives at the last state from beyond the sequence is not used",
        _met("deeplearning4j/deeplearning4j/issues/8838"),
    ),
    Mutant(
        "output bias never learns",
        "readout",
        "return dh, Params(dW_hy, db_y)",
        "return dh, Params(dW_hy, 0 * db_y)",
        "the gradient of the readout's bias stays zero",
        _met("javaidnabi31/RNN-from-scratch/issues/2"),
    ),
    Mutant(
        "mean loss, summed gradient",
        "readout",
        "return L, share[..., None] * functions.dcross_entropy(u, y)",
        "return L, (share / share.max())[..., None] * functions.dcross_entropy(u, y)",
        "the loss is a mean, its gradient that of a sum: too large by one factor everywhere",
        _met("jxgu1016/MNIST_center_loss_pytorch/issues/9", "tensorflow/swift-apis/pull/42"),
    ),
    Mutant(
        "dh from t+1 dropped, RNN",
        "rnn",
        "return da, State(da @ params.W_h.T)",
        "return da, State(0 * da)",
        "nothing is sent from step t to h_{t-1}",
        _met("qixianbiao/RNN/issues/2"),
        "rnn",
    ),
    Mutant(
        "tanh' of another layer",
        "rnn",
        "return Local(a=dtanh(cache.h))",
        "return Local(a=dtanh(cache.prev.h))",
        "tanh' is taken from h_{t-1}; the tanh that is passed is that of h_t",
        _met("dennybritz/nn-from-scratch/pull/3"),
        "rnn",
    ),
    Mutant(
        "db before the tanh'",
        "rnn",
        "return dx, dprev, dparams",
        "return dx, dprev, dparams._replace(b=dstate.h.sum(axis=0))",
        "db sums dh; the bias stands inside the tanh, so it sums da",
        _met("arthurdouillard/deepcourse/pull/9"),
        "rnn",
    ),
    Mutant(
        "no reset gate",
        "gru",
        "np.tanh(a_x[..., 2 * H :] + (r * h) @ params.W_h[:, 2 * H :])",
        "np.tanh(a_x[..., 2 * H :] + h @ params.W_h[:, 2 * H :])",
        "the candidate reads h_{t-1} past the reset gate",
        _met("zhiyongc/GRU-D/issues/2"),
        "gru",
    ),
    Mutant(
        "reset of the wrong unit",
        "gru",
        "np.tanh(a_x[..., 2 * H :] + (r * h) @ params.W_h[:, 2 * H :])",
        "np.tanh(a_x[..., 2 * H :] + r * (h @ params.W_h[:, 2 * H :]))",
        "r multiplies the product h W_hn; in this cell it multiplies h, before the product",
        _met("ooples/AiDotNet/pull/722"),
        "gru",
    ),
)


class Program(NamedTuple):
    cell: types.SimpleNamespace
    bptt: types.ModuleType
    readout: types.ModuleType


class Leaves(NamedTuple):
    cell: tuple  # Params
    output: readout.Params
    x: np.ndarray  # (T, N, D)
    state: tuple  # before the first step


class Case(NamedTuple):
    leaves: Leaves
    y: np.ndarray  # (T, N), targets
    w: np.ndarray  # (T, N), weights of the losses
    beyond: tuple  # State, the gradient that arrives at the last state


def changed(old, new, *functions):
    """Functions of a notebook, again, with one text in them in the place of another.

    Raises: ValueError if the old text is nowhere in them.
    """
    text = "\n".join(map(inspect.getsource, functions))
    if old not in text:
        names = ", ".join(function.__name__ for function in functions)
        raise ValueError(f"changed: expected {old!r} in {names}, got no such text")
    names = dict(functions[0].__globals__)
    exec(text.replace(old, new), names)
    return [names[function.__name__] for function in functions]


def program(mutant=None, cell=lstm):
    """Cell, backpropagation through time and readout, one of them with the mutant's line.

    The cell goes back step by step, so that a wrong `step_backward` shows.
    """
    modules = {"bptt": bptt, "readout": readout, cell.__name__.rpartition(".")[2]: cell}
    if mutant:
        modules[mutant.module] = broken(mutant)
    bptt_, readout_, cell = modules.values()
    names = ("Params", "State", "Cache", "shapes", "init", "zero_state", "step", "step_backward")
    own = types.SimpleNamespace(**{name: getattr(cell, name) for name in names})
    return Program(own, bptt_, readout_)


def draw(rng, cell=lstm, T=5, N=2, D=3, H=4, K=6):
    """A Case with pairwise different sizes and no zero: random states, biases, and a gradient from
    beyond."""

    def normal(*shape):
        return rng.standard_normal(shape) / max(1, shape[0] if len(shape) == 2 else 1) ** 0.5

    def state():
        return cell.State(*(rng.standard_normal((N, H)) for _ in cell.State._fields))

    params = cell.Params(*(normal(*shape) for shape in cell.shapes(D, H)))
    output = readout.Params(normal(H, K), normal(K))
    leaves = Leaves(params, output, rng.standard_normal((T, N, D)), state())
    return Case(leaves, rng.integers(K, size=(T, N)), rng.uniform(0.5, 1.5, (T, N)), state())


def states(program, case):
    """The hidden states (T, N, H) of a program's forward pass."""
    return program.bptt.forward(program.cell, case.leaves.cell, case.leaves.x, case.leaves.state).h


def loss(program, case, leaves):
    """The case's loss: cross-entropy, and what the last state is worth beyond."""
    run = program.bptt.forward(program.cell, leaves.cell, leaves.x, leaves.state)
    L, _ = program.readout.cross_entropy(
        program.readout.logits(leaves.output, run.h), case.y, case.w
    )
    return L + sum((s * ds).sum() for s, ds in zip(run.state, case.beyond, strict=True))


def gradient(program, case):
    """Leaves of the gradient that a program's own backward pass computes."""
    cell, output, x, state = case.leaves
    run = program.bptt.forward(program.cell, cell, x, state)
    _, du = program.readout.cross_entropy(program.readout.logits(output, run.h), case.y, case.w)
    dh, doutput = program.readout.backward(output, run.h, du)
    grads = program.bptt.backward(program.cell, cell, run, dh, case.beyond)
    return Leaves(grads.dparams, doutput, grads.dx, grads.dstates[0])


def fingerprint(program, right, case):
    """Relative errors by name: h beside the right program, gradients beside the complex step.

    The complex step is that of the program's own forward pass: what a gradient check sees.
    """
    numeric = gradcheck.complex_step(lambda leaves: loss(program, case, leaves), case.leaves)
    errors = gradcheck.compare(gradient(program, case), numeric)
    last = {f"state.{field}": f"{field}_0" for field in case.leaves.state._fields}
    found = {last.get(name, name.rpartition(".")[2]): e for name, e in errors.items()}
    return {"h": gradcheck.relative_error(states(program, case), states(right, case))} | found
