"""Cells that restate the step of another one: what differs is the lesson (chapters 5, 9 to 12)."""

from functools import partial
from types import SimpleNamespace


def bind(cell, **options):
    """The cell whose step and step_backward are always called with these options."""
    bound = {name: partial(getattr(cell, name), **options) for name in ("step", "step_backward")}
    return SimpleNamespace(**{**vars(cell), **bound})
