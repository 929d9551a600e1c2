"""The grader's own examination: right and wrong programs, and attacks, each with its verdict."""

import re
import sys
from typing import NamedTuple

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from . import attacks, banks, judge, own_cell
from .sandbox import Limits

QUICK = Limits(seconds=20)  # for attacks: some never answer
NAMED = 3  # so many times a mistake must be named; to name one takes longer than to find it


class Finding(NamedTuple):
    kind: str  # right, wrong or attack
    name: str
    fair: bool  # no undeserved point given, none refused
    named: bool | None  # whether the mistake was named as it should be
    words: str  # of the last row


def examine(assignment, seeds=20, jobs=1):
    """The Findings on an assignment's banks, over so many seeds, and on the attacks."""
    work = [delayed(bank)(assignment, section, seeds) for section in programs(assignment)]
    work += [delayed(attack)(assignment, each) for each in attacks.attacks(assignment)]
    found = Parallel(n_jobs=jobs, return_as="generator")(work)
    return list(tqdm(found, total=len(work), unit="program", file=sys.stderr))


def programs(assignment):
    """The sections of a bank; ("own", k) is the k-th program for the class's own cell."""
    own = [("own", k) for k in range(18)] if assignment in ("P5", "P6") else []
    return banks.sections(assignment) + own


def submission(assignment, section, seed):
    """The section of that class, and the cells of the submission."""
    if assignment not in ("P5", "P6"):
        return section, banks.cells(assignment, section.text, seed)
    own = banks.own_sections(assignment, seed)
    if section[0] == "own":
        section = own[section[1]]
        return section, banks.cells(assignment, section.text, seed)
    return section, banks.cells(assignment, own[0].text + "\n\n" + section.text, seed)


def bank(assignment, section, seeds):
    """The Finding on one program over so many students; for the own cell, over so many classes."""
    own, fair, named, box, words = section[0] == "own", True, 0, None, ""
    for k in range(seeds):
        seed = bytes([2 + own * k])  # 1 is the example, whose solution stands in the source
        if box is None or own:
            drawn, cells = submission(assignment, section, seed)
            box = judge.Submission(cells, Limits(), safe=True)
            box.start()
        row = judge.graded(assignment, f"student {k}", box, seed, words=k < NAMED)
        if own or k == seeds - 1:
            box.close()
        passed = row.score == row.max_score
        fair = fair and passed == (drawn.kind == "right")
        named += bool(drawn.named and re.search(drawn.named, row.mistake))
        words = words or f"{row.score:g}: {row.mistake} {row.reason}"
    known = None if not drawn.named else named == min(seeds, NAMED)
    return Finding(drawn.kind, f"{drawn.function} {drawn.says}".strip(), fair, known, words)


def attack(assignment, given):
    """The Finding on one attack; those around a solved notebook hold the example's cell."""
    row = judge.judge(assignment, "mallory", given.content, own_cell.EXAMPLE, QUICK)
    score = -1 if row.score is None else row.score
    fair = row.status in given.status and given.least <= score <= given.most
    return Finding("attack", given.name, fair, None, f"{row.status} {score:g}: {row.reason}")


def table(assignment, findings):
    """What the examination found, in lines of text."""
    lines = []
    for kind in ("right", "wrong", "attack"):
        some = [f for f in findings if f.kind == kind]
        named = f", {sum(bool(f.named) for f in some)} named" if kind == "wrong" else ""
        lines.append(
            f"{assignment} {kind:7} {len(some):3}, {sum(f.fair for f in some)} fair{named}"
        )
    for f in findings:
        if not f.fair or f.named is False:
            lines.append(f"  {f.kind}: {f.name}: {f.words[:300]}")
    return lines
