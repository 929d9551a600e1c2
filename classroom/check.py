"""Compare a reader's function with the right one, and name the mistake."""

import copy
import importlib
import itertools
import textwrap
from functools import partial

import numpy as np

from lstm_lib import bptt, gradcheck, readout, tree

from . import bank, mutants
from .mutants import MUTANTS, broken
from .neighbours import neighbours

TOLERANCE = 1e-9


def check(function, like, draw=None, *, reference=None, names=(), seed=None):
    """Run a function on fresh random inputs, print which of its results are right, and name the
    mistake if it is a known one.

    Args:
        function: the reader's. Until it is written it returns None.
        like: the right one: a cell's `step` or `step_backward`, `bptt.backward`,
            `readout.cross_entropy`, `readout.backward`, or any function whose text can be read.
            A known mistake is a line of the museum, or one place changed in that text.
        draw: function of a numpy Generator to the tuple of arguments; not needed for those named.
        reference: function of the same arguments to the right results, computed in another way;
            the complex step for a cell's `step_backward`, else `like` itself.
        names: what the parts of a returned tuple are called.
        seed: an integer, for the same inputs every time.

    Raises:
        ValueError: if `draw` is missing for another function.
    """
    passes(function, like, draw, reference=reference, names=names, seed=seed)


def passes(function, like, draw=None, *, reference=None, names=(), seed=None):
    """The same, and return True if every array agrees to a relative error of 1e-9, else False."""
    if draw is None:
        draw, reference, names = _of_the_library(like)
    args = draw(np.random.default_rng(seed))
    name = getattr(function, "__name__", "your function")
    try:
        answer = list(results(function, args).values())
    except NotImplementedError:
        answer = None
    except Exception as error:  # the reader's own, whatever it is
        return _fail(f"{name} raised {type(error).__name__}: {error}")
    if not answer:
        return _fail(f"{name}: not done yet.")
    right = results(reference or like, args, names)
    if len(answer) != len(right):
        wanted = f"{len(right)} results ({', '.join(right)})"
        return _fail(f"{name}: expected {wanted}, got {len(answer)}.")
    yours = dict(zip(right, answer, strict=True))
    for key, w in right.items():
        error = _error(yours[key], w)
        print(f"{key:12} {'right' if error < TOLERANCE else 'WRONG'}  relative error {error:.0e}")
    off = wrong(yours, right)
    return _fail(diagnose(yours, right, off, known(like, args))) if off else True


def arguments(like, seed=None):
    """Fresh random arguments for a function of the library."""
    draw, _, _ = _of_the_library(like)
    return draw(np.random.default_rng(seed))


def wrong(yours, right, tolerance=TOLERANCE):
    """The names of the arrays that differ."""
    return [key for key in right if not _error(yours[key], right[key]) < tolerance]


def named(value, prefix="", names=()):
    """The arrays of a result by name: of a NamedTuple, dict, tuple or list, nested or not."""
    if isinstance(value, list):
        shapes = {np.shape(v) for v in value}
        if len(shapes) == 1:
            value = np.array(value)
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, tuple | list):
        keys = getattr(value, "_fields", names or range(1, len(value) + 1))
        pairs = zip(keys, value, strict=True)
    else:
        return {} if value is None else {prefix or "result": np.asarray(value)}
    found = {}
    for key, v in pairs:
        found |= named(v, f"{prefix}.{key}" if prefix else f"{key}")
    return found


def known(like, args):
    """Yield (what is wrong, results by name) of each known mistake that runs on the arguments."""
    museum = [
        (m.says, getattr(broken(m), like.__name__))
        for m in MUTANTS
        if f"lstm_lib.{m.module}" == like.__module__
    ]
    by_hand = bank.RIGHT.get(like, ())[:1]  # its words are nearer to a reader's than the library's
    others = itertools.chain.from_iterable(map(neighbours, [*by_hand, like]))
    for says, function in itertools.chain(museum, others):
        try:
            yield says, results(function, args)
        except Exception:  # a changed text may do anything
            continue


def results(function, args, names=()):
    """What a function returns for a copy of the arguments, by name; of a step without its cache."""
    with np.errstate(all="ignore"):
        value = function(*copy.deepcopy(args))
    if type(value) is tuple and len(value) == 2 and hasattr(value[0], "h"):
        value = value[0]
    return named(value, names=names)


def diagnose(yours, right, off, mistakes, tolerance=TOLERANCE):
    """One sentence or more on results of which those named in `off` are wrong."""
    partly = {}
    for says, theirs in mistakes:
        if len(theirs) != len(right):
            continue
        if set(theirs) != set(right):
            theirs = dict(zip(right, theirs.values(), strict=True))
        different = wrong(yours, theirs, tolerance)
        if not different:
            return f"A known mistake: {says}."
        for key in set(off) & set(wrong(theirs, right, tolerance)) - set(different):
            partly.setdefault(key, says)
    if not partly:
        hints = (_hint(key, yours[key], right[key]) for key in off)
        return " ".join(["No mistake that I know gives these numbers.", *filter(None, hints)])
    return " ".join(
        f"{key} is what comes out if {partly[key]}." if key in partly else f"{key}: unknown."
        for key in off
    )


def _hint(key, v, w):
    """What the eye sees on a wrong array v beside the right one w."""
    if v.dtype.kind not in "fciub":
        return f"{key} holds no numbers."
    if v.shape != w.shape:
        return f"{key} has the shape {v.shape}, not {w.shape}."
    if not np.isfinite(v).all():
        return f"{key} holds NaN or infinity."
    if not v.any():
        return f"{key} is zero."
    if w.ndim == 2 and w.shape[0] == w.shape[1] and _error(v.T, w) < TOLERANCE:
        return f"{key} is the transpose of the right one."
    ratio = (v * w).sum() / (w * w).sum() if w.any() else 0.0
    if ratio and _error(v, ratio * w) < TOLERANCE:
        return f"{key} is {ratio:.4g} times the right one."
    right = [_error(a, b) < TOLERANCE for a, b in zip(v.T, w.T, strict=True)] if w.ndim else []
    return f"{key} is right in columns {_ranges(right)} only." if any(right) else ""


def _ranges(flags):
    """Which of the flags are set, counted from 1: "1 to 4, 9"."""
    starts = [k for k, flag in enumerate(flags) if flag and not (k and flags[k - 1])]
    ends = [k for k, flag in enumerate(flags) if flag and flags[k + 1 : k + 2] != [True]]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"{a + 1}" if a == b else f"{a + 1} to {b + 1}" for a, b in pairs)


def _error(v, w):
    """Relative error of two arrays, infinite where they cannot be compared."""
    comparable = v.shape == w.shape and v.dtype.kind in "fciub" and np.isfinite(v).all()
    if not comparable:
        return np.inf
    return float(gradcheck.relative_error(v * 1.0, w * 1.0))


def _fail(text):
    print(textwrap.fill(text, 44))
    return False


def _of_the_library(like):
    """draw, reference and names for the functions whose arguments are known."""
    if like is bptt.backward:
        return _sequence, None, ()
    if like is readout.cross_entropy:
        return lambda rng: _losses(rng)[:3], None, ("L", "du")
    if like is readout.backward:
        return lambda rng: _losses(rng)[3:], None, ("dh", "doutput")
    cell = importlib.import_module(like.__module__)
    if like not in (getattr(cell, "step", None), getattr(cell, "step_backward", None)):
        raise ValueError(
            "draw: expected a function of a numpy Generator to the arguments, since "
            f"{like.__module__}.{like.__name__} is not one of those whose arguments are known"
        )
    if like is cell.step:
        return partial(_before, cell), None, ()
    return partial(_after, cell), partial(_by_complex_step, cell), ("dx", "dprev", "dparams")


def _before(cell, rng):
    """Arguments of a step forward."""
    leaves = mutants.draw(rng, cell).leaves
    return leaves.cell, leaves.x[0], leaves.state


def _after(cell, rng):
    """Arguments of a step back."""
    params, x, state = _before(cell, rng)
    new, cache = cell.step(params, x, state)
    return params, tree.map(lambda v: rng.standard_normal(v.shape), new), cache


def _by_complex_step(cell, params, dstate, cache):
    """What a step back must return."""

    def loss(at):
        new, _ = cell.step(*at)
        return sum((v * dv).sum() for v, dv in zip(new, dstate, strict=True))

    dparams, dx, dprev = gradcheck.complex_step(loss, (params, cache.x, cache.prev))
    return dx, dprev, dparams


def _sequence(rng):
    """Arguments of backpropagation through time, for a cell that goes back step by step."""
    cell, case = mutants.program().cell, mutants.draw(rng)
    params, _, x, state = case.leaves
    run = bptt.forward(cell, params, x, state)
    return cell, params, run, rng.standard_normal(run.h.shape), case.beyond


def _losses(rng):
    """Arguments of the cross-entropy, and after them those of the readout's step back."""
    leaves, y, w, _ = mutants.draw(rng)
    h = rng.standard_normal((*y.shape, len(leaves.output.W_hy)))
    u = readout.logits(leaves.output, h)
    return u, y, w, leaves.output, h, rng.standard_normal(u.shape)
