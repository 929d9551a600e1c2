"""The primitives that every cell and readout is composed of, each with its derivative.

A derivative takes the function's output, never its input: ``dtanh(h)`` is 1 - h*h. Everything works
in float32, float64 and complex128 (for the complex step); comparisons look at the real part only.
"""

from typing import NamedTuple

import numpy as np


def sigmoid(a):
    """Logistic function 1 / (1 + exp(-a)), any shape.

    Written with tanh, so that no exponential overflows. Its absolute error is a rounding of 1, and
    a value below 1e-16 comes out as 0: right for a gate, not for a log-probability.

    Equations: eq-sigmoid
    """
    return 0.5 * np.tanh(0.5 * a) + 0.5


def dsigmoid(s):
    """Derivative of the sigmoid where its output is s.

    Equations: eq-dsigmoid
    """
    return s * (1 - s)


def dtanh(h):
    """Derivative of tanh where its output is h.

    Equations: eq-dtanh
    """
    return 1 - h * h


def relu(a):
    """max(a, 0), decided on the real part."""
    return np.where(np.real(a) > 0, a, 0)


def drelu(h):
    """Derivative of relu where its output is h; 0 at the kink."""
    return (np.real(h) > 0).astype(h.dtype)


def hard_sigmoid(a, slope=0.2):
    """Piecewise linear sigmoid clip(slope a + 1/2, 0, 1), any shape.

    The slope is 0.2 in Keras before version 3, 1/6 in PyTorch and Keras 3.

    Equations: eq-hard-sigmoid
    """
    s = slope * a + 0.5
    return np.where(np.real(s) <= 0, 0, np.where(np.real(s) >= 1, 1, s))


def dhard_sigmoid(s, slope=0.2):
    """Derivative of the hard sigmoid where its output is s: exactly 0 where it is flat.

    Equations: eq-dhard-sigmoid
    """
    inside = (np.real(s) > 0) & (np.real(s) < 1)
    return slope * inside.astype(s.dtype)


def softmax(u):
    """Probabilities (..., K) from logits (..., K).

    The largest logit is subtracted first: the result is the same, and nothing overflows.

    Equations: eq-softmax
    """
    e = np.exp(u - u.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(u, y):
    """-log softmax(u)[y] in nats: logits (..., K), integer targets (...) -> losses (...).

    Equations: eq-cross-entropy
    """
    shift = u.real.max(axis=-1)
    log_sum = shift + np.log(np.exp(u - shift[..., None]).sum(axis=-1))
    return log_sum - np.take_along_axis(u, y[..., None], axis=-1)[..., 0]


def dcross_entropy(u, y):
    """Gradient p - y of the cross-entropy: logits (..., K), integer targets (...) -> (..., K).

    Equations: eq-softmax-cross-entropy-grad
    """
    du = softmax(u)
    rows = y[..., None]
    np.put_along_axis(du, rows, np.take_along_axis(du, rows, axis=-1) - 1, axis=-1)
    return du


def affine(x, W, b):
    """x W + b: rows x (..., D), W (D, K), b (K,) -> (..., K).

    Integer tokens x (...) stand for one-hot rows, which pick rows of W.

    Equations: eq-affine
    """
    if x.dtype.kind in "iu":
        return W[x] + b
    a = x.reshape(-1, x.shape[-1]) @ W
    a += b
    return a.reshape(*x.shape[:-1], W.shape[1])


def affine_backward(x, da, W):
    """Gradients (dx, dW, db) of a = x W + b: x (..., D) or tokens (...), da (..., K).

    dW (D, K) and db (K,) are sums over all leading axes; dx is None for tokens.

    Equations: eq-affine-backward
    """
    if x.dtype.kind in "iu":
        return None, scatter_add(x, da, len(W)), sum_rows(da)
    return (rows(da) @ W.T).reshape(x.shape), outer(x, da), sum_rows(da)


class Normed(NamedTuple):
    y: np.ndarray  # (..., K), of mean 0 and variance 1
    s: np.ndarray  # (..., 1), what it was divided by


def normalise(a, eps=1e-5):
    """Rows a (..., K) less their mean and divided by s = sqrt(variance + eps) -> Normed.

    Equations: eq-normalise
    Source: Ba et al. 2016.
    """
    y = a - a.mean(axis=-1, keepdims=True)
    s = np.sqrt((y * y).mean(axis=-1, keepdims=True) + eps)
    return Normed(y / s, s)


def dnormalise(dy, normed):
    """Gradient (..., K) of the rows that were normalised, from dy (..., K) of the results.

    Equations: eq-dnormalise
    """
    y, s = normed
    mean = dy.mean(axis=-1, keepdims=True)
    return (dy - mean - y * (dy * y).mean(axis=-1, keepdims=True)) / s


def outer(x, da):
    """Sum of the outer products of corresponding rows: x (..., D), da (..., K) -> (D, K)."""
    return rows(x).T @ rows(da)


def scatter_add(tokens, da, D):
    """`outer` for tokens (...) below D: the sum of the rows of da (..., K) that each token has."""
    tokens, da = tokens.ravel(), rows(da)
    order = np.argsort(tokens, kind="stable")
    present, starts = np.unique(tokens[order], return_index=True)
    dW = np.zeros((D, da.shape[1]), da.dtype)
    dW[present] = np.add.reduceat(da[order], starts, axis=0)
    return dW


def sum_rows(da):
    """Gradient of a bias that was copied to every row: (..., K) -> (K,)."""
    return rows(da).sum(axis=0)


def rows(a):
    """All leading axes as one: (..., K) -> (M, K)."""
    return a.reshape(-1, a.shape[-1])


def blocks(a, count):
    """Views of the `count` equal blocks of the last axis."""
    width = a.shape[-1] // count
    return tuple(a[..., k * width : (k + 1) * width] for k in range(count))
