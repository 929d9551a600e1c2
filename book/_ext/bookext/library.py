"""The directive `{library}`: the reference of a package, one section per module."""

import importlib
import pkgutil
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class Library(SphinxDirective):
    required_arguments = 1

    def run(self):
        package = importlib.import_module(self.arguments[0])
        found = []
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if info.ispkg:
                continue
            section = nodes.section(ids=[re.sub(r"[._]", "-", info.name)])
            section += nodes.title("", "", nodes.literal("", info.name))
            lines = [f".. automodule:: {info.name}", "   :members:", "   :member-order: bysource"]
            text = StringList(["```{eval-rst}", *lines, "```"], source="library")
            self.state.nested_parse(text, 0, section)
            found.append(section)
        return found


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
    for name in ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"):
        app.setup_extension(name)
    app.connect("autodoc-process-docstring", mark_fields, priority=400)
    app.connect("autodoc-skip-member", skip_aliases)
    app.add_directive("library", Library)
