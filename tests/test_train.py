"""Training: the gradient it uses, what it learns, and files that come back whole or not at all."""

import functools
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_lib import data, functions, gradcheck, gru, lstm, optim, readout, rnn, train, tree
from lstm_lib.variants import rnn_linear

CELLS = [rnn, lstm, gru]
TEXT = "Half-past one. She had been here, and was gone; it was over. " * 12
quiet = functools.partial(train.fit, progress=False)


def leaves(model):
    return np.concatenate([v.ravel() for v in tree.leaves(model)])


def character_model(cell=lstm, H=12, N=3, T=10, seed=0, dtype=np.float64):
    vocab = data.vocabulary(TEXT)
    batches = data.minibatches(data.encode(TEXT, vocab), N, T)
    rng = np.random.default_rng(seed)
    return train.init(rng, cell, len(vocab), H, len(vocab), dtype), batches, vocab


def adding_batches(T, N, count, seed=0):
    rng = np.random.default_rng(seed)
    return [data.at_last_step(*data.adding(rng, T, N)) for _ in range(count)]


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_a_whole_model_is_that_of_its_loss(cell):
    rng = np.random.default_rng(0)
    V, H, T, N = 4, 3, 5, 2
    model = train.init(rng, cell, V, H, V)
    model = tree.map(lambda v: v + 0.1 * rng.normal(size=v.shape), model)
    x, y = rng.integers(V, size=(2, T, N))
    w = rng.uniform(0.1, 1, (T, N))
    state = tree.map(lambda v: rng.normal(size=v.shape), cell.zero_state(N, H))
    L, grads, last = train.gradient(cell, model, x, y, w, state)

    def loss(m):
        start = tree.astype(state, m.readout.W_hy.dtype)
        return readout.cross_entropy(train.forward(cell, m, x, start)[1], y, w)[0]

    assert loss(model) == pytest.approx(L)
    errors = gradcheck.compare(grads, gradcheck.complex_step(loss, model))
    assert max(errors.values()) < 1e-14, errors
    run, _ = train.forward(cell, model, x, state)
    np.testing.assert_array_equal(last.h, run.h[-1])


@pytest.mark.parametrize("carry", [False, True])
def test_fit_does_what_a_loop_written_out_does(carry):
    model, batches, _ = character_model()
    batches = batches[:3]
    fitted = quiet(lstm, model, batches, epochs=2, lr=0.5, clip=0.3, update=optim.sgd, carry=carry)
    losses, norms, expected = [], [], model
    for _ in range(2):
        state = None
        for x, y in batches:
            L, grads, last = train.gradient(lstm, expected, x, y, state=state)
            state = last if carry else None
            norm = np.sqrt((leaves(grads) ** 2).sum())
            scale = 0.5 * min(1, 0.3 / norm)
            expected = tree.map(lambda v, dv: v - scale * dv, expected, grads)  # noqa: B023
            losses.append(L)
            norms.append(norm)
    np.testing.assert_allclose(fitted.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(fitted.norms, norms, rtol=1e-12)
    np.testing.assert_allclose(leaves(fitted.model), leaves(expected), rtol=1e-10)


def test_a_learning_rate_may_depend_on_the_part_done():
    model, batches, _ = character_model()
    asked = []

    def lr(done):
        asked.append(done)
        return 0.0

    fitted = quiet(lstm, model, batches[:2], epochs=2, lr=lr)
    assert asked == [0, 0.25, 0.5, 0.75]
    np.testing.assert_array_equal(leaves(fitted.model), leaves(model))


@pytest.mark.parametrize("cell", CELLS)
def test_a_repeated_text_is_learnt(cell):
    model, batches, vocab = character_model(cell, H=24)
    fitted = quiet(cell, model, batches, epochs=8, lr=0.02, carry=True)
    assert fitted.losses[0] == pytest.approx(np.log(len(vocab)), abs=0.5)
    assert train.evaluate(cell, fitted.model, batches, carry=True) < 0.3


def test_adding_is_learnt_better_than_by_its_mean():
    model = train.init(np.random.default_rng(0), lstm, 2, 16, 1)
    fitted = quiet(lstm, model, adding_batches(10, 32, 300), lr=0.01, loss=readout.squared_error)
    fresh = adding_batches(10, 200, 1, seed=1)
    always_one = ((fresh[0][1][-1] - 1) ** 2).mean() / 2
    held_out = train.evaluate(lstm, fitted.model, fresh, readout.squared_error)
    assert held_out < 0.1 * always_one
    assert fitted.losses[:5].mean() > always_one


def test_training_repeats_exactly_and_changes_nothing_it_was_given():
    model, batches, _ = character_model()
    before = leaves(model)
    first, second = (quiet(lstm, model, batches, carry=True) for _ in range(2))
    np.testing.assert_array_equal(leaves(first.model), leaves(second.model))
    np.testing.assert_array_equal(first.losses, second.losses)
    np.testing.assert_array_equal(leaves(model), before)


def test_float32_stays_float32():
    model, batches, _ = character_model(dtype=np.float32)
    fitted = quiet(lstm, model, batches[:2])
    assert {v.dtype for v in tree.leaves(fitted.model)} == {np.dtype("float32")}


def test_the_bar_counts_every_step(capsys):
    model, batches, _ = character_model()
    train.fit(lstm, model, batches[:3], epochs=2)
    assert "6/6" in capsys.readouterr().err
    quiet(lstm, model, batches[:3])
    assert capsys.readouterr().err == ""


def test_evaluating_in_pieces_with_the_state_carried_is_evaluating_at_once():
    model, batches, _ = character_model()
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    whole = train.evaluate(lstm, model, [(x, y)])
    assert train.evaluate(lstm, model, batches, carry=True) == pytest.approx(whole, rel=1e-12)
    assert train.evaluate(lstm, model, batches) != pytest.approx(whole, rel=1e-6)


def test_evaluating_counts_batches_by_their_weights():
    model, batches, _ = character_model()
    (x, y), rng = batches[0], np.random.default_rng(0)
    parts = [(x, y, rng.uniform(0, 3, x.shape)), (x, y, rng.uniform(0, 1, x.shape))]
    both = x, y, parts[0][2] + parts[1][2]
    assert train.evaluate(lstm, model, parts) == pytest.approx(
        train.evaluate(lstm, model, [both]), rel=1e-12
    )


def test_samples_follow_the_softmax_of_the_logits():
    model, _, vocab = character_model()
    start = data.encode("She", vocab)
    u = train.forward(lstm, model, start[:, None])[1][-1, 0]
    for temperature in (0.5, 1.0):
        rng = np.random.default_rng(0)
        drawn = [train.sample(lstm, model, rng, start, 1, temperature)[0] for _ in range(4000)]
        share = np.bincount(drawn, minlength=len(vocab)) / 4000
        np.testing.assert_allclose(share, functions.softmax(u / temperature), atol=0.02)


def test_a_cold_sample_goes_on_with_the_likeliest_character_each_time():
    model, batches, vocab = character_model(H=24)
    model = quiet(lstm, model, batches, epochs=8, lr=0.02, carry=True).model
    start = data.encode(TEXT[:61], vocab)
    drawn = train.sample(lstm, model, np.random.default_rng(0), start, 61, 1e-3)
    assert data.decode(drawn, vocab) == TEXT[:61]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_checkpoint_comes_back_as_it_was(tmp_path, cell, dtype):
    model, _, vocab = character_model(cell)
    model = tree.astype(model, dtype)
    train.save(tmp_path / "model.npz", cell, model, vocab)
    loaded, loaded_vocab = train.load(tmp_path / "model.npz", cell)
    assert loaded_vocab == vocab
    assert type(loaded.cell) is cell.Params
    assert {v.dtype for v in tree.leaves(loaded)} == {np.promote_types(dtype, np.float32)}
    np.testing.assert_array_equal(leaves(loaded), leaves(model))


def test_the_same_model_gives_the_same_file(tmp_path):
    model, _, vocab = character_model()
    for name in ("a", "b"):
        train.save(tmp_path / name, lstm, model, vocab)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_interrupted_save_keeps_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    model, _, vocab = character_model()
    train.save(path, lstm, model, vocab)
    before = path.read_bytes()

    def interrupted(file, **arrays):
        file.write(before[:100])
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    with pytest.raises(OSError, match="no space left"):
        train.save(path, lstm, model, vocab)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "model.npz"
    model, _, vocab = character_model(H=3)
    train.save(path, lstm, model, vocab)
    return path, leaves(model), path.read_bytes()


@settings(max_examples=200, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.one_of(st.none(), st.integers(0, 7)))
def test_a_damaged_checkpoint_is_refused_or_was_not_hurt(checkpoint, place, bit):
    """One bit flipped somewhere, or the file cut there."""
    path, values, content = checkpoint
    where = int(place * len(content))
    damaged = bytearray(content)
    if bit is None:
        del damaged[where:]
    else:
        damaged[where] ^= 1 << bit
    broken = path.with_name("broken.npz")
    broken.write_bytes(damaged)
    try:
        read, message = leaves(train.load(broken, lstm)[0]), None
    except ValueError as error:
        read, message = values, str(error)
    np.testing.assert_array_equal(read, values)
    assert message is None or message.startswith(f"{broken}: expected")


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def contents(**changes):
    model, _, vocab = character_model(H=3)
    parts = dict(tree.named_leaves(model), format=train.FORMAT, cell="lstm_lib.lstm", vocab=vocab)
    parts |= changes
    return npz(**{name: v for name, v in parts.items() if v is not None})


FOREIGN = {
    "an empty file": (lambda: b"", "expected a checkpoint, got a file that cannot be read"),
    "a text": (lambda: b"Half-past one.", "expected a checkpoint, got a file that cannot be read"),
    "pickled objects": (
        lambda: contents(vocab=np.array([{}], dtype=object)),
        "expected a checkpoint, got a file that cannot be read",
    ),
    "one bare array": (
        lambda: (file := io.BytesIO(), np.save(file, np.ones(3)))[0].getvalue(),
        "expected a checkpoint, got a file that cannot be read",
    ),
    "other arrays": (lambda: npz(weights=np.ones(3)), r"expected format '.*', got \['weights'\]"),
    "a later format": (lambda: contents(format="lstm_lib checkpoint 9"), "expected format"),
    "another cell": (
        lambda: contents(cell="lstm_lib.gru"),
        "expected a model of lstm_lib.lstm, got lstm_lib.gru",
    ),
    "an array missing": (
        lambda: contents(**{"cell.W_h": None}),
        r"expected an array cell.W_h, got \['cell",
    ),
    "an array of another shape": (
        lambda: contents(**{"cell.b": np.ones(3)}),
        r"cell.b: expected shape \(12\).*got \(3,\)",
    ),
    "a readout of another shape": (
        lambda: contents(**{"readout.W_hy": np.ones((4, 5))}),
        "expected shape",
    ),
    "a matrix that is none": (lambda: contents(**{"readout.W_hy": np.ones(4)}), "expected shape"),
    "text for numbers": (lambda: contents(**{"cell.b": np.array(["a"] * 12)}), "expected dtype"),
    "NaN": (lambda: contents(**{"cell.b": np.full(12, np.nan)}), "cell.b: expected numbers"),
    "a vocabulary of another size": (
        lambda: contents(vocab="ab"),
        "expected a vocabulary of [0-9]+ characters or none, got 2",
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_file_is_refused_with_a_reason(tmp_path, case):
    content, message = FOREIGN[case]
    path = tmp_path / "foreign.npz"
    path.write_bytes(content())
    with pytest.raises(ValueError, match=f"foreign.npz: .*{message}|foreign.npz: {message}"):
        train.load(path, lstm)


def test_a_missing_file_is_called_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        train.load(tmp_path / "nowhere.npz", lstm)


def test_an_exploded_training_says_so():
    model, batches, _ = character_model(rnn_linear)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="has exploded"):
        quiet(rnn_linear, model, batches, lr=1e100, clip=np.inf, update=optim.sgd)


def test_each_entry_may_be_clipped():
    model, batches, _ = character_model()
    options = {"lr": 1.0, "clip": np.inf, "clip_value": 1e-3, "update": optim.sgd}
    fitted = quiet(lstm, model, batches[:1], **options)
    _, grads, _ = train.gradient(lstm, model, *batches[0])
    moved = leaves(model) - leaves(fitted.model)
    np.testing.assert_allclose(moved, np.clip(leaves(grads), -1e-3, 1e-3), rtol=1e-9, atol=1e-15)


@pytest.mark.eq("eq-smoothed")
def test_the_smoothed_loss_forgets_its_start_like_a_power():
    losses = np.random.default_rng(0).normal(3, 1, 50)
    ours = train.smoothed(losses, 7.0, keep=0.9)
    weights = 0.1 * 0.9 ** np.arange(50)[::-1]
    assert ours[-1] == pytest.approx(7 * 0.9**50 + weights @ losses, rel=1e-12)
    assert len(ours) == 50
    assert train.smoothed([3.0], 3.0)[0] == pytest.approx(3, rel=1e-12)


MODEL, BATCHES, VOCAB = character_model()
RNG = np.random.default_rng(0)
BAD = {
    "no batch": (lambda: quiet(lstm, MODEL, []), r"len\(batches\): expected an integer .*got 0"),
    "no batch to evaluate": (lambda: train.evaluate(lstm, MODEL, []), r"len\(batches\): .*got 0"),
    "no epoch": (lambda: quiet(lstm, MODEL, BATCHES, epochs=0), "epochs: .*at least 1, got 0"),
    "half an epoch": (lambda: quiet(lstm, MODEL, BATCHES, epochs=0.5), "epochs: .*got 0.5"),
    "no clipping at 0": (lambda: quiet(lstm, MODEL, BATCHES, clip=0), "theta: .*got 0"),
    "tokens out of range": (
        lambda: quiet(lstm, MODEL, [(np.full((2, 1), len(VOCAB)), np.zeros((2, 1), int))]),
        f"x: expected integers from 0 to {len(VOCAB) - 1}, got {len(VOCAB)}",
    ),
    "no start": (lambda: train.sample(lstm, MODEL, RNG, [], 3), "start: expected"),
    "unknown start": (lambda: train.sample(lstm, MODEL, RNG, [-1], 3), "start: .*got -1"),
    "length negative": (lambda: train.sample(lstm, MODEL, RNG, [0], -3), "length: .*got -3"),
    "temperature zero": (
        lambda: train.sample(lstm, MODEL, RNG, [0], 3, 0),
        "temperature: expected a positive number, got 0",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
