"""The adding problem is as described, and a text survives its way into minibatches and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_lib import data

SIZES = {"T": st.integers(2, 60), "N": st.integers(1, 8), "seed": st.integers(0, 2**32 - 1)}


@given(**SIZES)
def test_adding_target_is_the_sum_of_the_two_marked_numbers(T, N, seed):
    x, y = data.adding(np.random.default_rng(seed), T, N)
    assert (x.shape, y.shape) == ((T, N, 2), (N, 1))
    np.testing.assert_allclose(y[:, 0], (x[:, :, 0] * x[:, :, 1]).sum(axis=0))


@given(**SIZES)
def test_adding_marks_one_step_of_each_half(T, N, seed):
    x, _ = data.adding(np.random.default_rng(seed), T, N)
    assert np.isin(x[:, :, 1], [0, 1]).all()
    assert (x[: T // 2, :, 1].sum(axis=0) == 1).all()
    assert (x[T // 2 :, :, 1].sum(axis=0) == 1).all()


def test_adding_numbers_and_places_are_uniform():
    x, y = data.adding(np.random.default_rng(0), 51, 20_000)
    assert 0 <= x[:, :, 0].min() < 1e-4
    assert 1 - 1e-4 < x[:, :, 0].max() < 1
    assert abs(x[:, :, 0].mean() - 1 / 2) < 1e-3
    assert abs(((x[:, :, 0] - 1 / 2) ** 2).mean() - 1 / 12) < 1e-3
    expected = np.where(np.arange(51) < 25, 1 / 25, 1 / 26)
    np.testing.assert_allclose(x[:, :, 1].mean(axis=1), expected, atol=6e-3)
    first, second = (half.argmax(axis=0) for half in np.split(x[:, :, 1], [25]))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    assert ((y - 1) ** 2).mean() == pytest.approx(1 / 6, abs=3e-3)


def test_adding_repeats_with_the_seed_and_only_then():
    x, y = data.adding(np.random.default_rng(3), 20, 4)
    again, y_again = data.adding(np.random.default_rng(3), 20, 4)
    other, _ = data.adding(np.random.default_rng(4), 20, 4)
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, y_again)
    assert not np.array_equal(x, other)


@given(st.text(min_size=1))
def test_decode_undoes_encode(text):
    vocab = data.vocabulary(text)
    assert list(vocab) == sorted(set(text))
    ids = data.encode(text, vocab)
    assert ids.shape == (len(text),)
    assert data.decode(ids, vocab) == text


@given(st.lists(st.integers(0, 6), min_size=1))
def test_one_hot_has_its_one_at_the_index(ids):
    x = data.one_hot(np.array([ids, ids]), 7, np.float32)
    assert x.shape == (2, len(ids), 7)
    assert x.dtype == np.float32
    assert (x.sum(axis=-1) == 1).all()
    np.testing.assert_array_equal(x.argmax(axis=-1), [ids, ids])


@given(st.integers(2, 60), st.integers(1, 5), st.integers(1, 7))
def test_minibatches_are_contiguous_streams_with_the_next_character_as_target(length, N, T):
    ids = np.arange(length)
    if length < N * T + 1:
        with pytest.raises(ValueError, match=rf"ids: expected at least .*{N * T + 1}"):
            data.minibatches(ids, N, T)
        return
    batches = data.minibatches(ids, N, T)
    assert all(x.shape == y.shape == (T, N) for x, y in batches)
    stream = np.concatenate([x for x, _ in batches])
    starts = np.arange(N) * ((length - 1) // N)
    np.testing.assert_array_equal(stream, starts + np.arange(len(stream))[:, None])
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), stream + 1)
    assert (length - 1) // N - len(stream) < T


@given(st.integers(2, 500), st.floats(0.01, 0.99))
def test_split_keeps_every_character_once_and_in_order(length, valid):
    text = "".join(map(chr, range(100, 100 + length)))
    keep = round(length * (1 - valid))
    if not 0 < keep < length:
        with pytest.raises(ValueError, match="valid: expected"):
            data.split(text, valid)
        return
    first, last = data.split(text, valid)
    assert first + last == text
    assert abs(len(last) - valid * length) <= 0.5 + 1e-9


def test_at_last_step_weighs_the_last_step_alone():
    x, y = data.adding(np.random.default_rng(0), 8, 3)
    same, targets, w = data.at_last_step(x, y)
    assert same is x
    assert targets.shape == (8, 3, 1)
    np.testing.assert_array_equal(targets[-1], y)
    np.testing.assert_array_equal(w, [[0] * 3] * 7 + [[1] * 3])


RNG = np.random.default_rng(0)
BAD = {
    "T too small": (lambda: data.adding(RNG, 1, 2), "T: expected an integer of at least 2, got 1"),
    "T a float": (lambda: data.adding(RNG, 20.0, 2), "T: expected an integer .*, got 20.0"),
    "N zero": (lambda: data.adding(RNG, 20, 0), "N: expected an integer of at least 1, got 0"),
    "N a bool": (lambda: data.adding(RNG, 20, True), "N: expected an integer .*, got True"),
    "empty text": (
        lambda: data.vocabulary(""),
        "text: expected a string that is not empty, got ''",
    ),
    "bytes": (
        lambda: data.vocabulary(b"ab"),
        "text: expected a string .*, got b'ab'",
    ),
    "unknown character": (
        lambda: data.encode("abxc", "abc"),
        "text: expected only the 3 characters of vocab, got 'x' at position 2",
    ),
    "index too large": (
        lambda: data.decode([0, 3], "abc"),
        "ids: expected integers from 0 to 2, got 3",
    ),
    "index negative": (
        lambda: data.decode([-1, 0], "abc"),
        "ids: expected integers from 0 to 2, got -1",
    ),
    "indices as floats": (lambda: data.decode([0.0], "abc"), "ids: expected integers.*float64"),
    "indices of two dimensions": (
        lambda: data.decode([[0]], "abc"),
        r"ids: expected shape \(length\).*got \(1, 1\)",
    ),
    "one-hot index": (
        lambda: data.one_hot([0, 4], 4),
        "ids: expected integers from 0 to 3, got 4",
    ),
    "one-hot floats": (lambda: data.one_hot([0.5], 4), "ids: expected integers, got float64"),
    "one-hot size": (lambda: data.one_hot([0], 0), "V: expected an integer of at least 1, got 0"),
    "text too short": (
        lambda: data.minibatches(np.arange(6), 2, 3),
        r"ids: expected at least N T \+ 1 = 7 characters, got 6",
    ),
    "text not encoded": (lambda: data.minibatches(list("abcd"), 1, 2), "ids: expected integers"),
    "T zero": (
        lambda: data.minibatches(np.arange(9), 1, 0),
        "T: expected an integer of at least 1",
    ),
    "N negative": (
        lambda: data.minibatches(np.arange(9), -1, 2),
        "N: expected an integer .*, got -1",
    ),
    "part of one": (lambda: data.split("abc", 1), "valid: expected a part .*3 characters, got 1"),
    "part nan": (lambda: data.split("abc", float("nan")), "valid: expected a part .*got nan"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_is_changed():
    ids = np.arange(50) % 7
    before = ids.copy()
    data.decode(ids, "abcdefg")
    data.one_hot(ids, 7)
    data.split(ids)
    data.minibatches(ids, 3, 4)
    np.testing.assert_array_equal(ids, before)
