"""Lines of code know the names that they compute, for the terms of equations to find them."""

import re
from html import unescape

CELL = re.compile(r'(<div class="cell[^"]* tag_terms[^"]*">.*?<pre>)(.*?)(</pre>)', re.S)
# dc[t] = ..., da_i, da_f = ..., W_x=sum(...), h.append(...), def affine(k):
TARGETS = re.compile(r"\s*(?:def (\w+)|(\w+)\.append\(|([\w\[\], +-]+?)\s*[+]?=(?!=))")


def names(line):
    """The names that a line of code computes, without indices."""
    found = TARGETS.match(line)
    text = next(filter(None, found.groups())) if found else ""
    return re.findall(r"[A-Za-z]\w*", re.sub(r"\[.*?\]", "", text))


def mark_line(line):
    computed = names(unescape(re.sub(r"<[^>]+>", "", line)))
    if not computed:
        return line
    label = f"computes {', '.join(computed)}"
    data = f'data-term="{" ".join(computed)}" tabindex="0" role="group" aria-label="{label}"'
    return f"<span {data}>{line}</span>"


def mark(app, pagename, templatename, context, doctree):
    def lines(cell):
        marked = "\n".join(map(mark_line, cell[2].split("\n")))
        return cell[1] + marked + cell[3]

    context["body"] = CELL.sub(lines, context.get("body", ""))


def setup(app):
    app.connect("html-page-context", mark)
