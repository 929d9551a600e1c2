"""Draw an exam and its answers from a seed.

    python -m classroom.exam --seed-file SEED [--questions 8] [--out DIR]

The seed file holds one line of hex digits. The same seed gives the same exam.md and answers.md,
byte for byte. The questions spread over chapters 2 to 9, some to compute, some to derive and some
to explain.
"""

import argparse
import hmac
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .make import BadInput, read_seed
from .questions import BANK, Drawn, Entry

RULES = r"""Allowed: a pocket calculator, and the derivation card. Four decimals are enough.

Vectors are rows, $\odot$ is the product entry by entry, logarithms are natural, and $dv$ is the
gradient of the loss $L$ with respect to $v$, with the shape of $v$. The symbols a and b are the
one-hot rows $(1, 0)$ and $(0, 1)$; of three symbols, a is $(1, 0, 0)$ and so on. The LSTM's gates
are $i$, $f$, $o$ and its candidate is $g$; the GRU's are $r$, $z$ and $n$."""
CARD = """The derivation card:

1. the local derivative of each primitive;
2. all readers of the node;
3. the sum over the readers, then the local factor;
4. parameters: outer products, summed over the steps;
5. the shapes;
6. a check with numbers."""
NOTE = """Each answer goes on from the numbers as they are printed in its question. Whoever rounds
on the way may differ in the last digit."""


class Question(NamedTuple):
    name: str
    about: Entry
    drawn: Drawn


def exam(seed, number=8):
    """The questions of an exam, in the order of their chapters, from the bytes of a seed."""
    names = choose(np.random.default_rng(_integer(seed, "choice")), number)
    return [
        Question(name, BANK[name], BANK[name].draw(np.random.default_rng(_integer(seed, name))))
        for name in names
    ]


def choose(rng, number):
    """Names, spread as evenly as possible over the chapters, then over the kinds."""
    left = [sorted(BANK)[k] for k in rng.permutation(len(BANK))]
    chosen = []

    def used(name):
        about = [(BANK[n].chapter, BANK[n].kind) for n in chosen]
        chapter, kind = BANK[name].chapter, BANK[name].kind
        return sum(c == chapter for c, _ in about), sum(k == kind for _, k in about)

    for _ in range(number):
        chosen.append(min(left, key=used))
        left.remove(chosen[-1])
    return sorted(chosen, key=lambda name: (BANK[name].chapter, name))


def _integer(seed, purpose):
    return int.from_bytes(hmac.digest(seed, f"exam {purpose}".encode(), "sha256"), "big")


def exam_text(questions, label):
    """Markdown of what the students receive."""
    points, minutes = (sum(getattr(q.about, k) for q in questions) for k in ("points", "minutes"))
    head = f"# Exam {label}\n\nName:\n\n{points} points, {minutes} minutes. {RULES}\n\n{CARD}"
    parts = [f"{_title(k, q)}\n\n{asked(q.drawn)}" for k, q in enumerate(questions, 1)]
    return "\n\n".join([head, *parts]) + "\n"


def answers_text(questions, label):
    """Markdown of the answers, with the chapter and the kind of each question."""
    parts = [
        f"{_title(k, q)}\n\nChapter {q.about.chapter}, {q.about.kind}.\n\n{answer(q.drawn)}"
        for k, q in enumerate(questions, 1)
    ]
    return "\n\n".join([f"# Answers to exam {label}\n\n{NOTE}", *parts]) + "\n"


def _title(k, question):
    return f"## {k}. ({question.about.points} points, {question.about.minutes} minutes)"


def asked(drawn):
    """The text of a question, and below it what is given."""
    return "\n\n".join([drawn.asks, *_display(drawn.given, _given)])


def answer(drawn):
    """The numbers of an answer, and below them the reason."""
    return "\n\n".join([*_display(drawn.values, _decimals), drawn.why])


def _display(named, number):
    rows = [f"{name} &= {typeset(v, number)}" for name, v in named.items()]
    body = " \\\\\n".join(rows)
    return [f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"] if rows else []


def typeset(v, number):
    """LaTeX of a number, a row, a matrix or, in integers, a sequence of symbols."""
    v = np.asarray(v)
    if v.ndim == 0:
        return str(v) if v.dtype.kind == "i" else number(v)
    if v.dtype.kind == "i":
        return rf"\text{{{', '.join('abc'[k] for k in v)}}}"
    if v.ndim == 1:
        return "(" + r",\ ".join(map(number, v)) + ")"
    rows = r" \\ ".join(" & ".join(map(number, row)) for row in v)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _decimals(x):
    return f"{np.round(x, 4) + 0.0:.4f}"  # + 0.0 makes 0 of -0


def _given(x):
    return _decimals(x).rstrip("0").rstrip(".")


def write(seed_file, number, out):
    """Write exam.md and answers.md and return their paths.

    Raises: BadInput.
    """
    if number not in map(str, range(1, len(BANK) + 1)):
        raise BadInput(f"there are {len(BANK)} questions: ask for 1 to {len(BANK)}, not {number}")
    seed, out = read_seed(seed_file), Path(out)
    questions, label = exam(seed, int(number)), f"{_integer(seed, 'label') >> 232:06x}"
    texts = {"exam.md": exam_text(questions, label), "answers.md": answers_text(questions, label)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"cannot write to {out}: {error.strerror}") from None
    return [out / name for name in texts]


def main(argv=None):
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.exam", description="Draw an exam and its answers from a seed."
    )
    parser.add_argument("--seed-file", required=True, help="one line of hex digits")
    parser.add_argument("--questions", default="8", help="how many; 8 if not given")
    parser.add_argument("--out", default=".", help="folder; the current one if not given")
    options = parser.parse_args(argv)
    try:
        paths = write(options.seed_file, options.questions, options.out)
    except BadInput as problem:
        print(f"classroom.exam: {problem}", file=sys.stderr)
        return 2
    print(f"{paths[0]} and {paths[1]} are written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
