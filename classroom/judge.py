"""One submission from its notebook to a row: run it in a box, ask its functions, compare arrays."""

import hashlib
import hmac
import json
from typing import NamedTuple

import numpy as np

from lstm_lib import gradcheck

from . import release, tasks
from .check import named
from .sandbox import Box, Died, Limits, Timeout

TOLERANCE = 2e-4  # programs that compute in float32 are right, too
DRAWS = 2  # a result is right if it is right each time
SEEDED = """
def grader_sample(params, state, token, length, temperature, seed):
    import numpy as np

    return sample(params, state, token, length, temperature, np.random.default_rng(seed))
"""


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


def sources(path):
    """The code cells of a notebook, whatever else is in it.

    Raises: ValueError in words for a file that is no notebook.
    """
    try:
        cells = json.loads(path.read_bytes().decode("utf-8-sig"))["cells"]
        code = [c for c in cells if c.get("cell_type") == "code"]
        return ["".join(c["source"]) for c in code]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no notebook: {type(error).__name__}") from None


def generator(seed, *names):
    """A numpy Generator for these names, which nobody foresees without the seed."""
    digest = hmac.digest(seed, "\n".join(names).encode(), hashlib.sha256)
    return np.random.default_rng(int.from_bytes(digest, "big"))


def judge(assignment, student, path, seed, limits=None, safe=True):
    """The Row of one student's notebook, or of None if there is none."""
    if path is None:
        return Row(student, "missing", 0.0, reason="no notebook was handed in")
    try:
        cells = sources(path)
    except ValueError as error:
        return Row(student, "unreadable", 0.0, reason=str(error))
    submission = Submission(cells, limits or Limits(), safe)
    try:
        submission.start()
    except Timeout as error:
        return Row(student, "timeout", 0.0, reason=f"the notebook's cells: {error}")
    except Died as error:
        return Row(student, "crashed", 0.0, reason=f"the notebook's cells: {error}")
    try:
        return _graded(assignment, student, submission, seed)
    finally:
        submission.close()


class Submission:
    """A notebook in a box; a box that has died is replaced by a new one."""

    def __init__(self, cells, limits, safe):
        self.cells, self.limits, self.safe = [*cells, SEEDED], limits, safe
        self.box = None

    def start(self):
        self.close()
        self.box = Box(self.limits, self.safe)
        self.box.run(self.cells)

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


def _graded(assignment, student, submission, seed):
    tensors, mistakes, reasons = {}, [], []
    if assignment == "P8":
        rng = generator(seed, assignment, student, "check")
        share, reason = _kills(submission, rng)
        tensors["check.kills"] = 100 * share
        reasons += [reason] if reason else []
    else:
        worth = points(assignment)
        for function, ask in tasks.tasks(assignment, seed).items():
            right, mistake, reason = _asked(assignment, student, submission, seed, function, ask)
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


def _asked(assignment, student, submission, seed, function, ask):
    """Whether each result of a function is right, the known mistake, and words if it failed."""
    right, mistake, reason = {}, "", ""
    for draw in range(DRAWS):
        asked = ask(generator(seed, assignment, student, function, str(draw)))
        wanted = {"result": None} if callable(asked.right) else named(asked.right)
        called = "grader_sample" if function == "sample" else function
        try:
            answer = submission.call(called, *asked.args, proxies=asked.functions)
            good = _compare(answer, asked.right, wanted)
        except (LookupError, ValueError, Timeout, Died) as error:
            return dict.fromkeys(wanted, False), "", str(error)
        if not all(good.values()) and asked.known and not mistake:
            mistake = _known(answer, asked.known)
        right = {k: right.get(k, True) and v for k, v in good.items()}
    return right, mistake, reason


def _compare(answer, right, wanted):
    """Whether each wanted array is there and right."""
    if callable(right):
        try:
            return right(answer)
        except (TypeError, ValueError):
            return dict.fromkeys(wanted, False)
    got = named(answer)
    if set(got) != set(wanted) and len(got) == len(wanted):  # a tuple where a dict was asked for
        got = dict(zip(wanted, got.values(), strict=True)) if _unnamed(answer) else got
    return {k: k in got and _same(got[k], v) for k, v in wanted.items()}


def _unnamed(answer):
    return not isinstance(answer, dict)


def _same(a, b, tolerance=TOLERANCE):
    if a.shape != b.shape or a.dtype.kind not in "fciub" or not np.isfinite(a).all():
        return False
    return bool(gradcheck.relative_error(a * 1.0, b * 1.0) < tolerance)


def _known(answer, known):
    """The words of the known mistake that gives this answer."""
    got = named(answer)
    for says, theirs in known:
        theirs = named(theirs)
        if set(got) == set(theirs) and all(_same(got[k], theirs[k]) for k in theirs):
            return says
    return ""


def _kills(submission, rng):
    """The share of wrong pairs that a check rejects; nothing if it rejects a right one."""
    killed = wrong = 0
    for (step, step_backward), right in tasks.kills(rng):
        caches = []

        def forward(params, x, h, c, step=step, caches=caches):
            h_new, c_new, cache = step(params, x, h, c)
            caches.append(cache)
            return h_new, c_new, len(caches) - 1

        def backward(params, dh, dc, cache, step_backward=step_backward, caches=caches):
            return step_backward(params, dh, dc, caches[int(cache)])

        given = {"step": forward, "step_backward": backward}
        try:
            accepts = bool(np.asarray(submission.call("check", proxies=given)).all())
        except (LookupError, ValueError, Timeout, Died) as error:
            if right:
                return 0.0, f"check fails on a right pair: {error}"
            accepts = True  # an error is no verdict
        if right and not accepts:
            return 0.0, "check rejects a right pair"
        wrong, killed = wrong + (not right), killed + (not right and not accepts)
    return killed / wrong, ""
