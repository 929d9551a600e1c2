"""The grader examined: right programs, wrong ones and attacks each get what they deserve."""

import pytest

from classroom import attacks, banks, selftest
from tests.test_sandbox import sandboxed

ASSIGNMENTS = [f"P{k}" for k in range(1, 9)]
SEEDS = {"P8": 3}  # else 20; in P8 the seed decides the order of the pairs alone


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_banks_hold_enough(assignment):
    sections = banks.sections(assignment)
    kinds = [section.kind for section in sections]
    assert kinds.count("right") >= 8
    assert kinds.count("wrong") >= 10
    assert sum(bool(section.named) for section in sections) >= 8
    assert len({(s.function, s.says) for s in sections}) == len(sections)


def test_a_section_may_be_a_change_of_the_program_above():
    program = "def f(x):\n    y = x\n    return y"
    assert banks.changed(program, "# -     y = x\n# +     y = 2 * x\n# +     y += 1") == (
        "def f(x):\n    y = 2 * x\n    y += 1\n    return y"
    )
    assert banks.changed(program, program) == program
    with pytest.raises(ValueError, match="expected once, got 0 times"):
        banks.changed(program, "# -     y = z\n# +     y = x")


def test_attacks_are_many():
    for assignment in ASSIGNMENTS:
        assert sum(1 for _ in attacks.attacks(assignment)) > 50


@sandboxed
@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_point_undeserved_and_none_refused(assignment):
    findings = [
        selftest.bank(assignment, section, SEEDS.get(assignment, 20))
        for section in selftest.programs(assignment)
    ]
    assert [finding for finding in findings if not finding.fair or finding.named is False] == []


@sandboxed
@pytest.mark.slow
@pytest.mark.parametrize("assignment", ["P5", "P8"])
def test_attacks_earn_nothing(assignment):
    findings = [selftest.attack(assignment, each) for each in attacks.attacks(assignment)]
    assert [finding for finding in findings if not finding.fair] == []
