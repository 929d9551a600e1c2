"""Train a cell with a readout on minibatches, keep the result in a file, and let it write.

``python -m lstm_lib.train TEXT`` trains a character model, see `lstm_lib.character`.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from . import bptt, checks, functions, optim, readout, tree

FORMAT = "lstm_lib checkpoint 1"


class Model(NamedTuple):
    cell: tuple  # Params of the cell
    readout: readout.Params


class Fit(NamedTuple):
    model: Model
    losses: np.ndarray  # (steps,), the loss of each minibatch before its step
    norms: np.ndarray  # (steps,), the norm of its gradient before clipping


def init(rng, cell, D, H, K, dtype=np.float64):
    """Model of a cell with D inputs and H units, and a readout with K outputs."""
    return Model(cell.init(rng, D, H, dtype=dtype), readout.init(rng, H, K, dtype))


def forward(cell, model, x, state=None):
    """Run and logits (T, N, K) of a model over x (T, N, D) or tokens (T, N)."""
    run = bptt.forward(cell, model.cell, x, state)
    return run, readout.logits(model.readout, run.h)


def gradient(cell, model, x, y, w=None, state=None, loss=readout.cross_entropy):
    """Loss of one minibatch, its gradient as a Model, and the last state.

    Raises: FloatingPointError for a loss that is no finite number: the training has exploded.
    """
    run, u = forward(cell, model, x, state)
    L, du = loss(u, y, w)
    _check_finite(L)
    dh, dreadout = readout.backward(model.readout, run.h, du)
    dcell = bptt.backward(cell, model.cell, run, dh).dparams
    return L, Model(dcell, dreadout), run.state


def step(cell, model, batch, state, moments, *, lr, clip, clip_value, update, loss):
    """One step of the optimiser, on one batch.

    Args: state, of the cell before the batch; moments, of the optimiser; the others as for `fit`.
    Returns: model and moments after the step, the cell's last state, the loss before the step, and
        the norm of its gradient before clipping.
    """
    L, grads, state = gradient(cell, model, *batch, state=state, loss=loss)
    grads, norm = optim.clip_by_norm(grads, clip)
    grads = optim.clip_by_value(grads, clip_value)
    model, moments = update(model, grads, moments, lr)
    return model, moments, state, L, norm


def fit(
    cell,
    model,
    batches,
    *,
    epochs=1,
    lr=1e-3,
    clip=1.0,
    clip_value=np.inf,
    update=optim.adam,
    loss=readout.cross_entropy,
    carry=False,
    progress=True,
):
    """Train a model; the one given is not changed.

    Args:
        cell, model: as for `init`.
        batches: a sequence of (x, y) or (x, y, w), with targets and weights as the loss takes them.
        epochs: how often to go through the batches.
        lr: the learning rate, or a function of the part of the training that is done (0 to 1).
        clip: largest norm of the gradient; np.inf for no clipping.
        clip_value: largest size of each of its entries, after that.
        update: an optimiser of `optim`.
        loss: a loss of `readout`.
        carry: start each batch from the last state of the one before, as a constant: no gradient
            flows back into it. Each epoch starts from zero.
        progress: show a bar.

    Returns:
        Fit(model, losses, norms).

    Raises:
        FloatingPointError: for a training that has exploded.
    """
    steps = checks.count("epochs", epochs) * checks.count("len(batches)", len(batches))
    hidden = not progress or os.environ.get("LSTM_LIB_STATIC") == "1"
    take_step = partial(step, cell, clip=clip, clip_value=clip_value, update=update, loss=loss)
    losses, norms, moments = [], [], None
    with tqdm(total=steps, disable=hidden, unit="step") as bar:
        for _ in range(epochs):
            state = None
            for batch in batches:
                rate = lr(len(losses) / steps) if callable(lr) else lr
                model, moments, last, L, norm = take_step(model, batch, state, moments, lr=rate)
                state = last if carry else None
                losses.append(L)
                norms.append(norm)
                bar.set_postfix(loss=f"{np.mean(losses[-100:]):.3f}", refresh=False)
                bar.update()
    return Fit(model, np.array(losses), np.array(norms))


def evaluate(cell, model, batches, loss=readout.cross_entropy, carry=False):
    """Mean loss over batches, each counted by the sum of its weights; arguments as for `fit`.

    Raises: FloatingPointError for a loss that is no finite number.
    """
    checks.count("len(batches)", len(batches))
    total = weight = 0.0
    state = None
    for x, y, *w in batches:
        run, u = forward(cell, model, x, state)
        state = run.state if carry else None
        size = np.sum(w[0]) if w else u[..., 0].size
        L, _ = loss(u, y, *w)
        _check_finite(L)
        total, weight = total + size * L, weight + size
    return total / weight


def _check_finite(loss):
    if not np.isfinite(loss):
        raise FloatingPointError(f"the training has exploded, the loss is {loss}: lower lr or clip")


def sample(cell, model, rng, start, length, temperature=1.0):
    """Draw `length` tokens, one after the other, to follow the tokens `start`: -> (length,).

    Each is drawn from softmax(u / temperature).

    Raises: ValueError for an empty or unknown start or a temperature that is not positive.
    """
    checks.positive("temperature", temperature)
    K = model.readout.b_y.size
    start = checks.tokens("start", start, ("length",), K)
    drawn = []
    run, u = forward(cell, model, start[:, None])
    for _ in range(checks.count("length", length, 0)):
        p = functions.softmax(u[-1, 0].astype(np.float64) / temperature)
        drawn.append(rng.choice(K, p=p))
        run, u = forward(cell, model, np.array([[drawn[-1]]]), run.state)
    return np.array(drawn, dtype=np.intp)


def smoothed(losses, start, keep=0.999):
    """Running mean keep * mean + (1 - keep) * loss of losses (steps,), from `start` on.

    For a character model start is log V, the loss of knowing nothing.

    Equations: eq-smoothed
    """
    means = []
    for loss in losses:
        start = keep * start + (1 - keep) * loss
        means.append(start)
    return np.array(means)


def save(path, cell, model, vocab="", **more):
    """Write a model, and more arrays, to an npz file, which appears whole or not at all."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    arrays = dict(tree.named_leaves(model), format=FORMAT, cell=cell.__name__, vocab=vocab)
    try:
        with part.open("wb") as file:
            np.savez_compressed(file, **arrays, **more)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path, cell):
    """Read back (Model, vocab) as `save` wrote them; half precision comes back as float32.

    Raises: ValueError for a file that is damaged, no checkpoint, or of another cell.
    """
    arrays = read(path)
    if str(arrays.get("cell")) != cell.__name__:
        raise ValueError(f"{path}: expected a model of {cell.__name__}, got {arrays.get('cell')}")
    form = Model(*(P._make(P._fields) for P in (cell.Params, readout.Params)))  # names as leaves
    model, vocab = from_arrays(path, arrays, form), str(arrays.get("vocab", ""))
    model = tree.map(lambda v: v.astype(np.promote_types(v.dtype, np.float32)), model)
    H, K = checks.shape(f"{path}: W_hy", model.readout.W_hy, "HK").shape
    D, _ = checks.shape(f"{path}: W_x", model.cell.W_x, "DM").shape
    checks.like(f"{path}: cell", model.cell, cell.shapes(D, H))
    checks.like(f"{path}: readout", model.readout, readout.shapes(H, K))
    if len(vocab) not in (0, K):
        raise ValueError(
            f"{path}: expected a vocabulary of {K} characters or none, got {len(vocab)}"
        )
    return model, vocab


def read(path):
    """The arrays of a checkpoint file by name; errors as for `load`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
    except FileNotFoundError:
        raise
    except Exception as error:  # numpy and zipfile raise a dozen kinds for foreign bytes
        raise ValueError(
            f"{path}: expected a checkpoint, got a file that cannot be read"
        ) from error
    if str(arrays.get("format")) != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT!r}, got {sorted(arrays)}")
    return arrays


def from_arrays(path, arrays, form, prefix=""):
    """The tree of that form from a file's arrays, by the names of `tree.named_leaves`.

    Raises: ValueError for an array that is missing.
    """
    try:
        return tree.from_named(form, arrays, prefix)
    except KeyError as error:
        raise ValueError(
            f"{path}: expected an array {error.args[0]}, got {sorted(arrays)}"
        ) from None


if __name__ == "__main__":
    from .character import main

    sys.exit(main())
