"""Initial weights, matrices (fan_in, fan_out) for a product x W, and biases (chapter 8)."""

import numpy as np


def glorot(rng, fan_in, fan_out, dtype=np.float64):
    """Uniform on +-sqrt(6 / (fan_in + fan_out)): (fan_in, fan_out).

    Source: Glorot & Bengio 2010.
    """
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype)


def orthogonal(rng, H, dtype=np.float64):
    """Uniformly distributed orthogonal matrix (H, H): every singular value is 1.

    Source: Saxe et al. 2014; Mezzadri 2007 for the sign that makes it uniform.
    """
    q, r = np.linalg.qr(rng.standard_normal((H, H)))
    return (q * np.sign(np.diag(r))).astype(dtype)


def he(rng, fan_in, fan_out, dtype=np.float64):
    """Normal with variance 2 / fan_in, meant for relu: (fan_in, fan_out).

    Source: He et al. 2015.
    """
    return (rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(dtype)


def chrono(rng, H, T, dtype=np.float64):
    """Biases log U(1, T-1), one per unit (H,), that keep a state for up to about T steps.

    For the LSTM's forget gate, and negated for its input gate.

    Equations: eq-chrono
    Source: Tallec & Ollivier 2018.
    """
    return np.log(rng.uniform(1, T - 1, H)).astype(dtype)


def per_gate(draw, count):
    """`count` matrices from draw(), side by side: the blocks of a cell's gates."""
    return np.concatenate([draw() for _ in range(count)], axis=1)
