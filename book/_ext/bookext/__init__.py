"""The book's own Sphinx extension: one module per concern."""

PARTS = "fresh assets maths figures fold trace terms library numbering coverage chinese page"


def setup(app):
    for part in PARTS.split():
        app.setup_extension(f"bookext.{part}")
    return {"parallel_read_safe": False, "parallel_write_safe": False}
