"""The library with one summand or factor of a backward pass taken out (the live worksheet)."""

import importlib
import inspect
import types
from typing import NamedTuple


class Break(NamedTuple):
    name: str  # the quantity and what it loses, such as "dc:next"
    says: str
    module: str  # of lstm_lib
    old: str  # text that stands there once
    new: str


def broken(change):
    """The module of the library with a change's new text in the place of the old one.

    change: a Break, or anything with name, module, old and new.

    Raises: ValueError if the library has changed and the old text no longer stands there once.
    """
    original = importlib.import_module(f"lstm_lib.{change.module}")
    text = inspect.getsource(original)
    if text.count(change.old) != 1:
        raise ValueError(
            f"{change.name}: expected {change.old!r} once in {original.__name__}, "
            f"got it {text.count(change.old)} times"
        )
    module = types.ModuleType(original.__name__)
    module.__package__ = original.__package__
    exec(compile(text.replace(change.old, change.new), f"<{change.name}>", "exec"), vars(module))
    return module


def _group(module, *rows):
    """Breaks from rows: the text of a line, then (name, what is lost, the text without it)."""
    return [
        Break(name, says, module, old, new) for old, *changes in rows for name, says, new in changes
    ]


READOUT = [
    *_group(
        "readout",
        (
            "return L, share[..., None] * functions.dcross_entropy(u, y)",
            (
                "du:share",
                "du: the share 1/T of a step's loss",
                "return L, functions.dcross_entropy(u, y)",
            ),
            ("du:target", "du: the target", "return L, share[..., None] * functions.softmax(u)"),
        ),
    ),
    *_group(
        "bptt",
        (
            "return dstate._replace(h=dstate.h + dh)",
            ("dh:loss", "dh: what the loss of step t sends", "return dstate"),
        ),
    ),
]


def _earlier(module, dW_h):
    """Each parameter's gradient from the last step alone, as = in the place of += leaves it."""
    line = f"return dx, Params(dW_x, {dW_h}, db)"
    alone = "outer(cache.x[-1:], da[-1:])"
    return _group(
        module,
        (
            line,
            ("dW_x:earlier", "dW_x: the steps before the last", line.replace("dW_x", alone)),
            (
                "db:earlier",
                "db: the steps before the last",
                line.replace("db", "da[-1].sum(axis=0)"),
            ),
        ),
    )


BREAKS = {
    "rnn": [
        *READOUT,
        *_group(
            "rnn",
            (
                "return da, State(da @ params.W_h.T)",
                ("dh:next", "dh: what step t+1 sends", "return da, State(0 * da)"),
            ),
            (
                "a=dtanh(cache.h)",
                ("da:slope", "da: the slope 1 - h^2", "a=np.ones_like(cache.h)"),
            ),
            (
                "outer(cache.prev.h, da)",
                (
                    "dW_h:earlier",
                    "dW_h: the steps before the last",
                    "outer(cache.prev.h[-1:], da[-1:])",
                ),
            ),
        ),
        *_earlier("rnn", "outer(cache.prev.h, da)"),
    ],
    "lstm": [
        *READOUT,
        *_group(
            "lstm",
            (
                "State(da @ params.W_h.T, dc * local.c)",
                ("dh:next", "dh: what step t+1 sends", "State(0 * dh, dc * local.c)"),
                (
                    "dc:next",
                    "dc: what arrives from c of step t+1",
                    "State(da @ params.W_h.T, 0 * dc)",
                ),
                ("dc:f", "dc: the forget gate of step t+1", "State(da @ params.W_h.T, dc)"),
            ),
            (
                "dc = dstate.c + dh * local.h",
                ("dc:h", "dc: what arrives from h", "dc = dstate.c"),
            ),
            (
                "h=o * dtanh(tanh_c)",
                ("dc:o", "dc: the output gate", "h=dtanh(tanh_c)"),
                ("dc:slope", "dc: the slope 1 - tanh(c)^2", "h=o"),
            ),
            (
                "i=g * dsigmoid(i)",
                ("da_i:g", "da_i: the candidate", "i=dsigmoid(i)"),
                ("da_i:i", "da_i: the factor i of the slope", "i=g * (1 - i)"),
                ("da_i:1-i", "da_i: the factor 1 - i of the slope", "i=g * i"),
            ),
            (
                "f=cache.prev.c * dsigmoid(f)",
                ("da_f:c", "da_f: the cell before", "f=dsigmoid(f)"),
                ("da_f:f", "da_f: the factor f of the slope", "f=cache.prev.c * (1 - f)"),
                ("da_f:1-f", "da_f: the factor 1 - f of the slope", "f=cache.prev.c * f"),
            ),
            (
                "g=i * dtanh(g)",
                ("da_g:i", "da_g: the input gate", "g=dtanh(g)"),
                ("da_g:slope", "da_g: the slope 1 - g^2", "g=i"),
            ),
            (
                "o=tanh_c * dsigmoid(o)",
                ("da_o:s", "da_o: tanh(c)", "o=dsigmoid(o)"),
                ("da_o:o", "da_o: the factor o of the slope", "o=tanh_c * (1 - o)"),
                ("da_o:1-o", "da_o: the factor 1 - o of the slope", "o=tanh_c * o"),
            ),
            (
                "outer(cache.prev.h, da)",
                (
                    "dW_h:earlier",
                    "dW_h: the steps before the last",
                    "outer(cache.prev.h[-1:], da[-1:])",
                ),
            ),
        ),
        *_earlier("lstm", "outer(cache.prev.h, da)"),
    ],
    "gru": [
        *READOUT,
        *_group(
            "gru",
            (
                "dh * local.h + q * local.reset",
                ("dh:kept", "dh: the direct path, what z kept", "q * local.reset"),
                ("dh:reset", "dh: the path through the reset state", "dh * local.h"),
            ),
            (
                "da[..., : 2 * H] @ params.W_h[:, : 2 * H].T",
                (
                    "dh:r",
                    "dh: what arrives from the reset gate",
                    "da[..., H : 2 * H] @ params.W_h[:, H : 2 * H].T",
                ),
                (
                    "dh:z",
                    "dh: what arrives from the update gate",
                    "da[..., :H] @ params.W_h[:, :H].T",
                ),
            ),
            ("h=z,", ("dh:keep", "dh: the factor z of the direct path", "h=np.ones_like(z),")),
            (
                "reset=r,",
                ("dh:gate", "dh: the factor r of the reset path", "reset=np.ones_like(r),"),
            ),
            (
                "z=(h - n) * dsigmoid(z)",
                ("da_z:h", "da_z: the state before", "z=-n * dsigmoid(z)"),
                ("da_z:n", "da_z: the candidate", "z=h * dsigmoid(z)"),
                ("da_z:z", "da_z: the factor z of the slope", "z=(h - n) * (1 - z)"),
                ("da_z:1-z", "da_z: the factor 1 - z of the slope", "z=(h - n) * z"),
            ),
            (
                "n=(1 - z) * dtanh(n)",
                ("da_n:1-z", "da_n: the factor 1 - z", "n=dtanh(n)"),
                ("da_n:slope", "da_n: the slope 1 - n^2", "n=1 - z"),
            ),
            (
                "r=h * dsigmoid(r)",
                ("da_r:h", "da_r: the state before", "r=dsigmoid(r)"),
                ("da_r:r", "da_r: the factor r of the slope", "r=h * (1 - r)"),
                ("da_r:1-r", "da_r: the factor 1 - r of the slope", "r=h * r"),
            ),
            (
                "dW_h = [outer(h, da[..., : 2 * H]), outer(r * h, da[..., 2 * H :])]",
                (
                    "dW_h:earlier",
                    "dW_h: the steps before the last",
                    "dW_h = [outer(h[-1:], da[-1:, :, : 2 * H]), "
                    "outer((r * h)[-1:], da[-1:, :, 2 * H :])]",
                ),
            ),
        ),
        *_earlier("gru", "np.concatenate(dW_h, axis=1)"),
    ],
}
