"""The directive `{library}`: the reference of a package, one section per module."""

import importlib
import pkgutil

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
            section = nodes.section(ids=[info.name.replace(".", "-").replace("_", "-")])
            section += nodes.title("", "", nodes.literal("", info.name))
            lines = [f".. automodule:: {info.name}", "   :members:", "   :member-order: bysource"]
            text = StringList(["```{eval-rst}", *lines, "```"], source="library")
            self.state.nested_parse(text, 0, section)
            found.append(section)
        return found


def setup(app):
    for name in ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"):
        app.setup_extension(name)
    app.add_directive("library", Library)
