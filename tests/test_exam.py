"""The exam: enough questions, right answers, one paper for one seed, and clear refusals."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from classroom import exam
from classroom.questions import BANK, DERIVE, EXPLAIN, HAND

from . import answers

SEEDS = range(20)
every = pytest.mark.parametrize("name", BANK)


def draw(name, seed):
    return BANK[name].draw(np.random.default_rng(seed))


def papers(name, seed):
    drawn = draw(name, seed)
    return exam.asked(drawn), exam.answer(drawn)


def test_enough_questions_in_each_chapter_and_of_each_kind():
    assert len(BANK) >= 24
    kinds = {(entry.chapter, entry.kind) for entry in BANK.values()}
    assert kinds == {(k, kind) for k in range(2, 10) for kind in (HAND, DERIVE, EXPLAIN)}
    for entry in BANK.values():
        assert 5 <= entry.minutes <= 25
        assert 5 <= entry.points <= entry.minutes


@every
def test_answers_follow_from_what_stands_on_the_paper(name):
    for seed in SEEDS:
        question, answer = papers(name, seed)
        found = answers.read(answer)
        if name.startswith("tensors_hit"):
            wrong = next(v for k, v in answers.WRONG.items() if k in question)
            assert {k for k, e in found.items() if e > 0} == {f"e({k})" for k in wrong}
            continue
        wanted = getattr(answers, name)(answers.read(question), question)
        assert found.keys() == wanted.keys()
        for k, v in wanted.items():
            assert np.shape(v) == found[k].shape
            np.testing.assert_allclose(found[k], v, rtol=0, atol=5.1e-5, err_msg=f"{k}, {seed}")


@every
def test_questions_differ_between_seeds(name):
    drawn = {papers(name, seed) for seed in SEEDS}
    assert len(drawn) >= (3 if name.startswith("tensors_hit_rnn") else 5)


@every
def test_no_answer_is_empty(name):
    """Hardly anything to compute comes out as zero, or no work would be asked for."""
    for seed in SEEDS:
        values = draw(name, seed).values
        assert all(np.isfinite(v).all() for v in values.values())
        assert any(np.any(np.abs(v) > 1e-4) for v in values.values())


@every
def test_formulas_are_whole(name):
    for seed in SEEDS:
        for text in papers(name, seed):
            assert text.count("$") % 2 == 0
            for part in re.findall(r"\$\$(.*?)\$\$|\$(.*?)\$", text, re.S):
                formula = "".join(part)
                assert formula.strip()
                assert formula.count("{") == formula.count("}")
                assert formula.count(r"\begin") == formula.count(r"\end")


def test_numbers_are_printed_with_four_decimals_and_no_minus_zero():
    assert exam.typeset(np.array([-0.00001, 0.5]), exam._decimals) == r"(0.0000,\ 0.5000)"
    assert exam.typeset(np.array([-0.0, 0.5]), exam._given) == r"(0,\ 0.5)"
    assert exam.typeset(12, exam._decimals) == "12"
    assert exam.typeset(np.array([0, 2]), exam._given) == r"\text{a, c}"


@pytest.mark.parametrize("number", [1, 7, 8, 20, len(BANK)])
def test_an_exam_spreads_over_chapters_and_kinds(number):
    for seed in SEEDS:
        about = [q.about for q in exam.exam(bytes([seed]), number)]
        chapters = [entry.chapter for entry in about]
        assert chapters == sorted(chapters)
        assert len({entry.draw for entry in about}) == len(about) == number
        if number == 8:
            assert chapters == [*range(2, 10)]
            kinds = [entry.kind for entry in about]
            assert min(kinds.count(k) for k in (HAND, DERIVE, EXPLAIN)) >= 2
            assert 70 <= sum(entry.minutes for entry in about) <= 150


def test_a_question_is_the_same_in_a_longer_exam():
    short, long = ({q.name: exam.asked(q.drawn) for q in exam.exam(b"s", n)} for n in (8, 30))
    assert all(long[k] == short[k] for k in short.keys() & long.keys())


def run(tmp_path, seed="c0ffee\n", **options):
    (tmp_path / "seed").write_text(seed, encoding="utf-8")
    arguments = {"seed-file": tmp_path / "seed", "out": tmp_path / "exam"} | options
    return exam.main([str(w) for k, v in arguments.items() for w in (f"--{k}", v)])


def test_the_command_writes_both_papers(tmp_path, capsys):
    assert run(tmp_path, questions=9) == 0
    assert capsys.readouterr().out.count("\n") == 1
    paper, solved = (
        (tmp_path / "exam" / f"{k}.md").read_text("utf-8") for k in ("exam", "answers")
    )
    titles = re.findall(r"^## .*", paper, re.M)
    assert len(titles) == 9
    assert titles == re.findall(r"^## .*", solved, re.M)
    assert len(re.findall(r"^Chapter \d, ", solved, re.M)) == 9
    points = sum(int(k) for k in re.findall(r"\((\d+) points", paper))
    assert f"{points} points, " in paper.split("##")[0]
    label = re.match(r"# Exam (\w{6})\n", paper)[1]
    assert solved.startswith(f"# Answers to exam {label}\n")
    assert "c0ffee" not in paper + solved


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    (tmp_path / "seed").write_text("c0ffee")
    outputs = []
    for salt in ("1", "2"):
        command = ["-m", "classroom.exam", "--seed-file", "seed", "--out", salt]
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
        environment = os.environ | {"PYTHONHASHSEED": salt, "PYTHONPATH": paths}
        subprocess.run([sys.executable, *command], env=environment, cwd=tmp_path, check=True)
        outputs.append([(tmp_path / salt / k).read_bytes() for k in ("exam.md", "answers.md")])
    assert outputs[0] == outputs[1]


def test_another_seed_gives_another_paper():
    texts = {exam.exam_text(exam.exam(bytes([k])), "") for k in SEEDS}
    assert len(texts) == len(SEEDS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": ""}, "is empty"),
        ({"seed": "secret"}, "is not hex"),
        ({"seed": "c0\nff"}, "more than one line"),
        ({"seed-file": "nowhere"}, "No such file"),
        ({"questions": 0}, f"ask for 1 to {len(BANK)}"),
        ({"questions": len(BANK) + 1}, f"ask for 1 to {len(BANK)}"),
        ({"questions": "-3"}, "not -3"),
        ({"questions": "many"}, "not many"),
        ({"out": __file__}, "cannot write"),
    ],
)
def test_bad_input_gets_one_line(options, says, tmp_path, capsys):
    assert run(tmp_path, **options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
    assert not (tmp_path / "exam").exists()
