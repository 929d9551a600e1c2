"""How large the gradient is on its way back through time: norms over lag."""

from typing import NamedTuple

import numpy as np


class Flow(NamedTuple):
    """Norms (T+1, N), one per sequence; row k belongs to the state k steps before the last."""

    dh: np.ndarray  # total gradient of h_t
    dc: (
        np.ndarray
    )  # total gradient of c_t: through h_t and through c_{t+1}; None for a cell without c
    dc_next: np.ndarray  # the part of it that arrives through c_{t+1}


def norms(cell, run, grads):
    """Flow of the gradients that `bptt.backward` returned for a run.

    Args:
        cell: the module that was run.
        run: what `bptt.forward` returned.
        grads: what `bptt.backward` returned for it.
    """
    dh = np.stack([dstate.h for dstate in grads.dstates])
    if "c" not in run.state._fields:
        return Flow(_over_lag(dh), None, None)
    dc_next = np.stack([dstate.c for dstate in grads.dstates])
    dc = dc_next.copy()
    dc[1:] += dh[1:] * cell.local_derivatives(run.caches).h
    return Flow(_over_lag(dh), _over_lag(dc), _over_lag(dc_next))


def _over_lag(dv):
    """Norm over the units (T+1, N, H) -> (T+1, N), last state first."""
    return np.linalg.norm(dv, axis=-1)[::-1]
