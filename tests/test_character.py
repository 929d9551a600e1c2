"""The command that trains a character model: what it learns, and what survives an interruption."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lstm_lib import character, data, gru, lstm, optim, rnn, train, tree

TEXT = "Half-past one. She had been here, and was gone; it was over. " * 12
OPTIONS = ["--hidden", "8", "--streams", "2", "--steps", "8", "--epochs", "2", "--sample", "0"]


def leaves(model):
    return np.concatenate([v.ravel() for v in tree.leaves(model)])


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def command(*arguments):
    character.main([*OPTIONS, *map(str, arguments)])


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_the_command_trains_as_its_help_says_and_reports_the_validation_loss(
    tmp_path, text, capsys, name
):
    text.write_text(TEXT + "\N{POUND SIGN}", encoding="utf-8")
    out = tmp_path / "model.npz"
    command(text, out, "--cell", name)
    cell = {"rnn": rnn, "lstm": lstm, "gru": gru}[name]
    model, vocab = train.load(out, cell)
    ids = data.encode(TEXT + "\N{POUND SIGN}", vocab)
    seen, valid = (data.minibatches(p, 2, 8) for p in data.split(ids))
    V = len(vocab)
    start = train.init(np.random.default_rng(0), cell, V, 8, V, np.float32)
    fitted = train.fit(
        cell, start, seen, epochs=2, lr=lambda done: 5e-3 * (1 - done), carry=True, progress=False
    )
    np.testing.assert_array_equal(leaves(model), leaves(tree.astype(fitted.model, np.float16)))
    L = train.evaluate(cell, model, valid, carry=True)
    printed = capsys.readouterr().out
    assert "stopped after 2 epochs, as asked" in printed
    assert f"validation loss {L:.4f} nats" in printed
    assert f"training loss   {fitted.losses[-len(seen) :].mean():.4f} nats" in printed


def test_the_best_model_is_kept_and_training_stops_when_it_no_longer_improves(
    tmp_path, text, capsys
):
    """Far too large a rate: the loss falls, then stays."""
    out = tmp_path / "model.npz"
    command(text, out, "--epochs", "60", "--lr", "0.3", "--no-decay", "--patience", "2")
    valid = train.read(out)["valid"]
    assert len(valid) < 60
    assert np.argmin(valid) == len(valid) - 3
    assert "stopped: the validation loss has not fallen for 2 epochs" in capsys.readouterr().out
    model, vocab = train.load(out, lstm)
    batches = data.minibatches(data.split(data.encode(TEXT, vocab))[1], 2, 8)
    assert train.evaluate(lstm, model, batches, carry=True) == pytest.approx(valid.min(), rel=1e-2)


@pytest.mark.parametrize("update", ["sgd", "adagrad", "adam"])
@pytest.mark.parametrize("after", [1, 40, 41, 42, 60])
def test_an_interrupted_training_goes_on_bit_by_bit(tmp_path, text, monkeypatch, after, update):
    """In the first epoch of 41 steps, at its end, and in the second one."""
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    command(text, whole, "--update", update)
    steps, gradient = [], train.gradient

    def interrupted(*args, **options):
        steps.append(1)
        if len(steps) == after + 1:
            raise KeyboardInterrupt
        return gradient(*args, **options)

    monkeypatch.setattr(train, "gradient", interrupted)
    with pytest.raises(SystemExit):
        command(text, cut, "--update", update)
    monkeypatch.undo()
    assert len(train.read(cut)["losses"]) == after
    command(text, cut, "--update", update)
    assert cut.read_bytes() == whole.read_bytes()


def test_a_killed_training_goes_on_bit_by_bit(tmp_path, text, monkeypatch):
    """Killed again and again while it saves after every step."""
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    options = ["--hidden", "64", "--epochs", "4"]
    command(text, whole, *options)
    program = "import sys; from lstm_lib import character as c; c.SAVE_SECONDS = 0; c.main()"
    arguments = [sys.executable, "-c", program, *OPTIONS, str(text), str(cut), *options]
    kills, wait = 0, 0.0
    while True:
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        before = len(train.read(cut)["losses"]) if cut.exists() else 0
        while process.poll() is None and kills < 4:
            # A file that can be read stands there at every moment.
            if cut.exists() and len(train.read(cut)["losses"]) > before + 2:
                time.sleep(wait)
                process.send_signal(signal.SIGKILL)
                kills, wait = kills + 1, wait + 0.003
                break
        _, errors = process.communicate()
        if process.returncode != -signal.SIGKILL:
            break
    assert process.returncode == 0, errors.decode()
    assert kills == 4
    assert cut.read_bytes() == whole.read_bytes()


def test_half_a_write_is_passed_over(tmp_path, text):
    whole, cut = tmp_path / "whole.npz", tmp_path / "cut.npz"
    command(text, whole)
    (tmp_path / "cut.npz.part").write_bytes(whole.read_bytes()[:100])
    command(text, cut)
    assert cut.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["cut.npz", "text.txt", "whole.npz"]


def test_a_finished_training_only_writes(tmp_path, text, capsys, monkeypatch):
    out = tmp_path / "model.npz"
    command(text, out)
    first, before = capsys.readouterr().out, out.read_bytes()
    monkeypatch.setattr(train, "gradient", None)
    command(text, out)
    assert capsys.readouterr().out == first
    assert out.read_bytes() == before


def test_the_sample_goes_on_from_the_prompt(tmp_path, text, capsys):
    arguments = [text, tmp_path / "model.npz", *OPTIONS[:-1], "40", "--prompt", "She had"]
    arguments += ["--epochs", "40", "--lr", "0.02", "--temperature", "0.01"]
    character.main(list(map(str, arguments)))
    assert capsys.readouterr().out.endswith("\nShe had been here, and was gone; it was over. H\n")


def test_samples_are_shown_on_the_way(tmp_path, text, capsys):
    command(text, tmp_path / "model.npz", "--every", "20")
    shown = capsys.readouterr().out
    assert [line.split(",")[0] for line in shown.splitlines() if line.startswith("step")] == [
        f"step {step}" for step in (20, 40, 60, 80)
    ]
    losses = train.read(tmp_path / "model.npz")["losses"]
    mean = train.smoothed(losses[:80], np.log(len(set(TEXT))))[-1]
    assert f"step 80, smoothed loss {mean:.3f}" in shown


def test_the_source_s_settings_are_a_preset(tmp_path, text):
    out = tmp_path / "model.npz"
    character.main([str(text), str(out), "--preset", "source", "--sample", "0", "--every", "0"])
    arrays = train.read(out)
    came = json.loads(str(arrays["settings"]))
    assert (came["hidden"], came["streams"], came["steps"], came["lr"]) == (64, 1, 10, 1e-3)
    assert (came["update"], came["clip"], came["clip_value"]) == ("adam", np.inf, 5)
    vocab = data.vocabulary(TEXT)
    V = len(vocab)
    seen, _ = data.split(data.encode(TEXT, vocab))
    model = train.init(np.random.default_rng(0), lstm, V, 64, V, np.float32)
    fitted = train.fit(
        lstm,
        model,
        data.minibatches(seen, 1, 10),
        carry=True,
        clip=np.inf,
        clip_value=5.0,
        update=optim.adam,
        lr=1e-3,
        progress=False,
    )
    np.testing.assert_array_equal(arrays["losses"], fitted.losses)


def test_a_chinese_text_is_a_text(tmp_path, capsys):
    text, out = tmp_path / "text.txt", tmp_path / "model.npz"
    text.write_bytes(b"\xef\xbb\xbf" + ("学而时习之，不亦说乎？\r\n" * 40).encode())
    arguments = [str(text), str(out), *OPTIONS[:-1], "13", "--epochs", "30", "--lr", "0.02"]
    character.main([*arguments, "--prompt", "学", "--temperature", "0.01"])
    assert "\n学而时习之，不亦说乎？\n学而" in capsys.readouterr().out
    assert set(train.load(out, lstm)[1]) == set("学而时习之，不亦说乎？\n")


def test_the_module_is_the_command(tmp_path, text):
    arguments = [sys.executable, "-m", "lstm_lib.train", "text.txt", *OPTIONS]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "validation loss" in done.stdout
    assert "82/82" in done.stderr
    assert (tmp_path / "text.npz").exists()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, [], "No such file"),
        (b"", [], "text.txt: expected at least 170 characters .* got 0"),
        (
            b"too short",
            [],
            "expected at least 170 characters for 2 streams in pieces of 8 .* got 9",
        ),
        (b"Half\xff\xfe", [], "expected a text in UTF-8, got the byte 0xff at position 4"),
        (bytes(500), [], "expected a text, got a zero at position 0"),
        (TEXT.encode(), ["--hidden", "0"], "hidden: expected an integer of at least 1"),
        (TEXT.encode(), ["--epochs", "0"], "epochs: expected an integer of at least 1"),
        (TEXT.encode(), ["--patience", "0"], "patience: expected an integer of at least 1"),
        (TEXT.encode(), ["--clip", "0"], "theta: expected a positive number"),
        (TEXT.encode(), ["--prompt", "Zoë"], "expected only the 24 characters .* got 'Z'"),
        (TEXT.encode(), ["--temperature", "0"], "temperature: expected a positive number"),
        (TEXT.encode(), ["--update", "sgd", "--lr", "1e30"], "the training has exploded"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(tmp_path, capsys, content, options, message):
    text = tmp_path / "text.txt"
    if content is not None:
        text.write_bytes(content)
    with pytest.raises(SystemExit) as exit_, np.errstate(all="ignore"):
        command(text, tmp_path / "model.npz", *options)
    assert exit_.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line and "step/s" not in line] == said[-1:]
    assert re.search(message, said[-1])


def test_a_folder_that_does_not_exist_is_named(tmp_path, text, capsys):
    with pytest.raises(SystemExit):
        command(text, tmp_path / "no/such/model.npz")
    assert "out: expected a folder that exists" in capsys.readouterr().err


def foreign(tmp_path, text, out):
    """Files that stand where the checkpoint should be written, with the reason."""
    yield b"my notes", "expected a checkpoint, got a file that cannot be read"
    command(text, out, "--hidden", "9")
    yield out.read_bytes(), "expected a training with {'hidden': 8}, got one with {'hidden': 9}"
    yield out.read_bytes()[:-40], "expected a checkpoint, got a file that cannot be read"
    out.unlink()
    other = tmp_path / "other.txt"
    other.write_text(TEXT[::-1], encoding="utf-8")
    command(other, out)
    yield out.read_bytes(), "expected a training with {'sha256': "
    vocab = data.vocabulary(TEXT)
    model = train.init(np.random.default_rng(0), lstm, len(vocab), 8, len(vocab))
    train.save(out, lstm, model, vocab)
    yield out.read_bytes(), "got one with {'cell': None"


def test_a_file_that_is_not_this_training_s_is_refused_and_kept(tmp_path, text, capsys):
    out = tmp_path / "model.npz"
    for content, message in list(foreign(tmp_path, text, out)):
        out.write_bytes(content)
        with pytest.raises(SystemExit) as exit_:
            command(text, out)
        assert exit_.value.code == 2
        assert message in capsys.readouterr().err
        assert out.read_bytes() == content


def test_a_checkpoint_without_its_progress_is_refused(tmp_path, text, monkeypatch, capsys):
    out = tmp_path / "model.npz"
    monkeypatch.setattr(train, "evaluate", None)
    with pytest.raises(TypeError):
        command(text, out)
    monkeypatch.undo()
    arrays = train.read(out)
    with out.open("wb") as file:
        np.savez_compressed(file, **{k: v for k, v in arrays.items() if k != "progress.moments.t"})
    with pytest.raises(SystemExit):
        command(text, out)
    assert "expected an array progress.moments.t" in capsys.readouterr().err
