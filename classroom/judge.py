"""One submission from its notebook to a row: run it in a box, ask its functions, compare arrays."""

import ast
import contextlib
import hashlib
import hmac
import itertools
import json
import traceback
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import known, own_cell, pairs, release, sandbox, tasks
from .check import diagnose, named, wrong
from .sandbox import Box, Died, Exceeded, Limits, Timeout

TOLERANCE = 2e-4  # programs that compute in float32 are right, too


class Row(NamedTuple):
    student: str
    status: str  # graded, missing, unreadable, timeout, resource_limit, crashed or grader_error
    score: float | None = None  # None if the grader failed
    max_score: float = 100.0
    tensors: dict = {}  # noqa: RUF012  # points by "function.tensor"
    mistake: str = ""
    reason: str = ""


def points(assignment):
    """The points of each graded function, from the student version's checks."""
    cells = release.student(assignment).cells
    graded = [c.metadata.nbgrader for c in cells if c.metadata.nbgrader.grade]
    return {g.grade_id.removeprefix("check-"): g.points for g in graded}


def sources(content):
    """The code cells of a notebook's bytes, whatever else is in it.

    Raises: ValueError in words for what is no notebook.
    """
    try:
        cells = json.loads(content.decode("utf-8-sig"))["cells"]
        code = [c for c in cells if c.get("cell_type") == "code"]
        return ["".join(c["source"]) for c in code]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no notebook: {type(error).__name__}") from None


def generator(seed, *names):
    """A numpy Generator for these names, which nobody foresees without the seed."""
    digest = hmac.digest(seed, "\n".join(names).encode(), hashlib.sha256)
    return np.random.default_rng(int.from_bytes(digest, "big"))


def judge(assignment, student, content, seed, limits=None, safe=True):
    """The Row of the bytes of one student's notebook, or of None if there is none."""
    if content is None:
        return Row(student, "missing", 0.0, reason="no notebook was handed in")
    try:
        cells = sources(content)
    except ValueError as error:
        return Row(student, "unreadable", 0.0, reason=str(error))
    submission = Submission(cells, limits or Limits(), safe)
    try:
        submission.start()
    except Timeout as error:
        return Row(student, "timeout", 0.0, reason=f"the notebook's cells: {error}")
    except Died as error:
        status = "resource_limit" if isinstance(error, Exceeded) else "crashed"
        return Row(student, status, 0.0, reason=f"the notebook's cells: {error}")
    try:
        return graded(assignment, student, submission, seed)
    finally:
        submission.close()


def grade_one(assignment, student, content, seed, safe=True):
    """The Row of `judge`, or one that says how the grader itself failed."""
    try:
        if safe:
            sandbox.proved()
        return judge(assignment, student, content, seed, safe=safe)
    except Exception as error:  # ours, whatever it is: the others must not suffer
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        return Row(student, "grader_error", reason=reason)


class Submission:
    """A notebook in a box; a box that has died is replaced by a new one."""

    def __init__(self, cells, limits, safe):
        self.cells, self.limits, self.safe = [*cells, tasks.SEEDED], limits, safe
        self.box = None

    def start(self):
        self.close()
        self.box = Box(self.limits, self.safe)
        try:
            self.box.run(self.cells)
        except (Died, Timeout):
            self.close()
            raise

    def close(self):
        if self.box:
            self.box.close()
        self.box = None

    def call(self, function, *args, proxies=None):
        """What Box.call returns and raises; after Died or Timeout the next call has a new box."""
        if self.box is None:
            self.start()
        try:
            return self.box.call(function, *args, proxies=proxies)
        except (Died, Timeout):
            self.close()
            raise


def graded(assignment, student, submission, seed, words=True):
    """The Row of a Submission that has started; words: whether mistakes are to be named."""
    tensors, mistakes, reasons = {}, [], []
    if assignment == "P8":
        share, *told = _kills(submission, generator(seed, assignment, student, "check"))
        answers = {"check": ({"kills": share}, *told)}
    else:
        answers = {
            function: _asked(assignment, student, submission, seed, function, asks, words)
            for function, asks in tasks.tasks(assignment, seed).items()
        }
    if "own_backward" in answers:
        own = answers["own_backward"]
        answers["own_backward"] = _other_class(assignment, submission, seed, own)
    worth = points(assignment)
    for function, (right, mistake, reason) in answers.items():
        for name, good in right.items():
            tensors[f"{function}.{name}"] = worth[function] * good / len(right)
        mistakes += [f"{function}: {mistake}"] if mistake else []
        reasons += [f"{function}: {reason}"] if reason else []
    score = round(sum(tensors.values()), 2)
    return Row(
        student,
        "graded",
        score,
        tensors=tensors,
        mistake="; ".join(mistakes),
        reason="; ".join(reasons),
    )


@lru_cache(maxsize=256)
def question(assignment, seed, student, function, draw):
    """The Asked for a student; kept, for the grader's examination asks many programs the same."""
    ask = tasks.tasks(assignment, seed)[function][draw]
    return ask(generator(seed, assignment, student, function, str(draw)))


def _asked(assignment, student, submission, seed, function, asks, words):
    """Whether each result of a function is right, the known mistake, and words if it failed."""
    right, mistake = {}, ""
    for draw in range(len(asks)):
        asked = question(assignment, seed, student, function, draw)
        wanted = dict.fromkeys(asked.names)
        if not callable(asked.right):
            wanted = named(asked.right, names=asked.names)
        try:
            answer = submission.call(tasks.called(function), *asked.args, proxies=asked.functions)
            good = _compare(answer, asked, wanted)
        except (LookupError, ValueError, Timeout, Died) as error:
            return dict.fromkeys(wanted, False), "", str(error)
        if words and not mistake and not all(good.values()):
            mistake = _mistake(assignment, function, asked, answer)
        right = {k: right.get(k, True) and v for k, v in good.items()}
    return right, mistake, ""


def _other_class(assignment, submission, seed, answer):
    """The answer for own_backward, with words if the notebook holds another class's cell."""
    steps = [step for source in submission.cells for step in _own_steps(source)]
    ours = _own_steps(own_cell.source(own_cell.choose(assignment, seed)))
    if all(answer[0].values()) or not steps or ours[0] in steps:
        return answer
    return answer[0], "", "own_step is not that of this class: another notebook, or changed"


def _own_steps(source):
    """The definitions of own_step in a text."""
    try:
        nodes = ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = (n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "own_step")
    return [ast.unparse(n) for n in found]


def _compare(answer, asked, wanted):
    """Whether each wanted array is there and right."""
    if callable(asked.right):
        try:
            return asked.right(answer)
        except (TypeError, ValueError):
            return dict.fromkeys(wanted, False)
    got = aligned(answer, asked.right, asked.names)
    return {k: k in got and not wrong({k: got[k]}, {k: wanted[k]}, TOLERANCE) for k in wanted}


def aligned(answer, right, names=(), prefix=""):
    """The arrays of an answer by the names of the right one: by key, or by place where a tuple or
    an array came instead of a dict. What is missing is left out.

    Raises: ValueError for what is no array.
    """
    if not isinstance(right, dict | tuple | list):
        return {prefix or "result": np.asarray(answer)}
    places = getattr(right, "_fields", names) or range(1, len(right) + 1)
    parts = right if isinstance(right, dict) else dict(zip(places, right, strict=True))
    if isinstance(answer, tuple | list) or np.ndim(answer):
        answer = dict(zip(parts, answer, strict=True)) if len(answer) == len(parts) else {}
    found = {}
    for key in parts if isinstance(answer, dict) else ():
        if key in answer:
            found |= aligned(answer[key], parts[key], (), f"{prefix}.{key}" if prefix else f"{key}")
    return found


def _mistake(assignment, function, asked, answer):
    """Words on a wrong answer: the known mistake that gives it, or what the eye sees."""
    if asked.says:
        return asked.says(answer)
    args, right = (*asked.functions.values(), *asked.args), asked.right
    arrays = named(right, names=asked.names)
    yours = aligned(answer, right, asked.names)
    missing = [k for k in arrays if k not in yours]
    if missing:
        return f"expected {', '.join(arrays)}, got no {', '.join(missing)}"
    others = (
        ()
        if function == "own_backward"
        else known.results(assignment, tasks.called(function), args)
    )
    off = wrong(yours, arrays, TOLERANCE)
    theirs = _readable(itertools.chain(asked.known(), others), right, asked.names)
    return diagnose(yours, arrays, off, theirs, TOLERANCE)


def _readable(mistakes, right, names):
    """Known mistakes with their arrays by name, but for those whose results are no arrays."""
    for says, answer in mistakes:
        with contextlib.suppress(ValueError):
            yield says, aligned(answer, right, names)


def _kills(submission, rng):
    """The share of wrong pairs that a check rejects, what it misses, and words if it failed.

    There is nothing for a check that rejects a right pair.
    """
    lives, reason = [], ""
    for pair, right in tasks.kills(rng):
        try:
            accepts = bool(np.asarray(_verdict(submission, pair)).all())
        except (LookupError, ValueError, Timeout, Died) as error:
            if right:
                return 0.0, "", f"fails on a right pair: {error}"
            accepts, reason = True, str(error)  # an error is no verdict
        if right and not accepts:
            return 0.0, f"rejects a right pair, the one {pair.says}", ""
        if accepts and not right:
            lives.append(pair.says)
    mistake = f"accepts wrong pairs: {'; '.join(sorted(lives))}" if lives else ""
    return 1 - len(lives) / len(pairs.CHANGES), mistake, reason


def _verdict(submission, pair):
    """What a check says of a pair; the caches of the pair stay here and the check gets numbers."""
    caches = []

    def step(params, x, h, c):
        h_new, c_new, cache = pair.step(params, x, h, c)
        caches.append(cache)
        return h_new, c_new, len(caches) - 1

    def step_backward(params, dh, dc, cache):
        return pair.step_backward(params, dh, dc, caches[int(cache)])

    return submission.call("check", proxies={"step": step, "step_backward": step_backward})
