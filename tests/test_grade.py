"""The grader: right programs get all points, others theirs, and every submission gets a row."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

pytest.importorskip("joblib", reason="joblib is not installed: see requirements-dev.txt")

from classroom import grade, judge, mutants, own_cell, pairs, release, sandbox, tasks
from classroom.sandbox import Limits
from classroom.worker import pack
from lstm_lib import gradcheck
from tests.test_sandbox import sandboxed

SOURCES = {path.stem: path for path in release.sources()}
SEED = own_cell.EXAMPLE
QUICK = Limits(seconds=20)


def judged(assignment, path, student="ada", seed=SEED):
    return judge.judge(assignment, student, path.read_bytes(), seed)


def solved(assignment, folder, *changes, name=None):
    """A submission: the source with texts in its first solutions that hold them replaced."""
    notebook = nbformat.read(SOURCES[assignment], 4)
    for old, new in changes:
        cells = (c for c in notebook.cells if c.metadata.nbgrader.solution and old in c.source)
        cell = next(cells)
        cell.source = cell.source.replace(old, new)
    path = folder / f"{name or assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize("name", SOURCES)
def test_tasks_ask_for_every_graded_function_and_no_other(name):
    worth = judge.points(name)
    assert sum(worth.values()) == 100
    if name != "P8":
        assert set(tasks.tasks(name, SEED)) == set(worth)


@sandboxed
@pytest.mark.parametrize("name", SOURCES)
def test_the_source_gets_all_points_and_the_student_version_none(name):
    row = judged(name, SOURCES[name])
    assert (row.status, row.score, row.mistake, row.reason) == ("graded", 100, "", "")
    row = judged(name, release.FOLDER / f"{name}.ipynb")
    assert (row.status, row.score) == ("graded", 0)
    assert "NotImplementedError" in row.reason


@pytest.mark.parametrize("name", [n for n in SOURCES if n != "P8"])
def test_what_is_asked_is_fresh_for_each_student_and_the_same_again(name):
    for function, asks in tasks.tasks(name, SEED).items():
        given = [
            json.dumps([pack(ask(judge.generator(SEED, name, who, function)).args) for ask in asks])
            for who in ("ada", "ada", "bob")
        ]
        assert given[0] == given[1]
        assert given[0] != given[2], function


@sandboxed
def test_one_wrong_tensor_costs_its_share_only(tmp_path):
    change = 'grads["b"] += da.sum(axis=0)', 'grads["b"] += da.sum()'
    path = solved("P5", tmp_path, change)
    row = judged("P5", path)
    assert row.score == pytest.approx(100 - 40 / 6, abs=0.01)
    assert [k for k, v in row.tensors.items() if not v] == ["lstm_backward.b"]
    assert "db is one number" in row.mistake


@sandboxed
def test_the_textbook_s_backward_pass_never_passes_part_b(tmp_path):
    """With a class's own seed, the example's solution and the LSTM's are both wrong."""
    row = judged("P5", SOURCES["P5"], seed=b"\x07")
    own = {k: v for k, v in row.tensors.items() if k.startswith("own_backward")}
    assert not any(own.values())
    assert row.score == 40


@sandboxed
def test_a_check_that_rejects_a_right_pair_gets_nothing(tmp_path):
    body = "### BEGIN SOLUTION"
    always = solved("P8", tmp_path, (body, "return False\n    " + body), name="always")
    assert judged("P8", always).score == 0
    never = solved("P8", tmp_path, (body, "return True\n    " + body), name="never")
    assert judged("P8", never).score == 0
    assert "rejects a right pair" in judged("P8", always).mistake


def test_the_pairs_are_right_and_wrong():
    rng = np.random.default_rng(0)
    N, D, H = 3, 4, 5
    params = {"W_x": (D, 4 * H), "W_h": (H, 4 * H), "b": (4 * H,)}
    params = {k: rng.normal(size=shape) for k, shape in params.items()}
    x, (h, c) = rng.normal(size=(N, D)), rng.normal(size=(2, N, H))
    dh, dc = 10 * rng.normal(size=(2, N, H))  # large enough for a clipped gradient to show

    def error(_, step, step_backward):
        def loss(at):
            p = dict(zip(params, at[0], strict=True))
            h_new, c_new, _ = step(p, *at[1:])
            return (dh * h_new).sum() + (dc * c_new).sum()

        at = tuple(params.values()), x, h, c
        right = gradcheck.central(loss, at)
        dx, dh_prev, dc_prev, dparams = step_backward(params, dh, dc, step(params, x, h, c)[2])
        ours = tuple(dparams[k] for k in params), dx, dh_prev, dc_prev
        if any(a.shape != b.shape for a, b in zip(ours[0], right[0], strict=True)):
            return np.inf
        return max(gradcheck.compare(ours, right).values())

    assert len(pairs.wrong()) >= 40
    assert all(error(*pair) < 1e-7 for pair in pairs.right())
    assert all(error(*pair) > 1e-3 for pair in pairs.wrong())


def broken_files(folder):
    """Submissions that are no notebooks, by student, and the status of each."""
    content = {
        "corrupt": b'{"cells": [',
        "empty": b"",
        "binary": os.urandom(1000),
        "a list": b"[]",
        "no source": b'{"cells": [{"cell_type": "code"}]}',
        "deep": b"[" * 100_000,
    }
    for name, data in content.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "P1.ipynb").write_bytes(data)
    return dict.fromkeys(content, "unreadable")


def hostile(folder):
    """Submissions of P1 that run, by student, and (status, score) of each."""
    cell = {
        "loops": ("while True: pass", ("timeout", 0)),
        "exits hard": ("import os; os._exit(0)", ("crashed", 0)),
        "exits": ("import sys; sys.exit(0)", ("graded", 100)),
        "asserts": ("assert False, 'mine'", ("graded", 100)),
        "magics": ("%matplotlib inline\n!echo x\n%timeit -n1 -r1 1", ("graded", 100)),
        "prints": ("for _ in range(100): print('x' * 1_000_000)", ("graded", 100)),
        "no syntax": ("def f(:", ("graded", 100)),
        "patches": (
            "import numpy as np\nnp.allclose = lambda *a, **k: True\nsigmoid = lambda a: a",
            ("graded", 95),
        ),
    }
    for name, (source, _) in cell.items():
        path = solved("P1", folder / name)
        notebook = nbformat.read(path, 4)
        notebook.cells.append(nbformat.v4.new_code_cell(source))
        nbformat.write(notebook, path)
    return {name: expected for name, (_, expected) in cell.items()}


def seed_file(tmp_path):
    (tmp_path / "seed").write_text("c0ffee")
    return str(tmp_path / "seed")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@sandboxed
def test_every_submission_gets_its_row(tmp_path, monkeypatch):
    folder = tmp_path / "submitted"
    expected = broken_files(folder)
    scores = hostile(folder)
    (folder / "nothing").mkdir()
    (folder / "linked").mkdir()
    (folder / "linked" / "P1.ipynb").symlink_to(SOURCES["P1"])
    solved("P1", folder / "renamed", name="final version (2)")
    solved("P1", folder / "nested" / "P1")
    solved("P1", folder, name="P1_Grace Hopper")
    solved("P1", folder / "=cmd()")
    stripped = json.loads(SOURCES["P1"].read_text(encoding="utf-8"))
    for cell in stripped["cells"]:
        cell["metadata"] = {}
    (folder / "no metadata").mkdir()
    (folder / "no metadata" / "P1.ipynb").write_text(json.dumps(stripped))
    out = tmp_path / "grades.csv"
    monkeypatch.setattr(judge, "Limits", lambda: QUICK)
    rows = grade.grade("P1", folder, b"\x01", out, jobs=1, feedback=tmp_path / "feedback")
    found = read(out)
    assert len(found) == len(rows) == len(expected) + len(scores) + 7
    for name, status in expected.items():
        assert (found[name]["status"], found[name]["score"]) == (status, "0"), name
    for name, (status, score) in scores.items():
        assert found[name]["status"] == status, name
        assert float(found[name]["score"]) == score, name
    for name in ("nothing", "linked"):
        assert (found[name]["status"], found[name]["score"]) == ("missing", "0")
    for name in ("renamed", "nested", "Grace Hopper", "no metadata", "'=cmd()"):
        assert found[name]["score"] == "100", name
    pages = list((tmp_path / "feedback").glob("*.html"))
    assert len(pages) == len(rows)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert "http" not in text
    assert SOURCES["P1"].exists()


@sandboxed
def test_a_grader_s_own_failure_is_no_zero(tmp_path, monkeypatch, capsys):
    solved("P1", tmp_path / "in" / "ada")

    def fails(*args, **options):
        raise RuntimeError("ours")

    monkeypatch.setattr(judge, "judge", fails)
    out = tmp_path / "grades.csv"
    arguments = ["P1", str(tmp_path / "in"), "--seed-file", seed_file(tmp_path), "--out", str(out)]
    assert grade.main(arguments) == 3
    assert (read(out)["ada"]["status"], read(out)["ada"]["score"]) == ("grader_error", "")
    assert "RuntimeError: ours" in read(out)["ada"]["reason"]
    monkeypatch.undo()
    assert grade.main(arguments) == 0
    assert read(out)["ada"]["score"] == "100"


@sandboxed
def test_a_sandbox_that_does_not_start_in_time_is_no_zero(monkeypatch):
    sandbox.proved()
    monkeypatch.setattr(sandbox, "START", 1e-9)
    row = judge.grade_one("P1", "ada", SOURCES["P1"].read_bytes(), SEED)
    assert (row.status, row.score) == ("grader_error", None)
    assert "the sandbox does not start: no answer" in row.reason


@sandboxed
def test_cells_that_never_end_do_not_run_on(monkeypatch):
    boxes = []
    monkeypatch.setattr(judge, "Box", lambda *a: boxes.append(sandbox.Box(*a)) or boxes[-1])
    submission = judge.Submission(["while True: pass"], Limits(seconds=5), safe=True)
    with pytest.raises(sandbox.Timeout):
        submission.start()
    assert boxes[0].process.poll() is not None
    assert submission.box is None


COMMAND = [sys.executable, "-m", "classroom.grade", "P3"]


@sandboxed
def test_killed_at_any_moment_it_resumes_and_ends_with_the_same_file(tmp_path):
    for k in range(8):
        solved("P3", tmp_path / "in" / f"student {k}")
    seed = ["--seed-file", seed_file(tmp_path), "--jobs", "2"]
    whole = tmp_path / "whole.csv"
    root = Path(grade.__file__).parents[1]
    subprocess.run([*COMMAND, tmp_path / "in", *seed, "--out", whole], cwd=root, check=True)
    out = tmp_path / "out" / "grades.csv"
    parts = out.with_name(".grades.csv.parts")
    for rows in (0, 2, 5):
        process = subprocess.Popen(
            [*COMMAND, tmp_path / "in", *seed, "--out", out], cwd=root, start_new_session=True
        )
        while len(list(parts.glob("*.json"))) < rows and process.poll() is None:
            time.sleep(0.01)
        assert process.returncode is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not out.exists() or out.read_bytes() == whole.read_bytes()
    subprocess.run([*COMMAND, tmp_path / "in", *seed, "--out", out], cwd=root, check=True)
    assert out.read_bytes() == whole.read_bytes()


@sandboxed
@pytest.mark.slow
def test_a_killed_dask_worker_costs_no_row(tmp_path):
    distributed = pytest.importorskip("distributed", reason="see requirements-dev.txt")
    for k in range(16):
        path = solved("P3", tmp_path / "in" / f"student {k}")
        notebook = nbformat.read(path, 4)
        notebook.cells.append(nbformat.v4.new_code_cell("import time\ntime.sleep(0.5)"))
        nbformat.write(notebook, path)
    out, killed = tmp_path / "grades.csv", []
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:

        def kill():
            while len(list(tmp_path.glob(".grades.csv.parts/*.json"))) < 3:
                time.sleep(0.02)
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()
        rows = grade.grade("P3", tmp_path / "in", b"\x01", out, dask=cluster.scheduler_address)
    assert killed
    assert len(rows) == len(read(out)) == 16
    assert {row.status for row in rows} == {"graded"}
    assert {row.score for row in rows} == {100}


def test_a_second_grader_on_the_same_output_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    out = tmp_path / "grades.csv"
    with out.with_name(".grades.csv.lock").open("w") as lock:
        grade.fcntl.flock(lock, grade.fcntl.LOCK_EX)
        with pytest.raises(grade.BadInput, match="another grader is at work"):
            grade.grade("P1", tmp_path / "in", SEED, out, safe=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["P1", "nowhere", "--seed-file", "seed"], "there is no folder nowhere"),
        (["P1", ".", "--seed-file", "none"], "cannot read the seed file"),
        (["P1", ".", "--seed-file", "seed", "--unsafe", "--dask", "nobody"], "no Dask cluster at"),
    ],
)
def test_bad_input_gets_one_line(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    seed_file(tmp_path)
    assert grade.main(arguments) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_without_a_sandbox_it_refuses_unless_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    solved("P1", tmp_path / "in" / "ada")
    arguments = ["P1", str(tmp_path / "in"), "--seed-file", seed_file(tmp_path)]
    arguments += ["--out", str(tmp_path / "grades.csv")]
    assert grade.main(arguments) == 2
    assert "bubblewrap is missing" in capsys.readouterr().err
    assert grade.main([*arguments, "--unsafe"]) == 0
    assert read(tmp_path / "grades.csv")["ada"]["score"] == "100"


def test_known_mistakes_are_those_of_the_museum():
    asked = tasks.tasks("P5", SEED)["lstm_backward"][0](np.random.default_rng(0))
    says = {says for says, _ in asked.known()}
    assert says <= {m.says for m in mutants.MUTANTS}
    assert len(says) > 12
