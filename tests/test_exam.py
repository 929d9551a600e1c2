"""The exam bank: as many questions as asked for, and answers that another computation confirms."""

import re

import numpy as np
import pytest

from classroom import exam
from lstm_lib import gradcheck, lstm


def ask(name, seed):
    return next(q for q in exam.QUESTIONS if q.__name__ == name)(np.random.default_rng(seed))


def matrices(text):
    found = re.findall(r"\\begin\{bmatrix\} (.*?) \\end\{bmatrix\}", text)
    return [np.array([[float(v) for v in row.split("&")] for row in m.split(r"\\")]) for m in found]


def values(text):
    return {k: float(v) for k, v in re.findall(r"\$([\w{}']+) = (-?[\d.]+)\$", text)}


def test_the_bank_is_large_enough_and_covers_the_chapters():
    drawn = [q(np.random.default_rng(0)) for q in exam.QUESTIONS]
    assert len(drawn) >= 24
    assert len({q.__name__ for q in exam.QUESTIONS}) == len(drawn)
    assert {q.chapter for q in drawn} == set(range(2, 10))


@pytest.mark.parametrize("seed", range(20))
def test_every_question_can_be_drawn(seed):
    for question in exam.QUESTIONS:
        drawn = question(np.random.default_rng(seed))
        assert drawn.points > 0
        assert drawn.minutes > 0
        assert "nan" not in drawn.text + drawn.answer
        assert drawn.text.count("$") % 2 == drawn.answer.count("$") % 2 == 0
        assert "-0$" not in drawn.answer


def test_questions_differ_between_seeds():
    for question in exam.QUESTIONS:
        texts = {question(np.random.default_rng(seed)).text for seed in range(30)}
        assert len(texts) > 1, question.__name__


@pytest.mark.parametrize("seed", range(20))
def test_the_step_and_its_two_successors_by_hand(seed):
    drawn = ask("one_step", seed)
    x, W_xh, W_hy = matrices(drawn.text)
    a, h, u, p = matrices(drawn.answer)
    np.testing.assert_allclose(a, x @ W_xh, atol=1e-4)
    np.testing.assert_allclose(h, np.tanh(x @ W_xh), atol=1e-4)
    np.testing.assert_allclose(u, np.tanh(x @ W_xh) @ W_hy, atol=1e-4)
    e = np.exp(np.tanh(x @ W_xh) @ W_hy)
    np.testing.assert_allclose(p, e / e.sum(), atol=1e-4)
    drawn = ask("two_steps", seed)
    W_xh, W_hh = matrices(drawn.text)
    rows = [
        np.eye(2)["ab".index(c)] for c in re.search(r"reads \*(\w), (\w)\*", drawn.text).groups()
    ]
    h_1 = np.tanh(rows[0] @ W_xh)
    h_2 = np.tanh(rows[1] @ W_xh + h_1 @ W_hh)
    np.testing.assert_allclose(np.vstack(matrices(drawn.answer)), [h_1, h_2], atol=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_gradients_by_complex_step(seed):
    drawn = ask("softmax_gradient", seed)
    (u,), y = matrices(drawn.text), int(re.search(r"entry (\d)", drawn.text)[1]) - 1
    du = gradcheck.complex_step(lambda u: np.log(np.exp(u).sum()) - u[0, y], u)
    np.testing.assert_allclose(matrices(drawn.answer)[0], du, atol=1e-4)
    drawn = ask("affine", seed)
    x, W, da = matrices(drawn.text)
    dx = gradcheck.complex_step(lambda x: (x @ W * da).sum(), x)
    dW = gradcheck.complex_step(lambda W: (x @ W * da).sum(), W)
    for ours, right in zip(matrices(drawn.answer), (dx, dW, da.sum(axis=0)[None]), strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-4)
    drawn = ask("one_step_back", seed)
    h, W_hh, dh = matrices(drawn.text)
    da, sent = matrices(drawn.answer)
    np.testing.assert_allclose(da, dh * (1 - h**2), atol=2e-4)
    np.testing.assert_allclose(sent, da @ W_hh.T, atol=3e-4)


@pytest.mark.parametrize("seed", range(20))
def test_the_lstm_unit_by_complex_step(seed):
    drawn = ask("lstm_backward", seed)
    given, answer = values(drawn.text), values(drawn.answer)
    dc_next = float(re.search(r"and \$(-?[\d.]+)\$ arrives", drawn.text)[1])
    i, f, g, o = (given[k] for k in "ifgo")
    a = np.array([np.log(v / (1 - v)) for v in (i, f, o)])

    def loss(v):
        c = v[4] / (1 + np.exp(-v[1])) + np.tanh(v[2]) / (1 + np.exp(-v[0]))
        return given["dh_t"] * np.tanh(c) / (1 + np.exp(-v[3])) + dc_next * c

    c_old = float(re.search(r"c_\{t-1\} = (-?[\d.]+)", drawn.text)[1])
    at = np.array([a[0], a[1], np.arctanh(g), a[2], c_old])
    d = gradcheck.complex_step(loss, at)
    for name, value in zip(("da_i", "da_f", "da_g", "da_o"), d, strict=False):
        assert abs(answer[name] - value) < 1e-3, name
    sent = float(re.search(r"sent on\} = (-?[\d.]+)", drawn.answer)[1])
    assert abs(sent - d[4]) < 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_counts_and_lengths(seed):
    drawn = ask("count_parameters", seed)
    D, H = (int(v) for v in re.findall(r"= (\d+)\$", drawn.text))
    counts = [int(v.replace(",", "")) for v in re.findall(r"[\d,]*\d", drawn.answer)]
    plain = D * H + H * H + H
    assert counts == [plain, 3 * plain, 4 * plain]
    assert counts[2] == sum(v.size for v in lstm.init(np.random.default_rng(0), D, H))
    drawn = ask("half_life", seed)
    steps = int(re.search(r"half-life of (\d+)", drawn.text)[1])
    answer = values(drawn.answer)
    assert abs(answer["f"] ** steps - 0.5) < 0.01
    assert abs(1 / (1 + np.exp(-answer["b_f"])) - answer["f"]) < 1e-4
    drawn = ask("clip", seed)
    (g,), (by_norm, by_value) = matrices(drawn.text), matrices(drawn.answer)
    theta = float(re.search(r"theta = ([\d.]+)", drawn.text)[1])
    np.testing.assert_allclose(by_norm, g * min(1, theta / np.linalg.norm(g)), atol=1e-4)
    np.testing.assert_allclose(by_value, np.clip(g, -theta, theta), atol=1e-4)
    drawn = ask("slanted", seed)
    W, row = matrices(drawn.text)
    rho, factor = (float(v) for v in re.findall(r"= ([\d.]+)\$", drawn.answer))
    assert abs(rho - np.abs(np.linalg.eigvals(W)).max()) < 1e-4
    assert abs(factor - np.linalg.norm(row @ W.T)) < 1e-4


def seed_file(tmp_path, text="c0ffee\n"):
    path = tmp_path / "seed"
    path.write_text(text)
    return str(path)


def test_the_same_seed_gives_the_same_exam(tmp_path, capsys):
    written = []
    for folder in ("one", "two"):
        out = tmp_path / folder
        assert exam.main(["--seed-file", seed_file(tmp_path), "--out", str(out)]) == 0
        written.append([(out / name).read_bytes() for name in ("exam.md", "answers.md")])
    assert written[0] == written[1]
    assert written[0][0].count(b"\n**") == written[0][1].count(b"\n**") == 8
    assert exam.sheets(exam.exam(b"\x01")) != exam.sheets(exam.exam(b"\x02"))


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("c0ffee", ["--questions", "0"], "got --questions 0"),
        ("c0ffee", ["--questions", "999"], "got --questions 999"),
        ("secret", [], "is not hex"),
        ("", [], "is empty"),
    ],
)
def test_bad_input_gets_one_line(text, options, says, tmp_path, capsys):
    arguments = ["--seed-file", seed_file(tmp_path, text), "--out", str(tmp_path), *options]
    assert exam.main(arguments) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
