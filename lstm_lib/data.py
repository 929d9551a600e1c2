"""Tasks and texts: the adding problem, and a text as indices in minibatches of running streams."""

import numpy as np

from . import checks


def adding(rng, T, N):
    """Draw N sequences of the adding problem: report the sum of two marked numbers at the end.

    The first component of an input is uniform in [0, 1), the second a marker: 1 at one step of the
    first half (T // 2 steps) and at one of the second, else 0. The target is the sum of the two
    marked numbers. Always answering 1 has a mean squared error of 1/6.

    Args: rng, a numpy Generator; T, steps, at least 2; N, sequences, at least 1.
    Returns: x (T, N, 2) and y (N, 1), float64.
    Raises: ValueError for a T or N that is too small or no integer.
    Source: Arjovsky et al. 2016, after Hochreiter & Schmidhuber 1997, experiment 4.
    """
    T, N = checks.count("T", T, 2), checks.count("N", N)
    marked = np.array([rng.integers(T // 2, size=N), rng.integers(T // 2, T, size=N)])  # (2, N)
    x = np.stack([rng.uniform(size=(T, N)), np.zeros((T, N))], axis=-1)
    x[marked, np.arange(N), 1] = 1
    return x, x[marked, np.arange(N), 0].sum(axis=0)[:, None]


def at_last_step(x, y):
    """Batch (x, y (T, N, K), w (T, N)) for targets y (N, K) that count at the last step only."""
    w = np.zeros(x.shape[:2])
    w[-1] = 1
    return x, np.broadcast_to(y, (len(x), *y.shape)), w


def vocabulary(text):
    """Return the different characters of a text, sorted, as one string: its position is the index.

    Raises: ValueError for an empty text or anything but a string.
    """
    if not isinstance(text, str) or not text:
        raise ValueError(f"text: expected a string that is not empty, got {text!r:.40}")
    return "".join(sorted(set(text)))


def encode(text, vocab):
    """Return the indices of a text's characters in `vocab`, an integer array (len(text),).

    Raises: ValueError for a character that `vocab` does not contain, with its position.
    """
    index = {token: k for k, token in enumerate(vocab)}
    try:
        return np.array([index[token] for token in text], dtype=np.intp)
    except KeyError as error:
        token = error.args[0]
        raise ValueError(
            f"text: expected only the {len(vocab)} characters of vocab, "
            f"got {token!r} at position {list(text).index(token)}"
        ) from None


def decode(ids, vocab):
    """Return the text whose characters have these indices in `vocab`; the inverse of `encode`.

    Raises: ValueError for indices outside 0..len(vocab)-1 or that are not a row of integers.
    """
    return "".join(vocab[k] for k in checks.tokens("ids", ids, ("length",), len(vocab)))


def one_hot(ids, V, dtype=np.float64):
    """Return unit rows for indices: ids (...) becomes (..., V), with a 1 at the index.

    Raises: ValueError for indices outside 0..V-1 or that are not integers.
    """
    V = checks.count("V", V)
    ids = np.asarray(ids)
    return np.eye(V, dtype=dtype)[checks.tokens("ids", ids, ids.shape, V)]


def split(ids, valid=0.1):
    """Cut a text into its beginning, for training, and the last part `valid`, for validation.

    Raises: ValueError for a part outside (0, 1) or one that leaves either side empty.
    """
    keep = round(len(ids) * (1 - valid)) if 0 < valid < 1 else 0
    if not 0 < keep < len(ids):
        raise ValueError(
            "valid: expected a part between 0 and 1 that leaves neither side empty "
            f"of {len(ids)} characters, got {valid!r}"
        )
    return ids[:keep], ids[keep:]


def minibatches(ids, N, T):
    """Cut a text into N contiguous streams and these into pieces of T steps.

    The targets are the inputs one character later. Column n of a minibatch goes on where column n
    of the one before ended, so a state may be carried from one to the next. What does not fill a
    last piece is left out.

    Args: ids, integers (length,); N, streams; T, steps of a piece.
    Returns: a list of pairs x (T, N), y (T, N) of integers, views of one array.
    Raises: ValueError for a text too short for one piece, or ids that are not a row of integers.
    """
    N, T = checks.count("N", N), checks.count("T", T)
    ids = checks.tokens("ids", ids, ("length",), np.inf)
    length = (len(ids) - 1) // N
    if length < T:
        raise ValueError(f"ids: expected at least N T + 1 = {N * T + 1} characters, got {len(ids)}")
    x = ids[: N * length].reshape(N, length).T  # (length, N)
    y = ids[1 : N * length + 1].reshape(N, length).T
    return [(x[t : t + T], y[t : t + T]) for t in range(0, length - T + 1, T)]
