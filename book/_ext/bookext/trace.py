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
    """Map each cited label to [(module, function), ...], read from the syntax trees."""
    cited = {}
    for file in sorted((root / "lstm_lib").rglob("*.py")):
        module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for line in LINE.findall(ast.get_docstring(node) or ""):
                    for label in LABEL.findall(line):
                        cited.setdefault(label, []).append((module, node.name))
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


def link_equations(app, pagename, templatename, context, doctree):
    """Sphinx knows where an equation stands: a figure names those of any chapter (`class="eq-of"`),
    a highlighted source page and the reference each label that the book has."""
    equations = app.env.get_domain("math").equations

    def address(label):
        return f"{app.builder.get_relative_uri(pagename, equations[label][0])}#equation-{label}"

    def back(found):
        if found[0] not in equations:
            return found[0]
        return f'<a class="eq-back" href="{address(found[0])}">{found[0]}</a>'

    def of(found):
        return f'class="eq-of" href="{address(found[1])}"'

    body = re.sub(rf'class="eq-of" href="#equation-({LABEL.pattern})"', of, context.get("body", ""))
    if pagename.startswith(SOURCES) or pagename == "book/reference":
        body = re.sub(r"(?<![#\"-])" + LABEL.pattern, back, body)
    context["body"] = body


def setup(app):
    app.book_citations = citations(Path(app.srcdir))
    app.connect("html-page-context", link_equations)
