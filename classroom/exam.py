"""Draw an exam and its answers from a seed: the running example with other numbers.

    python -m classroom.exam --seed-file SEED [--questions 8] [--out DIR]

Each question is a function of a numpy Generator; what it asks for is computed by `lstm_lib`.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_lib import bptt, flow, functions, gradcheck, gru, lstm, optim, readout, rnn
from lstm_lib.functions import dsigmoid, dtanh, sigmoid, softmax

from . import mutants
from .make import BadInput, read_seed

VALUES = np.array([-1, -0.5, 0, 0.5, 1])


class Question(NamedTuple):
    chapter: int
    points: int
    minutes: int
    text: str
    answer: str


QUESTIONS = []


def question(chapter, points, minutes):
    """Put a function of a Generator to (text, answer) among the questions."""

    def keep(draw):
        def ask(rng):
            return Question(chapter, points, minutes, *draw(rng))

        QUESTIONS.append(ask)
        ask.__name__ = draw.__name__
        return ask

    return keep


def weights(rng, *shape):
    """Entries from -1 to 1 in halves, not all of them zero."""
    while not (drawn := rng.choice(VALUES, size=shape)).any():
        pass
    return drawn


def signals(rng, *shape):
    """The same without zeros."""
    return rng.choice(VALUES[VALUES != 0], size=shape)


def number(v):
    """Four decimals at most, without trailing zeros."""
    return f"{v + 0.0:.4f}".rstrip("0").rstrip(".").replace("-0.0000", "0") or "0"


def matrix(v):
    """LaTeX of a row or a matrix."""
    rows = [" & ".join(map(number, row)) for row in np.atleast_2d(v)]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


TEX = {
    "dW_hh": "dW_{hh}",
    "sent": r"\text{sent on}",
    "factor": r"\text{factor}",
    "norm": r"\text{by norm}",
    "value": r"\text{by value}",
    "rho": r"\rho",
    "dsigmoid": r"\sigma'",
    "dtanh": r"\tanh'",
    "off": "D - L'",
}


def listed(**values):
    """The answers, one formula after the other."""
    return ", ".join(
        f"${TEX.get(name, name)} = {number(v) if np.ndim(v) == 0 else matrix(v)}$"
        for name, v in values.items()
    )


def unit_row(rng, size=2):
    return np.eye(size)[[rng.integers(size)]]


@question(2, 8, 12)
def one_step(rng):
    x, W_xh, W_hy = unit_row(rng), weights(rng, 2, 2), weights(rng, 2, 2)
    a = x @ W_xh
    u = np.tanh(a) @ W_hy
    text = (
        f"A step reads $x = {matrix(x)}$ from $h_0 = 0$, with $W_{{xh}} = {matrix(W_xh)}$, "
        f"$W_{{hy}} = {matrix(W_hy)}$ and no bias. Compute $a$, $h$, $u$ and $p$."
    )
    return text, listed(a=a, h=np.tanh(a), u=u, p=softmax(u))


@question(2, 6, 8)
def softmax_gradient(rng):
    u, y = rng.permutation([-1.0, rng.choice([0, 0.5]), 2.0])[None], int(rng.integers(3))
    loss = functions.cross_entropy(u, np.array([y]))[0]
    text = (
        f"The logits of one row are $u = {matrix(u)}$, the target is entry {y + 1}. "
        "Compute the loss in nats and $du$. What must the entries of $du$ add up to, and why?"
    )
    answer = listed(l=loss, du=functions.dcross_entropy(u, np.array([y])))
    return text, f"{answer}. They add up to 0: the probabilities sum to 1, and so does the target."


@question(2, 6, 8)
def affine(rng):
    x, W, da = weights(rng, 2, 2), weights(rng, 2, 2), weights(rng, 2, 2)
    dx, dW, db = functions.affine_backward(x, da, W)
    text = (
        f"Two rows $x = {matrix(x)}$ enter $a = xW + b$ with $W = {matrix(W)}$, and "
        f"$da = {matrix(da)}$ arrives. Compute $dx$, $dW$ and $db$. Why is $db$ a sum?"
    )
    return text, f"{listed(dx=dx, dW=dW, db=db)}. The bias was copied to both rows."


@question(2, 4, 4)
def slopes(rng):
    s, h = rng.integers(1, 10) / 10, rng.integers(-9, 10) / 10
    text = (
        f"A sigmoid has come out as $s = {number(s)}$, a tanh as $h = {number(h)}$. Give both "
        "slopes there. Why does a backward pass not need the inputs?"
    )
    answer = listed(dsigmoid=dsigmoid(s), dtanh=dtanh(h))
    return text, f"{answer}. Both are functions of the output alone, and the output has been kept."


@question(2, 5, 8)
def central_difference(rng):
    v, eps = rng.integers(1, 4) / 2, rng.choice([0.1, 0.2])
    quotient = gradcheck.central(lambda v: (v**3).sum(), np.array([v]), eps)[0]
    text = (
        f"Compute the central difference of $L(v) = v^3$ at $v = {number(v)}$ with "
        rf"$\varepsilon = {number(eps)}$, and its error. Which power of $\varepsilon$ is the error?"
    )
    answer = listed(D=quotient, off=quotient - 3 * v**2)
    return text, (
        rf"{answer}. The error is $\varepsilon^2$: exactly for a cubic, else at leading order."
    )


@question(2, 4, 5)
def error_of_two(rng):
    a = weights(rng, 3) * 4
    b = a.copy()
    k = rng.integers(3)
    b[k] += 0.5
    text = (
        f"A gradient check compares ${matrix(a)}$ with ${matrix(b)}$. Give the relative error as "
        "the book defines it. Would a tolerance of 0.2 have found the mistake?"
    )
    e = gradcheck.relative_error(a, b)
    return text, f"{listed(e=e)}. {'Yes' if e > 0.2 else 'No'}."


@question(3, 8, 12)
def two_steps(rng):
    W_xh, W_hh = signals(rng, 2, 2), weights(rng, 2, 2)
    tokens = rng.integers(2, size=(2, 1))
    h = bptt.forward(rnn, rnn.Params(W_xh, W_hh, np.zeros(2)), np.eye(2)[tokens]).h[:, 0]
    said = ", ".join("ab"[k] for k in tokens[:, 0])
    text = (
        f"A plain recurrent network reads *{said}*, one-hot, from $h_0 = 0$, with "
        f"$W_{{xh}} = {matrix(W_xh)}$, $W_{{hh}} = {matrix(W_hh)}$ and no bias. "
        "Compute $h_1$ and $h_2$."
    )
    return text, listed(h_1=h[0], h_2=h[1])


@question(3, 5, 6)
def count_paths(rng):
    T, j = 8, sorted(rng.choice(np.arange(2, 9), size=2, replace=False))
    text = (
        f"Only the losses of steps {j[0]} and {j[1]} of a sequence of {T} steps count. How many "
        "paths lead from a copy of $W_{hh}$ to one of them? How many of these bring nothing to "
        "$dW_{hh}$ if $h_0 = 0$?"
    )
    return text, f"{sum(j)}, one for each step up to a loss; the 2 from the copy of step 1."


@question(4, 8, 12)
def one_step_back(rng):
    W_hh, h, dh = weights(rng, 2, 2), np.tanh(signals(rng, 1, 2)), signals(rng, 1, 2)
    cache = rnn.Cache(np.zeros((1, 2)), rnn.State(np.zeros((1, 2))), h)
    params = rnn.Params(np.zeros((2, 2)), W_hh, np.zeros(2))
    _, prev, _ = rnn.step_backward(params, rnn.State(dh), cache)
    text = (
        f"In a tanh network $h_t = {matrix(h)}$, $W_{{hh}} = {matrix(W_hh)}$, and "
        f"$dh_t = {matrix(dh)}$ is complete. Compute $da_t$ and what step $t$ sends to $h_{{t-1}}$."
    )
    return text, listed(da_t=dh * dtanh(h), sent=prev.h)


@question(4, 6, 8)
def loss_weights(rng):
    u, y = signals(rng, 3, 1, 2) * 2, rng.integers(2, size=(3, 1))
    w = np.array([[0.0], [1.0], [float(rng.integers(1, 4))]])
    _, du = readout.cross_entropy(u, y, w)
    text = (
        f"Three steps have the logits ${matrix(u[:, 0])}$, the targets entry "
        f"{', '.join(str(k + 1) for k in y[:, 0])} and the loss weights "
        f"$w = ({', '.join(map(number, w[:, 0]))})$. Compute $du_1$, $du_2$, $du_3$. "
        "Does $dh_1$ vanish with $du_1$?"
    )
    return text, f"{listed(du=du[:, 0])}. No: $h_1$ is read by step 2, which has a loss after it."


@question(4, 6, 8)
def weight_gradient(rng):
    h, da = signals(rng, 3, 2), signals(rng, 3, 2)
    text = (
        f"The rows of ${matrix(h)}$ are $h_0, h_1, h_2$, those of ${matrix(da)}$ are "
        "$da_1, da_2, da_3$ of one sequence. Compute $dW_{hh}$. Which row pairs does a program "
        "use that takes $h_t$ for $h_{t-1}$?"
    )
    return text, f"{listed(dW_hh=h.T @ da)}. It pairs $h_1$ with $da_1$, $h_2$ with $da_2$, ..."


@question(4, 5, 6)
def what_is_kept(rng):
    T, N, H = (int(v) for v in (rng.integers(10, 60), rng.integers(8, 40), rng.integers(50, 200)))
    text = (
        f"A plain recurrent network with $H = {H}$ units runs {T} steps on {N} sequences. How many "
        "numbers of its states must the forward pass keep for the backward pass, $h_0$ included? "
        "Which other results of the step need not be kept?"
    )
    return text, f"{(T + 1) * N * H:,}. The pre-activations: the slope is a function of $h_t$."


@question(4, 6, 8)
def linear_closed_form(rng):
    w, sent = rng.choice([0.5, -0.5, 1.5], size=2), weights(rng, 2)
    T = int(rng.integers(3, 6))
    text = (
        rf"A linear network has $W_{{hh}} = \operatorname{{diag}}({number(w[0])}, {number(w[1])})$ "
        f"and one loss, at step {T}, which sends ${matrix(sent)}$ to $h_{{{T}}}$. Give $dh_1$ and "
        "the general formula."
    )
    return text, listed(dh_1=sent * w ** (T - 1)) + r"; $dh_t = dh_T (W_{hh}^\top)^{T-t}$."


@question(5, 5, 6)
def reach(rng):
    rho, part = rng.choice([0.8, 0.9, 0.95]), rng.choice([10, 100])
    steps = int(np.ceil(np.log(1 / part) / np.log(rho)))
    text = (
        f"A linear network has orthogonal eigenvectors and the spectral radius {number(rho)}. "
        f"After how many steps is at most 1/{part} of any gradient left?"
    )
    return text, rf"{steps}, the first $m$ with ${number(rho)}^m \le 1/{part}$."


@question(5, 6, 8)
def clip(rng):
    g = rng.permutation([6.0, -3.0, 2.0])
    theta = float(rng.choice([3.5, 1.4, 2.8]))
    text = (
        rf"Clip the gradient ${matrix(g)}$ with $\theta = {number(theta)}$ by norm and by value. "
        "Which of the two keeps the direction?"
    )
    clipped, _ = optim.clip_by_norm(g, theta)
    return text, f"{listed(norm=clipped, value=optim.clip_by_value(g, theta))}. By norm."


@question(5, 6, 10)
def slanted(rng):
    a, b, c = rng.choice([0.5, 0.8]), rng.choice([-0.5, 0.5]), float(rng.integers(3, 8))
    W = np.array([[a, c], [0, b]])
    once = np.linalg.norm(np.array([0, 1.0]) @ W.T)
    text = (
        f"A linear network has $W_{{hh}} = {matrix(W)}$. Give its spectral radius. By which "
        f"factor does one step back change the length of the gradient ${matrix([0, 1])}$? What "
        "becomes of it after many steps?"
    )
    return text, f"{listed(rho=max(abs(a), abs(b)), factor=once)}. It vanishes all the same."


@question(5, 5, 6)
def pairs(rng):
    K, T = int(rng.integers(2, 5)), 12
    window = sum(min(j, K) for j in range(1, T + 1))
    pieces = sum(1 + (t % K) for t in range(T))
    text = (
        f"A run of {T} steps has a loss at every step. How many of the {T * (T + 1) // 2} pairs of "
        f"a loss and a step survive truncation to a window of $K = {K}$ steps, and to pieces of "
        f"{K} steps?"
    )
    return text, f"{window} and {pieces}."


def lstm_unit(rng):
    """Pre-activations and old cell of one unit, and what follows."""
    a = dict(zip("ifgo", weights(rng, 4) * 2, strict=True))
    gates = {k: np.tanh(v) if k == "g" else sigmoid(v) for k, v in a.items()}
    c_old = float(signals(rng, 1)[0])
    c = gates["f"] * c_old + gates["i"] * gates["g"]
    return a, gates, c_old, c


@question(6, 6, 8)
def lstm_forward(rng):
    a, gates, c_old, c = lstm_unit(rng)
    given = ", ".join(f"$a_{k} = {number(v)}$" for k, v in a.items())
    text = f"One LSTM unit has {given} and $c_{{t-1}} = {number(c_old)}$. Compute $c_t$ and $h_t$."
    return text, listed(**gates, c_t=c, h_t=gates["o"] * np.tanh(c))


@question(6, 5, 6)
def half_life(rng):
    steps = int(rng.choice([5, 10, 20, 50]))
    f = 0.5 ** (1 / steps)
    text = (
        f"Which constant forget gate has a half-life of {steps} steps on the direct path, and "
        "which forget bias gives it, if nothing else reaches the gate?"
    )
    return text, listed(f=f, b_f=np.log(f / (1 - f)))


@question(6, 5, 5)
def count_parameters(rng):
    D, H = int(rng.integers(20, 80)), int(rng.integers(50, 150))
    counts = [sum(int(np.prod(s)) for s in cell.shapes(D, H)) for cell in (rnn, gru, lstm)]
    text = (
        f"How many parameters have a plain recurrent cell, a GRU and an LSTM with $D = {D}$ inputs "
        f"and $H = {H}$ units, readouts not counted?"
    )
    return text, "{:,}, {:,} and {:,}.".format(*counts)


@question(6, 5, 8)
def latch(rng):
    symbol = "ab"[rng.integers(2)]
    text = (
        f"One LSTM unit is to hold whether *{symbol}* has been read since the start, for any "
        "number of steps. Say for each gate and the candidate when it should be near 0 and when "
        "near 1, and why an ordinary tanh unit of the same size forgets sooner."
    )
    return text, (
        f"$f$ near 1 always; $i$ near 1 at *{symbol}* and near 0 otherwise; $g$ near 1 at "
        f"*{symbol}*; $o$ near 1 when the answer is asked for. The cell is multiplied by $f$ and "
        "not squashed; a tanh unit is squashed at every step, and its gradient is multiplied by "
        "the slope each time."
    )


@question(7, 10, 15)
def lstm_backward(rng):
    a, gates, c_old, c = lstm_unit(rng)
    dh, dc_next = signals(rng, 2)
    params = lstm.Params(np.zeros((1, 4)), np.zeros((1, 4)), np.array(list(a.values())))
    state = lstm.State(np.zeros((1, 1)), np.array([[c_old]]))
    _, cache = lstm.step(params, np.zeros((1, 1)), state)
    arriving = lstm.State(np.array([[dh]]), np.array([[dc_next]]))
    _, prev, dparams = lstm.step_backward(params, arriving, cache)
    given = ", ".join(f"${k} = {number(v)}$" for k, v in gates.items())
    text = (
        f"One LSTM unit has {given}, $c_{{t-1}} = {number(c_old)}$, $c_t = {number(c)}$. "
        f"$dh_t = {number(dh)}$ is complete, and ${number(dc_next)}$ arrives from $c_{{t+1}}$. "
        "Compute $dc_t$, the four $da$ and what goes to $c_{t-1}$."
    )
    dc = dc_next + dh * gates["o"] * (1 - np.tanh(c) ** 2)
    names = {f"da_{k}": v for k, v in zip("ifgo", dparams.b, strict=True)}
    return text, listed(dc_t=dc, **names, sent=prev.c[0, 0])


@question(7, 6, 8)
def which_mistake(rng):
    known = [m for m in mutants.MUTANTS if m.cell == "lstm"]
    m = known[rng.integers(len(known))]
    case = mutants.draw(np.random.default_rng(0))
    errors = mutants.fingerprint(mutants.program(m), mutants.program(), case)
    names = {"x": "dx", "W_x": "dW_x", "W_h": "dW_h", "b": "db", "h_0": "dh_0", "c_0": "dc_0"}
    names |= {"W_hy": "dW_{hy}", "b_y": "db_y"}
    hit = [f"${tex}$" for key, tex in names.items() if errors[key] > 1e-11]
    text = (
        f"An LSTM program has this mistake: {m.says}. It runs several steps with random states. "
        "Which of $dx$, $dW_x$, $dW_h$, $db$, $dh_0$, $dc_0$, $dW_{hy}$, $db_y$ does a gradient "
        "check find wrong?"
    )
    return text, ", ".join(hit) + "."


@question(7, 5, 8)
def zero_start(rng):
    gate = "ifgo"[rng.integers(4)]
    text = (
        f"An LSTM starts from $h_0 = c_0 = 0$ and has a loss at step 1 alone. Is the gradient of "
        f"the bias of ${gate}$ zero, and why? And the gradient of its $W_h$?"
    )
    bias = "exactly 0, since $da_f$ has the factor $c_0$" if gate == "f" else "in general not 0"
    return text, f"The bias: {bias}. $dW_h$ is exactly 0 for every gate, since $h_0 = 0$."


@question(8, 5, 6)
def direct_path(rng):
    f = rng.choice([0.5, 0.75, 0.8, 0.9, 0.95], size=3)
    text = (
        f"A unit's forget gates at steps 2, 3 and 4 are {', '.join(map(number, f))}. Which part of "
        "a gradient does the direct path bring from $c_4$ to $c_1$? Can the whole gradient be "
        "larger?"
    )
    return text, f"{number(f.prod())}. Yes: the detours through $h$ and the gates are added."


@question(8, 4, 5)
def chrono(rng):
    tau = int(rng.choice([10, 50, 100, 500]))
    text = (
        f"Which forget bias keeps a cell for a time of about $\\tau = {tau}$ steps, if the gate is "
        r"$1 - 1/\tau$? Which bias does chrono give the input gate?"
    )
    return text, listed(b_f=np.log(tau - 1), b_i=-np.log(tau - 1))


@question(8, 6, 8)
def decay_of_two(rng):
    w = rng.choice([0.5, 0.8])
    params = rnn.Params(np.zeros((1, 1)), np.array([[w]]), np.zeros(1))
    run = bptt.forward(rnn, params, np.zeros((3, 1, 1)))
    dh = np.zeros((3, 1, 1))
    dh[-1] = 1
    norms = flow.norms(rnn, run, bptt.backward(rnn, params, run, dh)).dh[:, 0]
    text = (
        f"A tanh network with one unit, $W_{{hh}} = {number(w)}$, no input and $h_0 = 0$ receives "
        "the gradient 1 at $h_3$. Give the gradient at $h_2$, $h_1$ and $h_0$. Compare with an "
        "LSTM cell whose forget gate is constantly 0.9, on the direct path."
    )
    return text, f"{listed(dh=norms[1:], direct=0.9 ** np.arange(1, 4))}."


def gru_unit(rng):
    """Pre-activations and old state of one unit whose recurrent weight of n is 1."""
    a, h = dict(zip(("r", "z", "n"), weights(rng, 3), strict=True)), float(rng.choice([-0.5, 0.5]))
    params = gru.Params(np.zeros((1, 3)), np.array([[0.0, 0, 1]]), np.array(list(a.values())))
    new, cache = gru.step(params, np.zeros((1, 1)), gru.State(np.array([[h]])))
    return a, h, params, new.h[0, 0], cache


@question(9, 6, 8)
def gru_forward(rng):
    a, h, _, new, cache = gru_unit(rng)
    text = (
        f"One GRU unit (reset before the product, $z$ keeps) has $a_r = {number(a['r'])}$, "
        f"$a_z = {number(a['z'])}$, ${number(a['n'])}$ from input and bias in $a_n$, "
        f"$W_{{hn}} = 1$ and $h_{{t-1}} = {number(h)}$. Compute $r$, $z$, $n$ and $h_t$."
    )
    return text, listed(**{k: v[0, 0] for k, v in cache.gates._asdict().items()}, h_t=new)


@question(9, 8, 12)
def gru_backward(rng):
    _, h, params, _, cache = gru_unit(rng)
    dh = float(rng.choice([-1, 1]))
    _, prev, dparams = gru.step_backward(params, gru.State(np.array([[dh]])), cache)
    given = ", ".join(f"${k} = {number(v[0, 0])}$" for k, v in cache.gates._asdict().items())
    text = (
        f"One GRU unit (reset before, $z$ keeps, $W_{{hn}} = 1$, $W_{{hr}} = W_{{hz}} = 0$) has "
        f"{given} and $h_{{t-1}} = {number(h)}$; $dh_t = {number(dh)}$. Compute $da_n$, $da_z$, "
        "$da_r$ and $dh_{t-1}$."
    )
    names = dict(zip(("da_r", "da_z", "da_n"), dparams.b, strict=True))
    return text, listed(**names, sent=prev.h[0, 0])


@question(9, 5, 6)
def other_sense(rng):
    a = float(signals(rng, 1)[0])
    text = (
        f"A program has the opposite sense of $z$, $h_t = (1 - z) h_{{t-1}} + z n$, and a unit "
        f"with $a_z = {number(a)}$. What must be done to its parameters to run them in the book's "
        "GRU, and which share of the old state is kept in either?"
    )
    return text, f"Negate $W_{{xz}}$, $W_{{hz}}$ and $b_z$; {number(sigmoid(-a))} is kept in both."


def exam(seed, questions=8):
    """A list of Questions, as many different ones, in the order of the chapters.

    Raises: BadInput for a number of questions that is not there.
    """
    if not 1 <= questions <= len(QUESTIONS):
        raise BadInput(f"there are {len(QUESTIONS)} questions: got --questions {questions}")
    rng = np.random.default_rng(list(seed))
    chosen = rng.choice(len(QUESTIONS), size=questions, replace=False)
    return sorted((QUESTIONS[k](rng) for k in sorted(chosen)), key=lambda q: q.chapter)


def sheets(drawn):
    """The texts of exam.md and answers.md."""
    points, minutes = sum(q.points for q in drawn), sum(q.minutes for q in drawn)
    head = f"# Exam\n\n{points} points, {minutes} minutes. Notation as in the book.\n"
    asked = (
        f"\n**{k}.** ({q.points} points, {q.minutes} minutes) {q.text}\n"
        for k, q in enumerate(drawn, 1)
    )
    answers = (f"\n**{k}.** (chapter {q.chapter}) {q.answer}\n" for k, q in enumerate(drawn, 1))
    return head + "".join(asked), "# Answers\n" + "".join(answers)


def main(argv=None):
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m classroom.exam", description=__doc__)
    parser.add_argument("--seed-file", required=True, help="one line of hex digits")
    parser.add_argument("--questions", type=int, default=8, help="how many; 8 if not given")
    parser.add_argument("--out", default=".", help="the folder for exam.md and answers.md")
    options = parser.parse_args(argv)
    try:
        texts = sheets(exam(read_seed(options.seed_file), options.questions))
        folder = Path(options.out)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in zip(("exam.md", "answers.md"), texts, strict=True):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except (BadInput, OSError) as problem:
        print(f"classroom.exam: {problem}", file=sys.stderr)
        return 2
    print(f"{folder / 'exam.md'} and {folder / 'answers.md'} are written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
