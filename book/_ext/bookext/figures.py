"""Figures that lstm_lib writes as HTML get a number and can be named by {numref}."""

import re
from html import unescape

from docutils import nodes

# lstm_lib/figures.html
FIGURE = re.compile(r'<figure id="(.+?)">(.*)<figcaption>(.*)</figcaption></figure>', re.S)


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
        if not (found := FIGURE.search(node.astext())):
            continue
        name, drawing, caption = found.groups()
        figure = nodes.figure("", nodes.raw("", drawing, format="html"), caption_node(caption))
        figure["ids"], figure["names"] = [name], [name]
        node.replace_self(figure)
        doctree.note_explicit_target(figure)
        domain.anonlabels[name] = app.env.docname, name
        domain.labels[name] = app.env.docname, name, re.sub(r"<[^>]+>", "", caption)


def setup(app):
    # after the standard domain has collected its own labels, before numbers are given
    app.connect("doctree-read", number_figures, priority=600)
