"""Optimisers and clipping: functions of parameters and gradients, two trees of the same form.

An optimiser is called as ``params, state = update(params, grads, state, lr)``; before the first
step its state is None.
"""

from typing import NamedTuple

import numpy as np

from . import checks, tree


def sgd(params, grads, state=None, lr=0.1):
    """Gradient descent, v <- v - lr dv for each array v. Its state stays None.

    Equations: eq-sgd
    """
    return tree.map(lambda v, dv: v - lr * dv, params, grads), state


class Moments(NamedTuple):
    mean: tuple  # running mean of the gradient, a tree like the parameters
    square: tuple  # running mean of its square
    t: int  # steps done


def adam(params, grads, state=None, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """One step of Adam: both running means, corrected for their start at zero.

    Equations: eq-adam
    Source: Kingma & Ba 2015.
    """
    mean, square, t = state or Moments(tree.zeros_like(params), tree.zeros_like(params), 0)
    t += 1
    mean = tree.map(lambda m, dv: beta1 * m + (1 - beta1) * dv, mean, grads)
    square = tree.map(lambda s, dv: beta2 * s + (1 - beta2) * dv * dv, square, grads)

    def move(v, m, s):
        m_hat = m / (1 - beta1**t)
        s_hat = s / (1 - beta2**t)
        return v - lr * m_hat / (np.sqrt(s_hat) + eps)

    return tree.map(move, params, mean, square), Moments(mean, square, t)


def adagrad(params, grads, state=None, lr=1e-2, eps=1e-8):
    """One step of Adagrad: each entry's rate falls with the sum of its squared gradients.

    Equations: eq-adagrad
    Source: Duchi et al. 2011.
    """
    square = tree.zeros_like(params) if state is None else state
    square = tree.map(lambda s, dv: s + dv * dv, square, grads)
    moved = tree.map(lambda v, dv, s: v - lr * dv / (np.sqrt(s) + eps), params, grads, square)
    return moved, square


def clip_by_norm(grads, theta):
    """Gradients scaled by min(1, theta / norm), norm taken over all arrays together, and that norm.

    The direction stays; a zero gradient stays zero.

    Raises: ValueError for a theta that is not positive.

    Equations: eq-clip-norm
    Source: Pascanu et al. 2013.
    """
    checks.positive("theta", theta)
    norm = tree.norm(grads)
    if norm > theta:
        grads = tree.map(lambda dv: dv * (theta / norm), grads)
    return grads, norm


def clip_by_value(grads, theta):
    """Gradients with each entry moved into [-theta, theta].

    The direction changes; a zero gradient stays zero.

    Raises: ValueError for a theta that is not positive.

    Equations: eq-clip-value
    Source: Mikolov 2012.
    """
    checks.positive("theta", theta)
    return tree.map(lambda dv: np.clip(dv, -theta, theta), grads)
