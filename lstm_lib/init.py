"""Initial weights, matrices (fan_in, fan_out) for a product x W, and biases (chapter 8).

A size that is no integer of at least 1 (for `chrono` T, 2) raises a ValueError that names it.
"""

import numpy as np

from . import checks


def glorot(rng, fan_in, fan_out, dtype=np.float64):
    """Uniform on +-sqrt(6 / (fan_in + fan_out)): (fan_in, fan_out).

    Source: Glorot & Bengio 2010.
    """
    shape = checks.count("fan_in", fan_in), checks.count("fan_out", fan_out)
    bound = np.sqrt(6 / sum(shape))
    return rng.uniform(-bound, bound, shape).astype(dtype)


def orthogonal(rng, H, dtype=np.float64):
    """Uniformly distributed orthogonal matrix (H, H): every singular value is 1.

    Source: Saxe et al. 2014; Mezzadri 2007 for the sign that makes it uniform.
    """
    q, r = np.linalg.qr(rng.standard_normal((checks.count("H", H), H)))
    return (q * np.sign(np.diag(r))).astype(dtype)


def he(rng, fan_in, fan_out, dtype=np.float64):
    """Normal with variance 2 / fan_in, meant for relu: (fan_in, fan_out).

    Source: He et al. 2015.
    """
    shape = checks.count("fan_in", fan_in), checks.count("fan_out", fan_out)
    return (rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(dtype)


def chrono(rng, H, T, dtype=np.float64):
    """Biases log U(1, T-1), one per unit (H,), that keep a state for up to about T steps.

    For the LSTM's forget gate, and negated for its input gate.

    Equations: eq-chrono
    Source: Tallec & Ollivier 2018.
    """
    longest = checks.count("T", T, 2) - 1
    return np.log(rng.uniform(1, longest, checks.count("H", H))).astype(dtype)


def per_gate(draw, count):
    """`count` matrices from draw(), side by side: the blocks of a cell's gates."""
    return np.concatenate([draw() for _ in range(count)], axis=1)
