"""Figures that lstm_lib writes as HTML get a number and can be named by {numref}."""

import re
from html import unescape

from docutils import nodes

FIGURE = re.compile(
    r"<figure(?P<attributes>[^>]*)>(?P<inner>.*)<figcaption[^>]*>(?P<caption>.*?)</figcaption>"
    r"(?P<rest>.*)</figure>",
    re.S,
)


def attribute(text, name):
    found = re.search(rf'\b{name}="([^"]*)"', text)
    return found.group(1) if found else ""


def raw(html):
    return nodes.raw("", html, format="html")


def caption_node(text):
    """The caption with its $formulas$ and `code`; text, not raw HTML, or Sphinx gives no number."""
    node = nodes.caption("", "")
    for part in re.split(r"(\$[^$]+\$|<code>.*?</code>)", text):
        words = unescape(part)
        if part.startswith("$"):
            node += nodes.math(words[1:-1], words[1:-1])
        elif part.startswith("<code>"):
            node += nodes.literal("", unescape(part[6:-7]))
        elif part:
            node += nodes.Text(words)
    return node


def number_figures(app, doctree):
    domain = app.env.get_domain("std")
    for node in list(doctree.findall(nodes.raw)):
        found = FIGURE.search(node.astext()) if "html" in node["format"] else None
        name = found and attribute(found["attributes"], "id")
        if not name:
            continue
        figure = nodes.figure(ids=[name], names=[name])
        figure["classes"] += attribute(found["attributes"], "class").split()
        figure += [raw(found["inner"] + found["rest"]), caption_node(found["caption"])]
        node.replace_self(figure)
        doctree.note_explicit_target(figure)
        title = re.sub(r"<[^>]+>", "", found["caption"])
        domain.anonlabels[name] = app.env.docname, name
        domain.labels[name] = app.env.docname, name, title


def setup(app):
    # after the standard domain has collected its own labels, before numbers are given
    app.connect("doctree-read", number_figures, priority=600)
