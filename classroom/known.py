"""What known mistakes give: the source notebook's solutions with one place changed.

This runs in the grader: the texts are the book's own.
"""

import copy
from functools import lru_cache

import nbformat
import numpy as np

from . import release, tasks
from .neighbours import neighbours_in


@lru_cache
def solution(assignment):
    """The text of a source notebook without its checks, and a dict of the names that it defines."""
    [path] = release.sources([assignment])
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(
        c.source for c in cells if c.cell_type == "code" and not c.metadata.nbgrader.grade
    )
    text += tasks.SEEDED
    exec(text, names := {})
    return text, names


def results(assignment, function, args):
    """Yield pairs: what is wrong, and what comes of it for these arguments."""
    for says, changed in neighbours_in(solution(assignment)[0], function, solution(assignment)[1]):
        try:
            with np.errstate(all="ignore"):
                yield says, changed(*copy.deepcopy(args))
        except Exception:  # a changed text may do anything
            continue
