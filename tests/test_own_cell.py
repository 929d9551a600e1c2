"""The class's own cell: distinct, differentiable, fair, and the same for the same seed."""

import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from classroom import make, own_cell
from lstm_lib import bptt, gradcheck, gru, lstm
from lstm_lib.gradcheck import relative_error
from lstm_lib.variants import coupled, reset_after

MANY = 210
BOOK = {"P5": (lstm, coupled), "P6": (gru, reset_after)}
SEEDS = [bytes([k]) for k in range(2, 8)]
both = pytest.mark.parametrize("assignment", make.ASSIGNMENTS)


def some(assignment, number):
    """So many candidates, evenly spread over all forms."""
    cells = own_cell.candidates(assignment)
    return [cells[k * len(cells) // number] for k in range(number)]


def inputs_of(cell, seed=1, **sizes):
    return own_cell.draw(cell, np.random.default_rng(seed), **sizes)


def arguments(inputs):
    """Fresh copies, so that nobody can change what the next one is given."""
    params = {k: v.copy() for k, v in inputs["params"].items()}
    return {k: params if k == "params" else v.copy() for k, v in inputs.items()}


def assert_fair(cell, seed):
    """What an offered cell promises, on numbers that `offered` has not seen."""
    inputs = inputs_of(cell, seed)
    right = own_cell.gradient(cell, inputs)
    central = own_cell.gradient(cell, inputs, gradcheck.central)
    assert own_cell.difference(central, right) < 1e-6
    assert own_cell.difference(own_cell.sweep(cell, inputs), right) < 1e-11
    for term in own_cell.terms(cell):
        left_out = own_cell.sweep(cell, inputs, term)
        assert own_cell.difference(left_out, right) > 1e-3, term


def book_backward(module, cell, inputs):
    """The gradients of a cell of the book on the same arrays, None if their shapes do not fit."""
    given = {"b_n": inputs["params"].get("b_m"), **inputs["params"]}
    params = module.Params(*(given[k] for k in module.Params._fields))
    H, D = inputs["h_0"].shape[1], inputs["x"].shape[2]
    if any(np.shape(v) != s for v, s in zip(params, module.shapes(D, H), strict=True)):
        return None
    starts, lasts = (
        module.State(*(inputs[k] for k in cell.each(form))) for form in ("{}_0", "d{}_last")
    )
    run = bptt.forward(module, params, inputs["x"], starts)
    back = bptt.backward(module, params, run, inputs["dh"], lasts)
    first = {f"{k}_0": v for k, v in back.dstates[0]._asdict().items()}
    return {**back.dparams._asdict(), "x": back.dx, **first}


def source(assignment):
    return nbformat.read(make.source_path(assignment), as_version=4)


def run(notebook, until=None):
    """The names that the code cells leave behind."""
    names = {}
    for cell in notebook.cells:
        if cell.id == until:
            break
        if cell.cell_type == "code":
            exec(cell.source, names)
    return names


@both
def test_many_cells_and_no_two_alike(assignment):
    cells = own_cell.candidates(assignment)
    assert len(set(cells)) == len({own_cell.equations(cell) for cell in cells}) == len(cells) >= 200
    states = [own_cell.forward(cell, inputs_of(cell))[0] for cell in some(assignment, MANY)]
    assert len({v.round(9).tobytes() for v in states}) == MANY


@both
def test_an_offered_cell_keeps_its_promises(assignment):
    for cell in some(assignment, 9):
        assert own_cell.offered(cell)
        assert_fair(cell, seed=1)


@pytest.mark.slow
@both
def test_all_of_many_cells_keep_their_promises(assignment):
    cells = some(assignment, MANY)
    offered = [cell for cell in cells if own_cell.offered(cell)]
    assert len(offered) >= 200
    for cell in offered:
        assert_fair(cell, seed=1)


@both
def test_a_cell_that_hides_a_mistake_is_not_offered(assignment, monkeypatch):
    cell, old = some(assignment, 1)[0], own_cell._share

    def deaf(text, factor, da, values):
        return 1e-5 * old(text, factor, da, values)

    assert own_cell.offered.__wrapped__(cell)
    monkeypatch.setattr(own_cell, "_share", deaf)
    assert not own_cell.offered.__wrapped__(cell)


@both
def test_the_gradient_of_the_book_gets_no_tensor_right(assignment):
    tried = 0
    for cell in some(assignment, 30):
        inputs = inputs_of(cell)
        right = own_cell.gradient(cell, inputs)
        for module in BOOK[assignment]:
            ours = book_backward(module, cell, inputs)
            tried += ours is not None
            for k in right.keys() & (ours or {}).keys():
                assert relative_error(ours[k], right[k]) > 1e-3, (k, cell)
    assert tried >= 10


@both
def test_equations_and_program_fit_their_lines(assignment):
    for cell in own_cell.candidates(assignment):
        text = own_cell.equations(cell)
        assert text.count("{") == text.count("}")
        for row in re.sub(r"\\(odot|quad|sigma)", "*", text).splitlines()[1:-1]:
            assert len(re.sub(r"[{}_^&\\]", "", row).strip()) <= 38, row
        lines = f"{own_cell.source(cell)}\n{make.answer(cell)}".splitlines()
        assert max(map(len, lines)) <= 79


@both
def test_the_program_runs_on_complex_numbers(assignment):
    cell = own_cell.choose(assignment, SEEDS[0])
    inputs = inputs_of(cell)
    inputs["x"] = inputs["x"] + 1e-30j
    assert own_cell.forward(cell, inputs)[0].imag.any()


@both
def test_the_source_holds_the_example(assignment):
    new = make.parts(own_cell.choose(assignment, own_cell.EXAMPLE))
    cells = {cell.id: cell for cell in source(assignment).cells}
    solution = re.compile(r"(?<=### BEGIN SOLUTION\n).*(?=    ### END SOLUTION)", re.DOTALL)
    assert {k: solution.sub("", cells[k].source) for k in new} == new
    points = [cell.metadata.nbgrader.get("points", 0) for cell in cells.values()]
    assert sum(points) == 100
    assert cells["check-own-backward"].metadata.nbgrader.points == 60


@both
def test_the_solutions_of_the_source_are_right(assignment):
    names = run(source(assignment))
    own = own_cell.choose(assignment, own_cell.EXAMPLE)
    inputs = inputs_of(own, T=4, N=2, D=3, H=5)
    right = own_cell.gradient(own, inputs)
    assert own_cell.difference(names["own_backward"](**arguments(inputs)), right) < 1e-12
    part_a = {"lstm_backward": (lstm, "ifgo"), "gru_backward": (gru, "rzn")}
    part_a |= {"reset_after_backward": (reset_after, "rzn")}
    for name, (module, gates) in part_a.items():
        if name in names:
            cell = own_cell.Cell(own.states, gates, ())
            inputs = inputs_of(cell, T=4, N=2, D=3, H=5)
            if module is reset_after:
                inputs["params"]["b_n"] = np.linspace(-1, 1, 5)
            right = book_backward(module, cell, inputs)
            assert own_cell.difference(names[name](**arguments(inputs)), right) < 1e-12, name


@both
def test_the_visible_check_of_a_class_tells_right_from_wrong(assignment):
    for seed in SEEDS[:2]:
        cell = own_cell.choose(assignment, seed)
        notebook = make.notebook_of(assignment, seed)
        names = run(notebook, until="check-own-backward")
        check = next(c.source for c in notebook.cells if c.id == "check-own-backward")
        order = ["params", *own_cell.shapes(cell, 1, 1, 1, 1)[1]]

        def sweep(*values, without=None, cell=cell, order=order):
            return own_cell.sweep(cell, dict(zip(order, values, strict=True)), without)

        exec(check, names | {"own_backward": sweep})
        for term in own_cell.terms(cell)[:2]:

            def wrong(*values, sweep=sweep, term=term):
                return sweep(*values, without=term)

            with pytest.raises(AssertionError, match=r"h_0: expected\n"):
                exec(check, names | {"own_backward": wrong})
        with pytest.raises(AssertionError, match="expected the names"):
            exec(check, names | {"own_backward": lambda *values: {}})


@both
def test_another_seed_gives_another_cell(assignment):
    cells = {own_cell.choose(assignment, seed) for seed in SEEDS}
    assert len(cells) == len(SEEDS)
    assert own_cell.choose("P5", SEEDS[0]) != own_cell.choose("P6", SEEDS[0])


@both
def test_only_the_seed_of_the_example_gives_its_cell(assignment, monkeypatch):
    two = some(assignment, 2)
    monkeypatch.setattr(own_cell, "candidates", lambda _: two)
    example = own_cell.choose(assignment, own_cell.EXAMPLE)
    assert {own_cell.choose(assignment, seed) for seed in SEEDS} == {*two} - {example}


def test_the_same_seed_gives_the_same_bytes():
    program = (
        "import nbformat; from classroom import make;"
        "print(*(nbformat.writes(make.notebook_of(a, b'seed')) for a in make.ASSIGNMENTS))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": salt, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for salt in ("1", "2")
    ]
    assert outputs[0] == outputs[1]


@both
def test_the_command_writes_what_students_receive(assignment, tmp_path):
    pytest.importorskip("nbgrader")
    (tmp_path / "seed").write_text("c0ffee\n")
    command = [assignment, "--seed-file", str(tmp_path / "seed"), "--out"]
    for name in ("one", "two"):
        assert make.main([*command, str(tmp_path / name)]) == 0
    text = (tmp_path / "one").read_bytes()
    assert text == (tmp_path / "two").read_bytes()
    assert b"SOLUTION" not in text
    notebook = nbformat.reads(text.decode(), as_version=4)
    nbformat.validate(notebook)
    answers = [cell for cell in notebook.cells if cell.metadata.nbgrader.solution]
    assert len(answers) == {"P5": 2, "P6": 3}[assignment]
    for cell in answers:
        assert cell.source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    with pytest.raises(NotImplementedError):
        run(notebook)
    first = next(cell.id for cell in notebook.cells if cell.metadata.nbgrader.grade)
    run(notebook, until=first)


def test_without_nbgrader_the_command_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbgrader.converters", None)
    (tmp_path / "seed").write_text("c0ffee")
    assert make.main(["P5", "--seed-file", str(tmp_path / "seed"), "--out", "x.ipynb"]) == 2
    assert_one_line(capsys, "pip install -r requirements-dev.txt")


def assert_one_line(capsys, says):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err


@pytest.mark.parametrize(
    ("assignment", "seed", "out", "says"),
    [
        ("P4", "c0ffee", "out.ipynb", "choose P5 or P6"),
        ("../P5", "c0ffee", "out.ipynb", "choose P5 or P6"),
        ("P5", None, "out.ipynb", "No such file"),
        ("P5", "", "out.ipynb", "is empty"),
        ("P5", " \n\n", "out.ipynb", "is empty"),
        ("P6", "secret", "out.ipynb", "is not hex"),
        ("P6", "abc", "out.ipynb", "is not hex"),
        ("P6", "é0", "out.ipynb", "is not hex"),
        ("P6", "c0\nff", "out.ipynb", "more than one line"),
        ("P6", "c0ffee", "no/such/out.ipynb", "cannot write"),
        ("P6", "c0ffee", ".", "cannot write"),
        ("P5", "c0ffee", make.source_path("P6"), "among the sources"),
    ],
)
def test_bad_input_gets_one_line(assignment, seed, out, says, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make.release, "student_version", lambda name, notebook: notebook)
    if seed is not None:
        (tmp_path / "seed").write_text(seed, encoding="utf-8")
    out = tmp_path / out
    assert make.main([assignment, "--seed-file", str(tmp_path / "seed"), "--out", str(out)]) == 2
    assert_one_line(capsys, says)
    assert not (tmp_path / "out.ipynb").exists()


def test_without_the_book_the_command_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make, "SOURCES", tmp_path / "nowhere")
    (tmp_path / "seed").write_text("c0ffee")
    out = str(tmp_path / "out.ipynb")
    assert make.main(["P5", "--seed-file", str(tmp_path / "seed"), "--out", out]) == 2
    assert_one_line(capsys, "the book's repository")


def test_a_seed_may_be_in_capitals_and_end_in_a_newline(tmp_path):
    (tmp_path / "seed").write_text("C0FFEE\r\n")
    assert make.read_seed(tmp_path / "seed") == bytes.fromhex("c0ffee")
