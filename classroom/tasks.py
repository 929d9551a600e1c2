"""What each graded function of an assignment is asked, and what must come back.

Inputs are drawn afresh for every student: several steps, pairwise different sizes, random states,
biases and gradients from beyond. Gradients are judged by the complex step of the forward pass.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from lstm_lib import (
    bptt,
    convert,
    data,
    functions,
    gradcheck,
    gru,
    lstm,
    optim,
    readout,
    rnn,
    train,
    truncate,
)
from lstm_lib.variants import reset_after

from . import mutants, own_cell, pairs

SEEDED = """
def grader_sample(params, state, token, length, temperature, seed):
    import numpy as np

    return sample(params, state, token, length, temperature, np.random.default_rng(seed))
"""


class Asked(NamedTuple):
    args: tuple  # of the submission's function
    right: object  # what it must return, or a function that judges what it returned
    functions: dict = {}  # noqa: RUF012  # computed by the grader and handed over first
    names: tuple = ()  # of the parts of a tuple that it returns
    known: object = tuple  # function () to pairs: what is wrong, and what comes of it
    says: object = None  # function of a wrong answer to words, where `right` is a function


def tasks(assignment, seed):
    """Functions of a Generator to Asked, some for each function that is graded, by its name.

    A result is right if it is right each time. seed: bytes, of the class; it holds the cell of P5
    and P6.
    """
    chosen = dict(TASKS[assignment])
    if assignment in ("P5", "P6"):
        chosen["own_backward"] = partial(own_backward, own_cell.choose(assignment, seed))
    return {name: ask if isinstance(ask, tuple) else (ask, ask) for name, ask in chosen.items()}


def called(function):
    """The function that is called for it: generators stay on their side of the wall."""
    return "grader_sample" if function == "sample" else function


def sizes(rng):
    """T, N, D, H, K, pairwise different, none below 3."""
    return (int(v) for v in rng.permutation([3, 4, 5, 6, 7]))


def normal(rng, *shape):
    return rng.standard_normal(shape)


# P1


def squash(function):
    def ask(rng):
        a = np.concatenate([normal(rng, 5) * 3, [1000.0, -1000.0]])
        return Asked((a,), function(a))

    return ask


def slope(function, squashed):
    def ask(rng):
        out = squashed(normal(rng, 3, 4))
        return Asked((out,), function(out))

    return ask


def softmax(rng):
    u = normal(rng, 4, 5) * 3 + np.array([[0.0], [800.0], [-800.0], [5.0]])
    return Asked((u,), functions.softmax(u))


def cross_entropy(rng):
    y = rng.integers(6, size=4)
    u = normal(rng, 4, 6) * 3 + np.array([[0.0], [800.0], [-800.0], [0.0]])
    u[3, y[3]] -= 800  # no chance at all, in floating point
    L = functions.cross_entropy(u, y).mean()
    return Asked((u, y), (L, functions.dcross_entropy(u, y) / len(y)), names=("L", "du"))


def affine_backward(rng):
    x, W, da = normal(rng, 5, 3), normal(rng, 3, 4), normal(rng, 5, 4)
    right = functions.affine_backward(x, da, W)
    return Asked((x, W, da), right, names=("dx", "dW", "db"))


def numeric(rng):
    W = normal(rng, 4)

    def loss(v):  # strongly curved: a difference to one side is visibly off
        return (np.sin(v @ W) * np.exp(v).sum(axis=-1)).sum() + 500 * (v * v).sum()

    v = normal(rng, 3, 4) / 1000
    return Asked((v,), gradcheck.complex_step(loss, v), {"loss": loss})


def relative_error(scale):
    def ask(rng):
        a, b = scale * normal(rng, 2, 3, 2)
        return Asked((a, b), gradcheck.relative_error(a, b))

    return ask


# P2


def plain(rng):
    """A run of the plain network: params, dict of them, x, run."""
    T, N, D, H, K = sizes(rng)
    params = rnn.Params(*(normal(rng, *shape) / 2 for shape in rnn.shapes(D, H)))
    x, state = normal(rng, T, N, D), rnn.State(normal(rng, N, H))
    run = bptt.forward(rnn, params, x, state)
    h = np.concatenate([state.h[None], run.h])
    return params, x, h, run, K


def rnn_forward(rng):
    params, x, h, *_ = plain(rng)
    return Asked((params._asdict(), x, h[0]), h)


def readout_loss(rng):
    _, _, h, run, K = plain(rng)
    output = readout.Params(normal(rng, h.shape[-1], K), normal(rng, K))
    y, w = rng.integers(K, size=run.h.shape[:2]), rng.uniform(0, 2, run.h.shape[:2])
    L, du = readout.cross_entropy(readout.logits(output, run.h), y, w)
    dh, doutput = readout.backward(output, run.h, du)
    right = L, doutput._asdict(), dh
    return Asked((output._asdict(), h, y, w), right, names=("L", "doutput", "dh"))


def by_complex_step(cell, params, x, state, dh, beyond):
    """What a backward pass over a run must return: a dict by the names of the arguments."""

    def loss(at):
        run = bptt.forward(cell, at[0], at[1], at[2])
        last = sum((s * ds).sum() for s, ds in zip(run.state, beyond, strict=True))
        return (dh * run.h).sum() + last

    dparams, dx, dstate = gradcheck.complex_step(loss, (params, x, state))
    starts = {f"{name}_0": v for name, v in dstate._asdict().items()}
    return {**dparams._asdict(), "x": dx, **starts}


def mistakes(cell, params, x, state, dh, beyond):
    """What the museum's programs for this cell return on the same inputs."""
    name = cell.__name__.rpartition(".")[2]
    for m in mutants.MUTANTS:
        if m.module == "bptt" or (m.cell == name and m.module == name):
            program = mutants.program(m, cell)
            run = program.bptt.forward(program.cell, params, x, state)
            grads = program.bptt.backward(program.cell, params, run, dh, beyond)
            starts = {f"{k}_0": v for k, v in grads.dstates[0]._asdict().items()}
            yield m.says, {**grads.dparams._asdict(), "x": grads.dx, **starts}


def backward(cell, states=False):
    """Ask for a backward pass; `states`: the run's states are an argument, not only h_0."""

    def ask(rng):
        T, N, D, H, _ = sizes(rng)
        params = cell.Params(*(normal(rng, *shape) / 2 for shape in cell.shapes(D, H)))
        x, dh = normal(rng, T, N, D), normal(rng, T, N, H)
        state, beyond = (
            cell.State(*(normal(rng, N, H) for _ in cell.State._fields)) for _ in range(2)
        )
        given = cell, params, x, state, dh, beyond
        start = tuple(state)
        if states:
            start = (np.concatenate([state.h[None], bptt.forward(*given[:4]).h]),)
        known = partial(mistakes, *given) if cell in (rnn, lstm, gru) else tuple
        args = (params._asdict(), x, *start, dh, *beyond)
        return Asked(args, by_complex_step(*given), known=known)

    return ask


def largest_error(spoiled=None):
    """Ask for the error of a backward pass, one of whose tensors may be half as large again."""

    def ask(rng):
        params, x, h, run, _ = plain(rng)
        dh, beyond = normal(rng, *run.h.shape), normal(rng, *h[0].shape)

        def run_backward(params, x, h, dh, dh_last):
            cell = rnn.Params(params["W_x"], params["W_h"], params["b"])
            again = bptt.forward(rnn, cell, x, rnn.State(h[0]))
            grads = bptt.backward(rnn, cell, again, dh, rnn.State(dh_last))
            found = {**grads.dparams._asdict(), "x": grads.dx, "h_0": grads.dstates[0].h}
            return {k: 1.5 * v if k == spoiled else v for k, v in found.items()}

        def judge(answer):
            error = float(np.asarray(answer))
            return {"error": abs(error - 1 / 3) < 1e-5 if spoiled else 0 <= error < 1e-6}

        def says(answer):
            what = f"whose {spoiled} is half as large again" if spoiled else "that is right"
            return f"of a backward pass {what} it says {str(answer)[:60]}"

        args = params._asdict(), x, h[0], dh, beyond
        given = {"backward": run_backward}
        return Asked(args, judge, given, names=("error",), says=says)

    return ask


# P3


def spectral_radius(rng):
    W = normal(rng, 5, 5)
    return Asked((W,), np.abs(np.linalg.eigvals(W)).max())


def spectral_radius_of_a_turn(rng):
    W = normal(rng, 4, 4)
    W = W - W.T + 0.1 * normal(rng, 4, 4)  # the largest eigenvalues are nearly imaginary
    return Asked((W,), np.abs(np.linalg.eigvals(W)).max())


def scale_to_radius(rng):
    W, rho = normal(rng, 5, 5), rng.uniform(0.5, 2)
    return Asked((W, rho), W * rho / np.abs(np.linalg.eigvals(W)).max())


def jacobian(rng):
    W_h, h = normal(rng, 5, 5), np.tanh(normal(rng, 5))
    return Asked((W_h, h), W_h * functions.dtanh(h))


def decay(rng):
    params, x, h, run, _ = plain(rng)
    dh = np.zeros_like(run.h)
    dh[-1] = normal(rng, *h[0].shape)
    grads = bptt.backward(rnn, params, run, dh)
    norms = [np.linalg.norm(s.h, axis=1) for s in grads.dstates[::-1]]
    return Asked((params._asdict(), x, h[0], dh[-1]), np.stack(norms))


def clip(function, both, scale, theta):
    def ask(rng):
        grads = {"W": scale * normal(rng, 3, 4), "b": scale * normal(rng, 4)}
        tree = tuple(grads.values())
        clipped = function(tree, theta)
        clipped, norm = clipped if both else (clipped, None)
        right = dict(zip(grads, clipped, strict=True))
        right = (right, norm) if both else right
        return Asked((grads, theta), right, names=("clipped", "norm"))

    return ask


def pieces_backward(rest):
    """Ask for pieces of all steps but `rest`: of 1 step too, then."""

    def ask(rng):
        params, x, h, run, _ = plain(rng)
        dh, K = normal(rng, *run.h.shape), len(x) - rest
        grads = bptt.backward(rnn, params, run, dh, carry=truncate.pieces(len(x), K))
        return Asked((params._asdict(), x, h, dh, K), grads.dparams._asdict())

    return ask


# P4


def lstm_params(rng):
    _, _, D, H, _ = sizes(rng)
    return lstm.Params(*(normal(rng, *shape) / 2 for shape in lstm.shapes(D, H)))


def lstm_run(rng, params):
    T, N, *_ = sizes(rng)
    D, H = len(params.W_x), len(params.W_h)
    x, state = normal(rng, T, N, D), lstm.State(normal(rng, N, H), normal(rng, N, H))
    run = bptt.forward(lstm, params, x, state)
    later = [*run.caches.prev.c[1:], run.state.c]
    return x, state, np.stack([state.h, *run.h]), np.stack([state.c, *later]), run


def lstm_forward(rng):
    params = lstm_params(rng)
    x, state, h, c, run = lstm_run(rng, params)
    right = h, c, run.caches.gates._asdict()
    return Asked((params._asdict(), x, *state), right, names=("h", "c", "gates"))


def joined(params):
    return {"W": np.vstack([params.W_h, params.W_x]), "b": params.b}


def to_joined(rng):
    params = lstm_params(rng)
    return Asked((params._asdict(),), joined(params))


def joined_forward(rng):
    params = lstm_params(rng)
    x, state, h, c, _ = lstm_run(rng, params)
    return Asked((joined(params), x, *state), (h, c), names=("h", "c"))


def source(params):
    """The dict of the source article, without its readout."""
    nothing = readout.Params(np.zeros((len(params.W_h), 1)), np.zeros(1))
    theirs = convert.to_source(params, nothing)
    return {k: v for k, v in theirs.items() if k[1] in "fico"}


def to_source(rng):
    params = lstm_params(rng)
    return Asked((params._asdict(),), source(params))


def from_source(rng):
    params = lstm_params(rng)
    return Asked((source(params),), params._asdict())


def from_pytorch(rng):
    params = lstm_params(rng)
    share = normal(rng, *params.b.shape)
    args = params.W_x.T.copy(), params.W_h.T.copy(), params.b - share, share
    return Asked(args, params._asdict())


# P5 and P6


def own_backward(cell, rng):
    T, N, D, H, _ = sizes(rng)
    inputs = own_cell.draw(cell, rng, T, N, D, H)
    known = partial(own_mistakes, cell, inputs)
    return Asked(tuple(inputs.values()), own_cell.gradient(cell, inputs), known=known)


def own_mistakes(cell, inputs):
    """What comes out if a share of a gradient is left out."""
    for term in own_cell.terms(cell):
        yield term.says, own_cell.sweep(cell, inputs, term)


# P7


def batches(more):
    """Ask for minibatches of a text with so many characters more than whole pieces hold."""

    def ask(rng):
        N, T = (int(v) for v in rng.permutation([3, 4, 5])[:2])
        tokens = rng.integers(9, size=4 * N * T + more)
        return Asked((tokens, N, T), np.array(data.minibatches(tokens, N, T)))

    return ask


def model(rng, V, H):
    cell = lstm.Params(*(normal(rng, *shape) / 2 for shape in lstm.shapes(V, H)))
    return train.Model(cell, readout.Params(normal(rng, H, V), normal(rng, V)))


def train_step(rng):
    T, N, V, H, _ = sizes(rng)
    m, state = model(rng, V, H), lstm.State(normal(rng, N, H), normal(rng, N, H))
    x, y = rng.integers(V, size=(2, T, N))
    L, grads, last = train.gradient(lstm, m, x, y, state=state)
    params, wanted = (v.cell._asdict() | v.readout._asdict() for v in (m, grads))
    right = L, wanted, tuple(last)
    return Asked((params, x, y, tuple(state)), right, names=("L", "grads", "state"))


def adam(rng):
    params, grads = ({"W": normal(rng, 3, 4), "b": normal(rng, 4)} for _ in range(2))
    mean, square = ({k: normal(rng, *v.shape) for k, v in params.items()} for _ in range(2))
    square = {k: v**2 for k, v in square.items()}
    for v in (grads, mean, square):
        v["b"][0] = 0  # a row that was never touched
    t, lr = int(rng.integers(0, 5)), float(rng.choice([0.1, 0.01]))
    before = optim.Moments(tuple(mean.values()), tuple(square.values()), t)
    new, after = optim.adam(tuple(params.values()), tuple(grads.values()), before, lr)
    wanted = [dict(zip(params, v, strict=True)) for v in (new, after.mean, after.square)]
    state = {"M": mean, "S": square, "t": t}
    right = wanted[0], {"M": wanted[1], "S": wanted[2], "t": after.t}
    return Asked((params, grads, state, lr), right, names=("params", "state"))


def sample(rng):
    V, H, length, seed = 7, 5, 24, int(rng.integers(1 << 30))
    m, state = model(rng, V, H), lstm.State(normal(rng, 1, H), normal(rng, 1, H))
    token, tau = int(rng.integers(V)), float(rng.choice([0.5, 2]))
    params = m.cell._asdict() | m.readout._asdict()
    drawn, now, draws = [], state, np.random.default_rng(seed)
    last = token
    for _ in range(length):
        run, u = train.forward(lstm, m, np.array([[last]]), now)
        now, p = run.state, functions.softmax(u[0, 0] / tau)
        last = int(draws.choice(V, p=p))
        drawn.append(last)
    return Asked((params, tuple(state), token, length, tau, seed), np.array(drawn))


def smoothed(rng):
    loss, previous, rate = rng.uniform(0.01, 1, 3)
    return Asked((loss, previous, rate), (1 - rate) * previous + rate * loss)


# P8


def kills(rng):
    """The pairs of P8 in random order: (pair, whether it is right)."""
    known = [(pair, True) for pair in pairs.right()] + [(pair, False) for pair in pairs.wrong()]
    return [known[k] for k in rng.permutation(len(known))]


CLIPPED = ((3.0, 0.5), (3.0, 500.0), (0.0, 0.5))  # the size of the gradients, and theta
TASKS = {
    "P1": {
        "sigmoid": squash(functions.sigmoid),
        "dsigmoid": slope(functions.dsigmoid, functions.sigmoid),
        "dtanh": slope(functions.dtanh, np.tanh),
        "softmax": softmax,
        "cross_entropy": cross_entropy,
        "affine_backward": affine_backward,
        "central": numeric,
        "complex_step": numeric,
        "relative_error": (relative_error(1.0), relative_error(0.0)),
    },
    "P2": {
        "rnn_forward": rnn_forward,
        "readout_loss": readout_loss,
        "rnn_backward": backward(rnn, states=True),
        "largest_error": tuple(map(largest_error, (None, *rnn.Params._fields, "x", "h_0"))),
    },
    "P3": {
        "spectral_radius": (spectral_radius, spectral_radius_of_a_turn),
        "scale_to_radius": scale_to_radius,
        "jacobian": jacobian,
        "decay": decay,
        "clip_by_norm": tuple(clip(optim.clip_by_norm, True, *case) for case in CLIPPED),
        "clip_by_value": tuple(clip(optim.clip_by_value, False, *case) for case in CLIPPED),
        "pieces_backward": (pieces_backward(1), pieces_backward(2), pieces_backward(0)),
    },
    "P4": {
        "lstm_forward": lstm_forward,
        "to_joined": to_joined,
        "joined_forward": joined_forward,
        "to_source": to_source,
        "from_source": from_source,
        "from_pytorch": from_pytorch,
    },
    "P5": {"lstm_backward": backward(lstm)},
    "P6": {"gru_backward": backward(gru), "reset_after_backward": backward(reset_after)},
    "P7": {
        "batches": (batches(0), batches(1), batches(2)),
        "train_step": train_step,
        "adam": adam,
        "sample": sample,
        "smoothed": smoothed,
    },
}
