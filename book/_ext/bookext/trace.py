"""Equations lead to the function that computes them, and its source leads back to them.

A docstring cites the equations of its function in a line `Equations: eq-a, eq-b`.
"""

import ast
import re
from pathlib import Path

LINE = re.compile(r"^\s*Equations:\s*(.+)$", re.M)
LABEL = re.compile(r"\beq-[a-z0-9-]*[a-z0-9]")
SOURCES = "_modules/"


def citations(root):
    """Map each cited label to [(module, qualified name), ...], read from the syntax trees."""
    cited = {}

    def visit(node, module, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = prefix + child.name
                for line in LINE.findall(ast.get_docstring(child) or ""):
                    for label in LABEL.findall(line):
                        cited.setdefault(label, []).append((module, name))
                visit(child, module, name + ".")

    for file in sorted((root / "lstm_lib").rglob("*.py")):
        module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        visit(ast.parse(file.read_text(encoding="utf-8")), module, "")
    return cited


def code_links(translator, label):
    """The links that stand beside a numbered equation."""
    builder = translator.builder
    cited = builder.app.book_citations.get(label, [])
    uri, here = builder.get_relative_uri, builder.current_docname
    # no element inside: sphinx-tippy trips over what is nested in an equation number
    return "".join(
        f'<a class="eq-code" href="{uri(here, SOURCES + module.replace(".", "/"))}#{name}" '
        f'title="{module}.{name}" aria-label="code: {module}.{name}">'
        f"{'code' if len(cited) == 1 else module.rpartition('.')[2] + '.' + name}</a>"
        for module, name in cited
    )


def address(app, pagename, label):
    """Of an equation, as seen from a page."""
    place = app.env.get_domain("math").equations[label][0]
    return f"{app.builder.get_relative_uri(pagename, place)}#equation-{label}"


def link_source_page(app, pagename, templatename, context, doctree):
    """In a highlighted source page and in the reference, each label that the book has is a link."""
    if not pagename.startswith(SOURCES) and pagename != "book/reference":
        return

    equations = app.env.get_domain("math").equations

    def link(match):
        label = match[0]
        if label not in equations:
            return label
        return f'<a class="eq-back" href="{address(app, pagename, label)}">{label}</a>'

    context["body"] = re.sub(r"(?<![#\"-])" + LABEL.pattern, link, context["body"])


def link_equations(app, pagename, templatename, context, doctree):
    """A figure names equations of any chapter (`class="eq-of"`); Sphinx knows where they stand."""

    def link(match):
        return f'class="eq-of" href="{address(app, pagename, match[1])}"'

    pattern = rf'class="eq-of" href="#equation-({LABEL.pattern})"'
    context["body"] = re.sub(pattern, link, context.get("body", ""))


def setup(app):
    app.book_citations = citations(Path(app.srcdir))
    app.connect("html-page-context", link_source_page)
    app.connect("html-page-context", link_equations)
