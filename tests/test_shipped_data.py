"""The files in book/data are those that its README describes, whole, and small enough."""

import hashlib
import re
from pathlib import Path

import pytest

from lstm_lib import data, lstm, train, tree

DATA = Path(__file__).parents[1] / "book" / "data"
README = (DATA / "README.md").read_text(encoding="utf-8")
TABLE = {
    name: (int(size), digest)
    for name, size, digest in re.findall(r"^\| (\S+) \| (\d+) \| ([0-9a-f]{64}) \|$", README, re.M)
}
FILES = {path.name: path for path in DATA.iterdir() if path.name != "README.md"}


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
    train.main([str(DATA.parents[1] / command[1]), str(out)])
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
