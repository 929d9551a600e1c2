"""For every test: no deadline on a shared machine, and the same examples in every run."""

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
