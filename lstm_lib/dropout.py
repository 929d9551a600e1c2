"""Dropout masks for a recurrent cell, drawn once per sequence (chapter 11)."""

from typing import NamedTuple

import numpy as np

from . import checks


class Masks(NamedTuple):
    x: np.ndarray  # (M, N, D), factors of the inputs
    h: np.ndarray  # (M, N, H), factors of the previous hidden state


def draw(rng, N, D, H, rate, masks=4):
    """Masks whose entries are 0 with probability rate and otherwise 1 / (1 - rate).

    Their expectation is 1. A mask serves all steps of a sequence.

    Args:
        rng: numpy Generator.
        N, D, H: sequences, inputs, units.
        rate: probability of a 0, at least 0 and below 1.
        masks: how many different ones, M: 4 for one a gate, 1 for one that all gates share.

    Raises:
        ValueError: for a rate outside [0, 1), or a size that is no integer of at least 1.

    Equations: eq-dropout
    Source: Srivastava et al. 2014; Gal & Ghahramani 2016 for one mask a sequence.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a probability of at least 0 and below 1, got {rate!r}")
    M, N = checks.count("masks", masks), checks.count("N", N)
    sizes = checks.count("D", D), checks.count("H", H)
    return Masks(*((rng.random((M, N, size)) >= rate) / (1 - rate) for size in sizes))


def drop(v, mask):
    """Each number of v (N, K) times that of its mask (N, K), or v if there is no mask.

    Raises: ValueError for tokens, which have no numbers to drop.
    """
    if mask is None:
        return v
    if v.dtype.kind in "iu":
        raise ValueError("x: expected numbers (N, D), which a mask can drop, got tokens")
    return (v * mask).astype(v.dtype, copy=False)
