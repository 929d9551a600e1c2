"""A class that hands in: honest work, honest mistakes and attacks, each with what it deserves.

python -m tests.students 300    grade so many, a fifth of them hostile, with two jobs
"""

import json
import resource
import shutil
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np

from classroom import attacks, grade, make, own_cell, release
from classroom.banks import own

NAMES = ["Ada", "Émilie", "Grace", "Hedy", "İpek", "José", "李明", "Mary", "Noor", "Søren"]


class HandedIn(NamedTuple):
    student: str
    kind: str  # honest, mistaken, unfinished, hostile or missing
    least: float
    most: float


def hand_in(folder, assignment, notebook, seed, number, hostile=0.0):
    """Write so many submissions made from a student notebook, and return what each deserves.

    folder: pathlib.Path; a folder per student, with the notebook inside one of the assignment.
    seed: bytes, of the class. hostile: share of attacks.
    """
    rng = np.random.default_rng(number)
    cell = own_cell.choose(assignment, seed)
    right, wrong = cycle(own.right(cell)), cycle(own.wrong(cell))
    others = cycle(list(attacks.attacks(assignment)))
    source = _solutions(assignment)
    found = []
    for k in range(number):
        student = f"{NAMES[k % len(NAMES)]} {k:03}"
        place = folder / student / assignment
        place.mkdir(parents=True)
        kind = rng.choice(["honest", "mistaken", "unfinished", "missing"], p=[0.6, 0.25, 0.1, 0.05])
        if rng.random() < hostile:
            given = next(others)
            (place / f"{assignment}.ipynb").write_bytes(given.content)
            most = given.most if given.most < 100 else 100
            found.append(HandedIn(student, "hostile", 0, most))
            continue
        if kind == "missing":
            found.append(HandedIn(student, str(kind), 0, 0))
            continue
        filled = json.loads(nbformat.writes(notebook))
        done = dict(source)
        least = most = 100.0
        if kind == "honest":
            done["own_backward"] = next(right)[1]
        elif kind == "mistaken":
            done["own_backward"] = next(wrong)[1]
            least, most = 40.0, 99.99
        else:
            least = most = 40.0
        for c in filled["cells"]:
            name = c["metadata"].get("nbgrader", {}).get("grade_id")
            if name in done:
                c["source"] = done[name]
        (place / f"{assignment}.ipynb").write_text(json.dumps(filled), encoding="utf-8")
        found.append(HandedIn(student, str(kind), least, most))
    return found


def _solutions(assignment):
    """The source's solutions, but that of the class's own cell."""
    [path] = release.sources([assignment])
    cells = nbformat.read(path, as_version=4).cells
    graded = {c.metadata.nbgrader.grade_id: c.source for c in cells if c.metadata.get("nbgrader")}
    solved = {k: v for k, v in graded.items() if "### BEGIN SOLUTION" in v}
    solved.pop("own_backward", None)
    return solved


def main(number):
    """Grade a class and print what is wrong, the time and the memory."""
    seed = b"\x07"
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "submitted")
        notebook = make.notebook_of("P5", seed)
        deserved = hand_in(folder, "P5", notebook, seed, number, hostile=0.2)
        kinds = [each.kind for each in deserved]
        honest = [each.student for each in deserved if each.kind == "honest"]
        start = time.monotonic()
        rows = grade.grade("P5", folder, seed, Path(root, "grades.csv"), jobs=2)
        seconds = time.monotonic() - start
        rows = {row.student: row for row in rows}
        for each in deserved:
            row = rows[each.student]
            if row.score is None or not each.least <= row.score <= each.most:
                print(f"{each.student} ({each.kind}): {row.status} {row.score} {row.reason}")
        for other in folder.iterdir():  # once more, without the others
            if other.name not in honest:
                shutil.rmtree(other)
        start = time.monotonic()
        grade.grade("P5", folder, seed, Path(root, "honest.csv"), jobs=2)
        alone = time.monotonic() - start
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))})
    print(f"{number} submissions in {seconds:.0f} s with two jobs")
    print(f"{len(honest)} honest ones alone: {alone / len(honest):.2f} s each")
    for who, name in ((resource.RUSAGE_SELF, "parent"), (resource.RUSAGE_CHILDREN, "a child")):
        peak = resource.getrusage(who).ru_maxrss / 1024
        print(f"peak memory of the {name}: {peak:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]))
