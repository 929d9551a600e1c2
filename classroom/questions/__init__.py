"""The bank of exam questions, in the order of the chapters."""

from . import gated, plain
from .common import BANK, DERIVE, EXPLAIN, HAND, Drawn, Entry

__all__ = ["BANK", "DERIVE", "EXPLAIN", "HAND", "Drawn", "Entry", "gated", "plain"]
