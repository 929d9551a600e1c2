"""The affine readout u_t = h_t W_hy + b_y and two losses on it, with their gradients (chapter 4).

Both losses are L = sum w_tn l_tn / sum w_tn over steps and sequences, and the gradient is that of
this L. Weights of 0 leave out padding, or every step but the last.
"""

from typing import NamedTuple

import numpy as np

from . import checks, functions
from . import init as initial


class Params(NamedTuple):
    W_hy: np.ndarray  # (H, K)
    b_y: np.ndarray  # (K,)


def shapes(H, K):
    """Shapes of Params for H units and K outputs."""
    return Params(W_hy=(H, K), b_y=(K,))


def init(rng, H, K, dtype=np.float64):
    """Initial Params: W_hy Glorot-uniform (H, K), zero bias.

    Source: Glorot & Bengio 2010.
    """
    return Params(W_hy=initial.glorot(rng, H, K, dtype), b_y=np.zeros(K, dtype))


def logits(params, h):
    """Logits u = h W_hy + b_y: h (T, N, H) -> (T, N, K).

    Raises: ValueError if the width of h is not that of W_hy.

    Equations: eq-logits
    """
    h = checks.shape("h", h, ("T", "N", params.W_hy.shape[0]))
    return functions.affine(h, params.W_hy, params.b_y)


def cross_entropy(u, y, w=None):
    """Loss L, in nats, with l = -log softmax(u)[y], and its gradient du = w (p - y) / sum w.

    Args: u (T, N, K); y (T, N), integers in 0..K-1, also where w is 0; w (T, N), None for all 1.
    Returns: L and du (T, N, K).
    Raises: ValueError for other shapes, targets out of range, and weights that are negative, not
        finite or all 0.

    Equations: eq-loss eq-du
    """
    y = checks.tokens("y", y, u.shape[:-1], u.shape[-1])
    share = _share(w, u)
    L = (share * functions.cross_entropy(u, y)).sum()
    return L, share[..., None] * functions.dcross_entropy(u, y)


def squared_error(u, y, w=None):
    """Loss L with l = sum_k (u_k - y_k)^2 / 2, and its gradient du = w (u - y) / sum w.

    Args: u (T, N, K); y (T, N, K), also where w is 0; w (T, N), None for all 1.
    Returns: L and du (T, N, K).
    Raises: ValueError for other shapes, NaN in y, and weights that are negative, not finite or
        all 0.

    Equations: eq-loss eq-du
    """
    y = checks.numbers("y", y, u.shape)
    share = _share(w, u)
    error = u - y.astype(u.dtype)
    L = (share * (error * error).sum(axis=-1)).sum() / 2
    return L, share[..., None] * error


def backward(params, h, du):
    """From dL/du (T, N, K) to dL/dh (T, N, H) through the readout, and the gradient of Params.

    Equations: eq-dreadout
    """
    dh, dW_hy, db_y = functions.affine_backward(h, du, params.W_hy)
    return dh, Params(dW_hy, db_y)


def _share(w, u):
    """w / sum w in the precision of u: (T, N)."""
    if w is None:
        w = np.ones(u.shape[:-1])
    w = checks.shape("w", w, u.shape[:-1])
    if not (np.isfinite(w).all() and (w >= 0).all() and w.any()):
        raise ValueError(
            f"w: expected finite weights, none negative and not all 0, got {w.min()} to {w.max()}"
        )
    return (w / w.sum()).astype(u.real.dtype)
