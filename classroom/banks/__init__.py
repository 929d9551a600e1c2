"""Right and wrong programs for the assignments, by which the grader itself is tested.

P1.py to P8.py are texts cut at lines such as ``# %% right: with einsum`` and ``# %% wrong
rnn_backward: the gradient of the step after is dropped``. The line ``# named: ...`` holds what the
grader is to say, as a regular expression. A section of lines ``# - ...`` and ``# + ...`` is the
last whole program above it with the second lines in the place of the first. A submission is the
source notebook with a section as one more cell at its end. For the class's own cell of P5 and P6
the programs are written by machine.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from .. import own_cell, release
from . import own


class Section(NamedTuple):
    kind: str  # right or wrong
    function: str  # that is wrong
    says: str  # how it is written, or what is wrong
    named: str  # what the grader is to say, as a regular expression
    text: str


CHANGE = re.compile(r"((?:^# -.*\n)+)((?:^# \+.*(?:\n|\Z))*)", re.MULTILINE)
HEAD = re.compile(r"^# %% (right|wrong) ?(\w*): (.+)\n(?:# named: (.+)\n)?", re.MULTILINE)


def sections(assignment):
    """The Sections of an assignment's bank."""
    text = (Path(__file__).parent / f"{assignment}.py").read_text(encoding="utf-8")
    heads = [*HEAD.finditer(text)]
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found, program = [], ""
    for head, end in zip(heads, ends, strict=True):
        own = text[head.end() : end].strip()
        program = program if own.startswith("# -") else own
        found.append(Section(*(part or "" for part in head.groups()), changed(program, own)))
    return found


def changed(program, changes):
    """A program with the lines of its changes, if these are changes.

    Raises: ValueError if lines to be replaced do not stand there once.
    """
    program = f"\n{program}\n"
    for lines in CHANGE.findall(changes):
        old, new = ("\n" + re.sub(r"^# [-+] ?", "", part, flags=re.MULTILINE) for part in lines)
        old, new = (part if part.endswith("\n") else part + "\n" for part in (old, new))
        if program.count(old) != 1:
            raise ValueError(f"expected once, got {program.count(old)} times:{old}")
        program = program.replace(old, new)
    return program.strip("\n")


def own_sections(assignment, seed):
    """Sections for the class's own cell."""
    cell = own_cell.choose(assignment, seed)
    right = [Section("right", "", says, "", text) for says, text in own.right(cell)]
    wrong = [
        Section("wrong", "own_backward", ways[0], "|".join(map(re.escape, ways)), text)
        for ways, text in own.wrong(cell)
    ]
    return right + wrong


def cells(assignment, text, seed):
    """The sources of the code cells of a submission."""
    [path] = release.sources([assignment])
    notebook = nbformat.read(path, as_version=4)
    found = [c.source for c in notebook.cells if c.cell_type == "code"]
    if assignment in ("P5", "P6"):
        found.append(own_cell.source(own_cell.choose(assignment, seed)))
    return [*found, text]
