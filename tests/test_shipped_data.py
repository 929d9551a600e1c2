"""The files in book/data are those that its README describes, whole, and small enough."""

import hashlib
import itertools
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from book.data import activation, adding, characters, inside, museum, variants
from lstm_lib import character, data, gradcheck, lstm, train, tree
from tests.cells import gradient, loss, problem

DATA = Path(__file__).parents[1] / "book" / "data"
README = (DATA / "README.md").read_text(encoding="utf-8")
TABLE = {
    name: (int(size), digest)
    for name, size, digest in re.findall(r"^\| (\S+) \| (\d+) \| ([0-9a-f]{64}) \|$", README, re.M)
}
FILES = {path.name: path for path in DATA.iterdir() if path.suffix in (".txt", ".npz")}


def test_readme_lists_every_file_and_no_other():
    assert TABLE
    assert set(TABLE) == set(FILES)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_size_and_digest_are_those_of_the_readme(name):
    content = FILES[name].read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == TABLE[name]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_readme_has_a_section_for_the_file(name):
    assert f"\n## {name}\n" in README


def test_data_stay_small():
    sizes = {name: path.stat().st_size for name, path in FILES.items()}
    assert sum(sizes.values()) + len(README.encode()) <= 2_000_000
    assert all(size <= 1_000_000 for name, size in sizes.items() if name.endswith(".npz"))


def test_persuasion_is_the_whole_novel_and_nothing_but_it():
    text = (DATA / "persuasion.txt").read_text(encoding="ascii")
    chapters = re.findall(r"^Chapter (\d+)$", text, re.M)
    assert chapters == [str(number) for number in range(1, 25)]
    assert text.startswith(
        "Persuasion\n\nby\n\nJane Austen\n\n(1818)\n\nChapter 1\n\nSir Walter Elliot,"
    )
    assert text.endswith("\nnational importance.\n\nFinis\n")
    assert not re.search("gutenberg|ebook|transcriber|copyright", text, re.I)


def validation_loss():
    return float(re.search(r"trained on: ([0-9.]+) nats", README)[1])


def test_the_checkpoint_has_the_validation_loss_that_the_readme_states():
    model, vocab = train.load(DATA / "persuasion-lstm.npz", lstm)
    text = (DATA / "persuasion.txt").read_text(encoding="ascii")
    assert vocab == data.vocabulary(text)
    _, held_out = data.split(data.encode(text, vocab))
    loss = train.evaluate(lstm, model, data.minibatches(held_out, 32, 64), carry=True)
    assert loss == pytest.approx(validation_loss(), abs=1e-4)
    assert f"{sum(v.size for v in tree.leaves(model)):,} parameters" in README


@pytest.mark.slow
def test_the_command_of_the_readme_makes_the_checkpoint(tmp_path):
    out = tmp_path / "persuasion-lstm.npz"
    command = re.search("^    python -m lstm_lib.train (.+) book/data/(.+)$", README, re.M)
    assert command[2] == out.name
    character.main([str(DATA.parents[1] / command[1]), str(out)])
    _, vocab = train.load(out, lstm)
    text = (DATA / "persuasion.txt").read_text(encoding="ascii")
    valid = data.minibatches(data.split(data.encode(text, vocab))[1], 32, 64)
    loss = train.evaluate(lstm, train.load(out, lstm)[0], valid, carry=True)
    assert loss == pytest.approx(validation_loss(), abs=0.01)


def test_persuasion_is_normalised_and_counted_as_the_readme_says():
    text = (DATA / "persuasion.txt").read_text(encoding="ascii")
    lines = text.splitlines()
    assert not re.search(r"\r|\t|  |\n |[ ]\n|\n\n\n", text)
    words, longest, characters = len(text.split()), max(map(len, lines)), len(set(text))
    flat = " ".join(README.split())
    assert (
        f"{words:,} words, {len(lines):,} lines of at most {longest} characters, {characters}"
        in flat
    )


def test_adding_holds_every_run_of_its_script():
    results = np.load(DATA / "adding.npz")
    points = adding.STEPS // adding.WINDOW
    assert set(results) == {f"{name}/{T}" for name, T in adding.RUNS}
    for runs in results.values():
        assert runs.shape == (len(adding.SEEDS), 3, points)
        assert np.isfinite(runs).all()
        assert (runs[:, 2] > 0).all()


@pytest.mark.parametrize("name", ["RNN, slow", "LSTM, chrono", "GRU"])
def test_the_script_starts_as_the_shipped_runs_did(name):
    shipped = np.load(DATA / "adding.npz")[f"{name}/10"]
    again = adding.windows(adding.one_run(name, 10, seed=1, steps=50))
    np.testing.assert_allclose(shipped[1, :, :2], again, rtol=1e-5)


@pytest.mark.slow
def test_the_script_trains_as_the_shipped_runs_did():
    shipped = np.load(DATA / "adding.npz")["LSTM/10"]
    again = adding.windows(adding.one_run("LSTM", 10, seed=0))
    np.testing.assert_allclose(shipped[0, :, :8], again[:, :8], rtol=0.05)
    assert again[0, -1] == pytest.approx(shipped[0, 0, -1], rel=0.5)


def test_the_script_writes_what_it_has_trained(tmp_path, monkeypatch, capsys):
    short = partial(adding.one_run, steps=25)
    for name, value in {"SEEDS": range(2), "RUNS": [("RNN", 10)], "one_run": short}.items():
        monkeypatch.setattr(adding, name, value)
    adding.main(tmp_path / "adding.npz")
    runs, shipped = (np.load(place / "adding.npz")["RNN/10"] for place in (tmp_path, DATA))
    np.testing.assert_allclose(runs[..., 0], shipped[:2, :, 0], rtol=1e-5)
    assert "RNN" in capsys.readouterr().out


@pytest.mark.parametrize("name", adding.ABLATIONS)
def test_the_gradient_of_a_changed_lstm(name):
    cell = adding.ABLATIONS[name]
    given = problem(cell, T=5, N=2)
    exact = gradcheck.complex_step(lambda at: loss(cell, given, at), given.at)
    assert max(gradcheck.compare(gradient(cell, given), exact).values()) < 1e-14
    _, cache = cell.step(given.at.params, given.at.x[0], given.at.state)
    dstate = cell.State(given.dh[0], given.dstate.c)
    _, dprev, dparams = cell.step_backward(given.at.params, dstate, cache)

    def one_step(at):
        new, _ = cell.step(at[0], given.at.x[0], at[1])
        return (new.h * dstate.h).sum() + (new.c * dstate.c).sum()

    at = train.Model(given.at.params, given.at.state)  # any pair of trees
    exact = gradcheck.complex_step(one_step, at)
    assert max(gradcheck.compare(train.Model(dparams, dprev), exact).values()) < 1e-14


@pytest.mark.parametrize("gate", "ifo")
def test_a_gate_that_is_held_open_is_one(gate):
    cell = adding.changed(adding.open_gates_step(gate))
    given = problem(cell, T=3, N=2)
    _, cache = cell.step(given.at.params, given.at.x[0], given.at.state)
    _, whole = lstm.step(given.at.params, given.at.x[0], given.at.state)
    for name in "ifgo":
        ours, theirs = getattr(cache.gates, name), getattr(whole.gates, name)
        np.testing.assert_array_equal(ours, 1 if name == gate else theirs)


def test_a_run_of_the_gru_with_more_units_repeats():
    shipped = np.load(DATA / "adding.npz")
    assert {f"GRU, 37 units/{T}" for T in adding.LAGS} <= set(shipped)
    again = adding.windows(adding.one_run("GRU, 37 units", 10, seed=1, steps=50))
    np.testing.assert_allclose(again, shipped["GRU, 37 units/10"][1, :, :2], rtol=1e-3)


def test_activation_holds_every_run_of_its_script():
    shipped = np.load(DATA / "activation.npz")
    names = itertools.product(activation.TASKS, activation.MODELS, activation.RATES)
    assert set(shipped) == {f"{task}/{name}/{lr}" for task, name, lr in names}
    for runs in shipped.values():
        assert runs.shape == (len(activation.SEEDS), activation.STEPS // activation.WINDOW)
        assert np.isfinite(runs).all()


@pytest.mark.parametrize("task", activation.TASKS)
@pytest.mark.parametrize("name", activation.MODELS)
def test_the_activations_start_as_the_shipped_runs_did(task, name):
    shipped = np.load(DATA / "activation.npz")[f"{task}/{name}/0.003"]
    again = activation.one_run(task, name, 0.003, seed=1, steps=40)
    np.testing.assert_allclose(again, shipped[1, :2], rtol=1e-4)


def test_the_script_of_the_activations_writes_what_it_has_trained(tmp_path, monkeypatch, capsys):
    short = partial(activation.one_run, steps=20)
    cut = {"SEEDS": range(2), "RATES": (0.003,), "one_run": short}
    for name, value in cut.items():
        monkeypatch.setattr(activation, name, value)
    activation.main(tmp_path / "activation.npz")
    ours, shipped = (np.load(place / "activation.npz") for place in (tmp_path, DATA))
    for name, runs in ours.items():
        np.testing.assert_allclose(runs[:, 0], shipped[name][:2, 0], rtol=1e-4)
    assert "memory" in capsys.readouterr().out


def test_characters_holds_every_run_of_its_script():
    shipped = np.load(DATA / "characters.npz")
    names = {f"{name}/{lr}" for name in characters.UNITS for lr in characters.RATES}
    names |= {f"{name}/valid" for name in names}
    names |= {f"source/{name}" for name in ("rnn", "gru", "lstm")}
    names |= {f"source/{name}/samples" for name in ("rnn", "gru", "lstm")}
    assert set(shipped) == names | {"chinese", "chinese/valid", "chinese/samples"}
    for runs in shipped.values():
        assert runs.dtype.kind == "U" or np.isfinite(runs).all()
    for name in characters.UNITS:
        for lr in characters.RATES:
            assert shipped[f"{name}/{lr}"].shape == (len(characters.SEEDS), 21)
    valid = shipped["chinese/valid"]
    assert len(valid) - 1 - valid.argmin() == characters.CHINESE["patience"]


@pytest.mark.parametrize("name", characters.UNITS)
def test_the_character_models_start_as_the_shipped_runs_did(name):
    # at the smallest rate 58 steps make least of how another numpy rounds
    shipped = np.load(DATA / "characters.npz")[f"{name}/0.005"]
    again, _ = characters.one_run(name, 0.005, seed=1, steps=58)
    np.testing.assert_allclose(again, shipped[1, :1], rtol=1e-4)


def test_the_source_s_preset_starts_as_the_shipped_run_did():
    shipped = np.load(DATA / "characters.npz")
    losses, samples = characters.source("gru", steps=500)
    np.testing.assert_allclose(losses, shipped["source/gru"][:5], rtol=1e-3)
    assert samples[0] == shipped["source/gru/samples"][0]
    assert len(samples) == 2


def test_the_chinese_model_starts_as_the_shipped_run_did():
    losses, valid, samples = characters.chinese(steps=20)
    np.testing.assert_allclose(losses, np.load(DATA / "characters.npz")["chinese"][:20], rtol=1e-3)
    assert not valid
    assert [len(sample) for sample in samples] == [123] * 3


def test_the_script_of_the_characters_writes_what_it_has_trained(tmp_path, monkeypatch, capsys):
    cut = {"SEEDS": range(1), "RATES": (0.01,), "one_run": partial(characters.one_run, steps=58)}
    cut |= {"source": partial(characters.source, steps=100)}
    cut |= {"chinese": lambda: (*characters_chinese(steps=2)[:1], [7.0], ["子"])}
    characters_chinese = characters.chinese
    for name, value in cut.items():
        monkeypatch.setattr(characters, name, value)
    characters.main(tmp_path / "characters.npz")
    ours = np.load(tmp_path / "characters.npz")
    other = tuple(f"{name}/{lr}" for name in characters.UNITS for lr in (0.005, 0.02, 0.04))
    assert set(ours) == {k for k in np.load(DATA / "characters.npz") if not k.startswith(other)}
    assert "chinese" in capsys.readouterr().out


def test_variants_holds_every_run_of_its_script():
    shipped = np.load(DATA / "variants.npz")
    names = {f"{task}/{name}" for task in ("adding", "novel") for name in variants.CELLS}
    assert set(shipped) == names | {f"dropout/{name}" for name in variants.DROPPED}
    for runs in shipped.values():
        assert len(runs) == len(variants.SEEDS)
        assert np.isfinite(runs).all()


@pytest.mark.parametrize("name", ["peephole", "no forget gate", "hard, slope 1/6"])
def test_the_variants_start_as_the_shipped_runs_did(name):
    shipped = np.load(DATA / "variants.npz")[f"adding/{name}"]
    again = variants.adding(name, seed=1, updates=40)
    np.testing.assert_allclose(again, shipped[1, :2], rtol=1e-4)


def test_the_script_of_the_variants_writes_what_it_has_trained(tmp_path, monkeypatch, capsys):
    cut = {"SEEDS": range(1), "CELLS": {"LSTM": lstm}}
    cut |= {"adding": partial(variants.adding, updates=20)}
    cut |= {"novel": partial(variants.novel, length=12_000, epochs=1)}
    cut |= {"dropped": partial(variants.dropped, length=12_000, epochs=1)}
    for name, value in cut.items():
        monkeypatch.setattr(variants, name, value)
    variants.main(tmp_path / "variants.npz")
    ours, shipped = (np.load(place / "variants.npz") for place in (tmp_path, DATA))
    np.testing.assert_allclose(ours["adding/LSTM"][:, 0], shipped["adding/LSTM"][:1, 0], rtol=1e-4)
    assert {len(ours[f"dropout/{name}"]) for name in variants.DROPPED} == {1}
    assert ours["novel/LSTM"].shape == (1,)
    assert "four masks" in capsys.readouterr().out


def test_the_analects_are_as_the_readme_says():
    text = (DATA / "lunyu.txt").read_text(encoding="utf-8")
    chapters = text.strip().split("\n\n")
    assert len(chapters) == 20
    assert chapters[0].startswith("学而第壹\n子曰：“学而时习之")
    flat = " ".join(README.split())
    assert f"{len(text):,} characters, {len(set(text)):,} different" in flat


def test_museum_holds_every_run_of_its_script():
    shipped = np.load(DATA / "museum.npz")
    assert list(shipped["programs"]) == list(museum.PROGRAMS)
    points = museum.UPDATES // museum.EVERY + 1
    assert shipped["accuracy"].shape == (2, len(museum.PROGRAMS), len(museum.SEEDS), points)
    assert list(shipped["updates"]) == list(range(0, museum.UPDATES + 1, museum.EVERY))


@pytest.mark.parametrize("task", museum.TASKS)
@pytest.mark.parametrize("name", ["right", "dc from t+1 dropped", "dW overwritten"])
def test_the_exhibits_start_as_the_shipped_runs_did(task, name):
    shipped = np.load(DATA / "museum.npz")["accuracy"]
    runs = shipped[museum.TASKS.index(task), list(museum.PROGRAMS).index(name)]
    again = museum.curve(museum.PROGRAMS[name], task, seed=3, updates=40)
    np.testing.assert_allclose(again, runs[3, :3], atol=0.02)


def test_the_script_of_the_museum_writes_what_it_has_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(museum, "PROGRAMS", {"right": museum.PROGRAMS["right"]})
    museum.main(tmp_path / "museum.npz", seeds=range(2), updates=20)
    ours, shipped = (np.load(place / "museum.npz") for place in (tmp_path, DATA))
    assert ours["accuracy"].shape == (2, 1, 2, 2)
    np.testing.assert_allclose(ours["accuracy"][:, 0], shipped["accuracy"][:, 0, :2, :2], atol=0.02)


def test_the_program_is_whole_and_as_the_readme_says():
    text = (DATA / "select.txt").read_text(encoding="ascii")
    counts = f"{text.count(chr(10)):,} lines of C, {len(text):,} characters, {len(set(text))}"
    assert counts in " ".join(README.split())
    assert "The author disclaims copyright to this source code." in text[:120]
    assert "\t" not in text
    assert text.endswith("return rc;\n}\n\n")


def test_the_program_s_model_has_the_loss_that_the_readme_states():
    model, vocab = train.load(DATA / "select-lstm.npz", lstm)
    text = (DATA / "select.txt").read_text(encoding="ascii")
    assert vocab == data.vocabulary(text)
    _, held_out = data.split(data.encode(text, vocab))
    streams, steps = (int(inside.COMMAND[k]) for k in (1, 3))
    loss = train.evaluate(lstm, model, data.minibatches(held_out, streams, steps), carry=True)
    stated = re.search(r"on the last tenth: ([0-9.]+) nats", " ".join(README.split()))[1]
    assert loss == pytest.approx(float(stated), abs=1e-3)
    assert f"select-lstm.npz {' '.join(inside.COMMAND)}\n" in README


def test_what_a_text_is_doing():
    novel = 'He. "Go\non," I said.\n\n"No,\n\nshe.'
    marked = "".join("q" if v else "." for v in inside.quotations(novel))
    assert marked == "....qqqqqqq...........qqqqqq...."
    program = 'a=\'"\'; /* "b" */\n  s="x\\"/*";'
    comment, string = inside.comments_and_strings(program)
    assert [program[k] for k in np.flatnonzero(comment)] == list('* "b" *')
    assert [program[k] for k in np.flatnonzero(string)] == list('"x\\"/*')
    column, indent = inside.lines("ab\n  c\n\n d")
    assert column.tolist() == [0, 1, 2, 0, 1, 2, 3, 0, 0, 1]
    assert indent.tolist() == [0, 0, 0, 1, 2, 2, 2, 0, 1, 1]


def test_ranks_and_scores_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    v, inside_ = np.round(rng.normal(size=(60, 3)), 1), rng.random((60, 2)) < 0.4
    smaller, equal = v < v[:, None], v == v[:, None]
    np.testing.assert_allclose(inside.ranks(v), smaller.sum(1) + (equal.sum(1) + 1) / 2)
    found = inside.scores(inside.ranks(v), inside_)
    for unit, label in itertools.product(range(3), range(2)):
        a, b = v[inside_[:, label], unit], v[~inside_[:, label], unit]
        assert found[unit, label] == pytest.approx(np.sign(a[:, None] - b).mean(), abs=1e-12)


def test_inside_holds_every_network_of_its_script():
    shipped = np.load(DATA / "inside.npz")
    labels = {name: inside.read(name).labels for name in inside.TEXTS}
    fresh = {f"fresh/{name}/{key}" for name in labels for key in labels[name]}
    assert set(shipped) == fresh | {f"again/program/{key}" for key in labels["program"]}
    for key, rows in shipped.items():
        kind = inside.SEEDS if key in fresh else inside.AGAIN
        assert rows.shape == (len(kind), 4)
        assert (np.abs(rows[:, 1:]) <= 1).all()


def test_the_script_of_the_inside_writes_what_it_has_measured(tmp_path, capsys):
    small = ("--epochs", "1", "--hidden", "16")
    inside.main(tmp_path / "inside.npz", fresh=range(1), again=(1,), options=small)
    ours, shipped = (np.load(place / "inside.npz") for place in (tmp_path, DATA))
    assert set(ours) == set(shipped)
    for key, rows in ours.items():
        assert rows.shape == (1, 4)
        if key.startswith("fresh"):
            np.testing.assert_allclose(rows, shipped[key][:1], rtol=1e-3)
    assert "again" in capsys.readouterr().out


@pytest.mark.slow
def test_the_program_s_model_is_made_by_its_command(tmp_path):
    shipped = inside.judged(train.load(DATA / "select-lstm.npz", lstm)[0], "program")
    again = inside.retrained(0, tmp_path)
    assert again["program/comment"][2] == pytest.approx(shipped["program/comment"][2], abs=0.05)
