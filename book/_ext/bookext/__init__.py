"""The book's own Sphinx extension: one module per concern."""

from . import assets, coverage, figures, fold, fresh, library, maths, numbering, page, terms, trace


def setup(app):
    parts = fresh, assets, maths, figures, fold, trace, terms, library, numbering, coverage, page
    for part in parts:
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
