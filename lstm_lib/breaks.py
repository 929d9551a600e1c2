"""The library with one summand or factor of a backward pass taken out (the live worksheet)."""

import importlib
import inspect
import tomllib
import types
from pathlib import Path
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


def _breaks(module, lines):
    """The Breaks of a module, from what breaks.toml says of it."""
    return [
        Break(name, f"{name.partition(':')[0]}: {lost}", module, old, new)
        for old, changes in lines.items()
        for name, (lost, new) in changes.items()
    ]


_TEXT = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
_OF_MODULE = {module: _breaks(module, lines) for module, lines in tomllib.loads(_TEXT).items()}
BREAKS = {
    cell: [*_OF_MODULE["readout"], *_OF_MODULE["bptt"], *_OF_MODULE[cell]]
    for cell in ("rnn", "lstm", "gru")
}
