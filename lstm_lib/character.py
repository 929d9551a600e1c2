"""A character model of any text file: the program ``python -m lstm_lib.train TEXT`` (chapter 10).

It trains until the validation loss has stopped falling and keeps the model for which it was lowest.
Its checkpoint holds all that is needed to go on: after an interruption the same command does.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from . import checks, data, gru, lstm, optim, readout, rnn, train, tree

CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}
UPDATES = {"sgd": optim.sgd, "adagrad": optim.adagrad, "adam": optim.adam}
SAVE_SECONDS = 20
# The source article's settings: one stream in pieces of ten steps, each gradient entry cut at 5.
SOURCE = {
    "hidden": 64,
    "streams": 1,
    "steps": 10,
    "epochs": 1,
    "lr": 1e-3,
    "decay": False,
    "clip": np.inf,
    "clip_value": 5.0,
    "every": 100,
}
# These may differ when a training goes on, and change no number of it.
FREE = {"text", "out", "preset", "every", "sample", "prompt", "temperature"}


class Text(NamedTuple):
    vocab: str
    train: list  # minibatches of the first nine tenths
    valid: list  # minibatches of the rest


class Progress(NamedTuple):
    """What the rest of a training depends on."""

    model: train.Model
    moments: tuple  # state of the optimiser
    state: tuple  # State that the next minibatch starts from
    best: train.Model  # of the lowest validation loss so far; None before the first
    losses: list  # of each step done
    valid: list  # validation loss of each epoch done


def read_text(path, streams, steps):
    """Cut a text file in UTF-8 into minibatches: -> Text.

    Raises: ValueError for a file that is no text in UTF-8, empty or too short; OSError.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x} at position {error.start}"
        raise ValueError(f"{path}: expected a text in UTF-8, got the byte {byte}") from None
    if "\0" in text:
        raise ValueError(f"{path}: expected a text, got a zero at position {text.index(chr(0))}")
    shortest = 10 * (streams * steps + 1)
    if len(text) < shortest:
        raise ValueError(
            f"{path}: expected at least {shortest} characters for {streams} streams in pieces of "
            f"{steps} steps, got {len(text)}"
        )
    vocab = data.vocabulary(text)
    parts = data.split(data.encode(text, vocab))
    return Text(vocab, *(data.minibatches(ids, streams, steps) for ids in parts))


def begin(settings, V):
    """Progress before the first step of a training on V different characters."""
    cell, H = CELLS[settings["cell"]], settings["hidden"]
    model = train.init(np.random.default_rng(settings["seed"]), cell, V, H, V, np.float32)
    state = cell.zero_state(settings["streams"], H, np.float32)
    return Progress(model, None, state, None, [], [])


def stopped(settings, progress):
    """Why the training is over, or None: the stopping rule."""
    valid = progress.valid
    if len(valid) == settings["epochs"]:
        return f"stopped after {len(valid)} epochs, as asked"
    since = len(valid) - 1 - np.argmin(valid) if valid else 0
    if since >= settings["patience"]:
        return f"stopped: the validation loss has not fallen for {since} epochs"
    return None


def steps(settings, text, progress):
    """Train until it has stopped: one Progress after each step, and one after each validation."""
    cell, total = CELLS[settings["cell"]], settings["epochs"] * len(text.train)
    rule = {"update": UPDATES[settings["update"]], "loss": readout.cross_entropy}
    rule |= {name: settings[name] for name in ("clip", "clip_value")}
    while not stopped(settings, progress):
        model, moments, state, best, losses, valid = progress
        for batch in text.train[len(losses) - len(valid) * len(text.train) :]:
            lr = settings["lr"] * (1 - (len(losses) / total if settings["decay"] else 0))
            stepped = train.step(cell, model, batch, state, moments, lr=lr, **rule)
            model, moments, state, L, _ = stepped
            losses = [*losses, float(L)]
            yield Progress(model, moments, state, best, losses, valid)
        L = float(train.evaluate(cell, model, text.valid, carry=True))
        best = best if valid and min(valid) <= L else model
        progress = Progress(model, moments, tree.zeros_like(state), best, losses, [*valid, L])
        yield progress


def write(path, settings, text, progress):
    """Write the checkpoint: the best model, and the progress unless the training is over."""
    model = progress.best or progress.model
    arrays = {"losses": progress.losses, "valid": progress.valid}
    if stopped(settings, progress):
        model = tree.astype(model, np.float16)
    else:
        rest = progress._replace(best=None, losses=None, valid=None)
        arrays |= dict(tree.named_leaves(rest, "progress"))
    cell = CELLS[settings["cell"]]
    train.save(path, cell, model, text.vocab, settings=json.dumps(settings), **arrays)


def resume(path, settings, text):
    """Progress as the checkpoint at path has it.

    Raises: ValueError for a file that is damaged, no checkpoint, or that of another training.
    """
    arrays = train.read(path)
    came = json.loads(str(arrays.get("settings", "{}")))
    other = {name: came.get(name) for name, v in settings.items() if came.get(name) != v}
    if other:
        expected = {name: settings[name] for name in other}
        raise ValueError(f"{path}: expected a training with {expected}, got one with {other}")
    best, _ = train.load(path, CELLS[settings["cell"]])
    progress = begin(settings, len(text.vocab))
    losses, valid = arrays["losses"].tolist(), arrays["valid"].tolist()
    progress = progress._replace(model=best, best=best, losses=losses, valid=valid)
    if stopped(settings, progress):
        return progress
    _, moments = UPDATES[settings["update"]](best, tree.zeros_like(best))
    form = progress._replace(moments=moments, best=None, losses=None, valid=None)
    # Plain numbers come back as such, so that the rest of the training repeats bit by bit.
    found = {name: v if v.ndim else v.item() for name, v in arrays.items()}
    rest = train.from_arrays(path, found, form, "progress")
    return rest._replace(best=best if valid else None, losses=losses, valid=valid)


def fit(settings, text, path, every=0):
    """Train to the end, from the checkpoint at path if there is one: -> Progress.

    Each `every` steps a sample is shown (0: none). Whatever interrupts, the checkpoint is written.
    """
    path = Path(path)
    progress = resume(path, settings, text) if path.exists() else begin(settings, len(text.vocab))
    total, saved = settings["epochs"] * len(text.train), time.monotonic()
    try:
        with tqdm(total=total, initial=len(progress.losses), unit="step") as bar:
            for progress in steps(settings, text, progress):  # noqa: B020
                done = len(progress.losses)
                bar.set_postfix(loss=f"{np.mean(progress.losses[-100:]):.3f}", refresh=False)
                bar.update(done - bar.n)
                if time.monotonic() - saved > SAVE_SECONDS:
                    write(path, settings, text, progress)
                    saved = time.monotonic()
                validated = len(progress.valid) * len(text.train) == done
                if every and done % every == 0 and not validated:
                    mean = train.smoothed(progress.losses, np.log(len(text.vocab)))[-1]
                    tqdm.write(f"step {done}, smoothed loss {mean:.3f}")
                    tqdm.write(sample(settings, text, progress.model) + "\n")
    finally:
        if progress.losses:
            write(path, settings, text, progress)
    return progress


def sample(settings, text, model, length=200, prompt="", temperature=1.0):
    """What a model writes after the prompt, or after the first character of the text."""
    rng = np.random.default_rng(settings["seed"])
    first = data.encode(prompt, text.vocab) if prompt else text.train[0][0][:1, 0]
    ids = train.sample(CELLS[settings["cell"]], model, rng, first, length, temperature)
    return prompt + data.decode(ids, text.vocab)


def parser():
    """The command's options."""
    p = argparse.ArgumentParser(
        prog="python -m lstm_lib.train",
        description="Train a character model on a text file. The same command goes on after an "
        "interruption, and writes a sample when the training is over.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    p.add_argument("text", type=Path, help="a text file in UTF-8")
    p.add_argument(
        "out", type=Path, nargs="?", help="the checkpoint; TEXT's name with .npz if not given"
    )
    p.add_argument("--preset", choices=["source"], help="defaults of the source article")
    _of_training(p.add_argument_group("model and training"))
    _of_sample(p.add_argument_group("samples"))
    return p


def _of_training(p):
    p.add_argument("--cell", choices=CELLS, default="lstm", help="the layer's cell")
    p.add_argument("--hidden", type=int, default=128, help="hidden units H")
    p.add_argument("--streams", type=int, default=32, help="sequences in a minibatch N")
    p.add_argument("--steps", type=int, default=64, help="time steps of a minibatch T")
    p.add_argument("--epochs", type=int, default=24, help="at most so many")
    p.add_argument("--patience", type=int, default=5, help="stop after so many without progress")
    p.add_argument("--update", choices=UPDATES, default="adam", help="the optimiser")
    p.add_argument("--lr", type=float, default=5e-3, help="first learning rate")
    p.add_argument(
        "--decay",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="lower the rate linearly to 0",
    )
    p.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    p.add_argument("--clip-value", type=float, default=np.inf, help="largest entry of the gradient")
    p.add_argument("--seed", type=int, default=0, help="of the first weights and of samples")


def _of_sample(p):
    p.add_argument("--every", type=int, default=0, help="steps between samples; 0 for none")
    p.add_argument("--sample", type=int, default=200, help="characters to write at the end")
    p.add_argument("--prompt", default="", help="what the sample begins with")
    p.add_argument("--temperature", type=float, default=1.0, help="of the sample")


def main(argv=None):
    """Train, say how it went, and write a sample."""
    p = parser()
    if p.parse_known_args(argv)[0].preset:
        p.set_defaults(**SOURCE)
    args = vars(p.parse_args(argv))
    try:
        run(args)
    except KeyboardInterrupt:
        p.exit(130, "interrupted: the same command goes on from the checkpoint\n")
    except (OSError, ValueError, FloatingPointError) as error:
        p.exit(2, f"{p.prog}: {error}\n")


def run(args):
    """The command, with its options by name."""
    for name in ("hidden", "streams", "steps", "epochs", "patience"):
        checks.count(name, args[name])
    checks.positive("temperature", args["temperature"])
    path = args["out"] or Path(args["text"].stem + ".npz")
    if not path.parent.is_dir():
        raise ValueError(f"out: expected a folder that exists, got {path.parent}")
    text = read_text(args["text"], args["streams"], args["steps"])
    data.encode(args["prompt"], text.vocab)
    settings = {name: v for name, v in args.items() if name not in FREE}
    settings["sha256"] = hashlib.sha256(args["text"].read_bytes()).hexdigest()

    progress = fit(settings, text, path, args["every"])
    model, _ = train.load(path, CELLS[args["cell"]])
    last_epoch = np.mean(progress.losses[-len(text.train) :])
    held_out = train.evaluate(CELLS[args["cell"]], model, text.valid, carry=True)
    print(stopped(settings, progress))
    print(f"training loss   {last_epoch:.4f} nats per character, over the last epoch")
    print(f"validation loss {held_out:.4f} nats per character, of the model as stored")
    if args["sample"]:
        print()
        print(sample(settings, text, model, args["sample"], args["prompt"], args["temperature"]))
