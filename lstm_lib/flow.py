"""How large the gradient is on its way back through time: norms over lag (chapter 8)."""

from typing import NamedTuple

import numpy as np

from . import bptt, checks, tree


class Flow(NamedTuple):
    """Norms (T+1, N), one per sequence; row k belongs to the state k steps before the last.

    A cell without c has None in the place of the last two.
    """

    dh: np.ndarray  # total gradient of h_t
    dc: np.ndarray  # total gradient of c_t: through h_t and through c_{t+1}
    dc_next: np.ndarray  # the part of it that arrives through c_{t+1}


def norms(cell, run, grads):
    """Flow of the gradients that `bptt.backward` returned for a run.

    Args:
        cell: the module that was run.
        run: what `bptt.forward` returned.
        grads: what `bptt.backward` returned for it.

    Raises:
        ValueError: for a cell with c that has no `local_derivatives`, or a run with a mask.
    """
    dh = np.stack([dstate.h for dstate in grads.dstates])
    if "c" not in run.state._fields:
        return Flow(_over_lag(dh), None, None)
    if not hasattr(cell, "local_derivatives") or run.mask is not None:
        raise ValueError(
            "cell, run: expected a cell with local_derivatives, and no mask, to tell the parts of "
            f"dc, got {cell.__name__} and {'no' if run.mask is None else 'a'} mask"
        )
    dc_next = np.stack([dstate.c for dstate in grads.dstates])
    dc = dc_next.copy()
    dc[1:] += dh[1:] * cell.local_derivatives(run.caches).h
    return Flow(_over_lag(dh), _over_lag(dc), _over_lag(dc_next))


def over_draws(cell, init, T, *, draws=10, N=16, scale=1.0):
    """Decay of a unit gradient that enters at the last h, for several draws of weights and inputs.

    Each draw runs N sequences of normally distributed inputs and sends a random unit vector into
    each h_T. The root mean square over the sequences is kept.

    Args:
        cell: a module such as `lstm_lib.gru`.
        init: function of a numpy Generator to Params, e.g. `lambda rng: gru.init(rng, 32, 32)`.
        T: the largest lag.
        draws, N: seeds 0, 1, ... and sequences of each.
        scale: standard deviation of the inputs.

    Returns:
        Flow with arrays (draws, T+1), ready for `plots.decay`; dh is 1 at lag 0.

    Raises:
        ValueError: for a T, N or draws that is no integer of at least 1.
    """
    T, N = checks.count("T", T), checks.count("N", N)

    def one(seed):
        rng = np.random.default_rng(seed)
        params = init(rng)
        D, H = checks.sizes(cell, params)
        run = bptt.forward(cell, params, scale * rng.standard_normal((T, N, D)))
        dh = np.zeros((T, N, H))
        dh[-1] = rng.standard_normal((N, H))
        dh[-1] /= np.linalg.norm(dh[-1], axis=-1, keepdims=True)
        flow = norms(cell, run, bptt.backward(cell, params, run, dh))
        return tree.map(lambda v: np.sqrt((v * v).mean(axis=1)), flow)

    return tree.stack([one(seed) for seed in range(checks.count("draws", draws))])


def _over_lag(dv):
    """Norm over the units (T+1, N, H) -> (T+1, N), last state first."""
    return np.linalg.norm(dv, axis=-1)[::-1]
