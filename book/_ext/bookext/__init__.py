"""The book's own Sphinx extension: one module per concern."""

from . import assets, figures, fold, fresh, library, maths, numbering, page, terms, trace


def setup(app):
    for part in (fresh, assets, maths, figures, fold, trace, terms, library, numbering, page):
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
