"""For every test: one thread for small products, no deadline, the same examples in every run."""

import os

from hypothesis import settings

# Before numpy is imported, and for the programs that tests start: two stall on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
