"""The running example: two symbols a = 0 and b = 1, three steps, weights to compute with by hand.

D = V = H = 2, T = 3, N = 1. The initial state is zero and the loss is the mean cross-entropy.
"""

import numpy as np

from . import gru as _gru
from . import lstm as _lstm
from . import readout
from . import rnn as _rnn

symbols = "ab"
tokens = np.array([[0], [1], [1]])  # (T, N): a, b, b
y = np.array([[1], [1], [0]])  # (T, N): b, b, a
x = np.eye(2)[tokens]  # (T, N, D), one-hot

rnn = _rnn.Params(
    W_x=np.array([[0.5, -0.5], [1.0, 0.0]]),  # (D, H)
    W_h=np.array([[0.5, 0.5], [-0.5, 1.0]]),  # (H, H)
    b=np.zeros(2),
)
lstm = _lstm.Params(  # blocks i, f, g, o of two columns each
    W_x=np.array([[1, 0, 0, 0, 1, -1, 0, 0], [0, 1, 0, 0, -0.5, 0.5, 0, 0]]),  # (D, 4H)
    W_h=np.array([[0, 0, 0.5, 0, 0.5, 0, 1, 0], [0, 0, 0, 0.5, 0.5, 0.5, 0, 1]]),  # (H, 4H)
    b=np.array([0.0, 0, 1, 1, 0, 0, 0, 0]),
)
gru = _gru.Params(  # blocks r, z, n; r reads the state only, z the symbol only
    W_x=np.array([[0, 0, -1, 0, -1, -1], [0, 0, 0, -1, 0.5, -1]]),  # (D, 3H)
    W_h=np.array([[0, 1, 0, 0, 1, -1], [-1, -0.5, 0, 0, 1, 1]]),  # (H, 3H)
    b=np.zeros(6),
)
output = readout.Params(
    W_hy=np.array([[1.0, -1.0], [0.5, 0.0]]),  # (H, V)
    b_y=np.zeros(2),
)
