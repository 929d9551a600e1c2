"""The book's own Sphinx extension: one module per concern."""

from . import assets, fold, fresh, library, maths, numbering, page, trace

PARTS = (fresh, assets, maths, numbering, fold, trace, library, page)


def setup(app):
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
