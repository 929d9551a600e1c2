"""The book's own Sphinx extension: one module per concern."""

from . import assets, figures, fold, fresh, library, maths, numbering, page, trace


def setup(app):
    for part in (fresh, assets, maths, figures, fold, trace, library, numbering, page):
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
