"""What autodoc needs to read the docstrings of lstm_lib as they are written."""

import re


def mark_fields(app, what, name, obj, options, lines):
    """A docstring's line `Returns: L and du` is a field; napoleon knows only whole blocks."""
    inside = False
    for k, line in enumerate(lines):
        if field := re.match(r"([A-Z][a-z]+): (?=\S)", line):
            lines[k] = f":{field[1]}: {line[field.end() :]}"
        elif inside and line:
            lines[k] = "    " + line.lstrip()
        inside = bool(field or (inside and line))


def skip_aliases(app, what, name, obj, skip, options):
    """A NamedTuple's fields say nothing that its signature does not."""
    return (getattr(obj, "__doc__", "") or "").startswith("Alias for field number") or None


def setup(app):
    app.connect("autodoc-process-docstring", mark_fields, priority=400)
    app.connect("autodoc-skip-member", skip_aliases)
