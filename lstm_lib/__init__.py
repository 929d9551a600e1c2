"""RNN, LSTM and GRU with their gradients, as the book Gradients Through Time derives them.

A cell is a module: its `step` is the chapter's forward equations and its `step_backward` their
gradient; `bptt` runs any cell over a sequence. To read: functions.py, rnn.py, bptt.py, then lstm.py
and gru.py. In variants/ each cell restates its step, and what differs is the lesson.

    >>> import numpy as np
    >>> from lstm_lib import bptt, gradcheck, lstm
    >>> rng = np.random.default_rng(0)
    >>> params = lstm.init(rng, D=3, H=4)
    >>> x = rng.standard_normal((5, 2, 3))  # (T, N, D)
    >>> run = bptt.forward(lstm, params, x)
    >>> dh = rng.standard_normal(run.h.shape)  # (T, N, H), the gradient of L = (dh * h).sum()
    >>> grads = bptt.backward(lstm, params, run, dh)

The complex step, which knows nothing of the backward pass, gives the same gradient:

    >>> L = lambda params: (dh * bptt.forward(lstm, params, x).h).sum()
    >>> numeric = gradcheck.complex_step(L, params)
    >>> assert max(gradcheck.compare(grads.dparams, numeric).values()) < 1e-14
"""
