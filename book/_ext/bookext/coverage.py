"""Each row of book/seeds.yml is covered: by a cell tagged `covers-S1-9`, or by a Markdown page.

A Markdown page names its rows in its front matter, `covers: [S1-9]`. A row without a page, or a
name that is no row's, stops the build. `{coverage} S0 R` lists the rows S0-1 to R6, each with links
to where it is covered; `{coverage} E1` gives the links of that row alone, but for the page itself.
"""

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

TAG = "covers-"
FENCED = re.compile(r"^(`{3,}).*?^\1", re.M | re.S)
HEADING = re.compile(r"^#{1,6} ", re.M)
FRONT = re.compile(r"---\n(.*?)^---$", re.M | re.S)
log = logging.getLogger(__name__)


def seeds(root):
    """Text of each row."""
    return yaml.safe_load((root / "book" / "seeds.yml").read_text(encoding="utf-8"))


def rows(file):
    """Pairs (row, k): what a page covers, under its heading number k, counted from 0."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        front = FRONT.match(text)
        return [(row, 0) for row in (yaml.safe_load(front[1]) if front else {}).get("covers", ())]
    pairs, headings = [], 0
    for cell in json.loads(text)["cells"]:
        words = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
        own = len(HEADING.findall(FENCED.sub("", words)))
        under = headings if own else headings - 1
        tags = cell["metadata"].get("tags", ())
        pairs += [(tag.removeprefix(TAG), under) for tag in tags if tag.startswith(TAG)]
        headings += own
    return pairs


def places(env):
    """Map each covered row to its places, [(page, k), ...], without repetition."""
    found = {}
    for page in sorted(env.found_docs):
        for row, k in rows(Path(env.doc2path(page))):
            found.setdefault(row, {})[page, k] = None
    return {row: [*where] for row, where in found.items()}


def check(app, env):
    known, covered = seeds(Path(app.srcdir)), places(env)
    for row in sorted(known.keys() - covered.keys()):
        log.warning("book/seeds.yml: row %s is covered by no page", row)
    for row in sorted(covered.keys() - known.keys()):
        log.warning("%s%s: book/seeds.yml has no such row", TAG, row, location=covered[row][0][0])


class Listing(nodes.General, nodes.Element):
    """Rows to be listed once all pages are read."""


class Coverage(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        return [Listing(rows=self.arguments[0].split())]


def link(app, here, page, k):
    """To the page's heading number k, as the contents of the page have it."""
    heading = [*app.env.tocs[page].findall(nodes.reference)][k]
    address = app.builder.get_relative_uri(here, page) + heading["anchorname"]
    chapter = re.match(r"book/0*(\d+)-", page)
    name = f"chapter {chapter[1]}" if chapter else app.env.titles[page].astext()
    words = [nodes.Text(f"{name}: "), *heading.deepcopy().children] if k else [nodes.Text(name)]
    return nodes.reference("", "", *words, internal=True, refuri=address)


def fill(app, doctree, here):
    listings = [*doctree.findall(Listing)]
    known, covered = (seeds(Path(app.srcdir)), places(app.env)) if listings else ({}, {})

    def links(row):
        where = [at for at in covered.get(row, ()) if at[0] != here]
        return nodes.line_block("", *(nodes.line("", "", link(app, here, *at)) for at in where))

    def item(row):
        term = nodes.term("", f"{row}. {known[row]}", ids=[row])
        return nodes.definition_list_item("", term, nodes.definition("", links(row)))

    for listing in listings:
        one, *_ = wanted = listing["rows"]
        chosen = [row for row in known if re.match(r"S\d|[RE]", row)[0] in wanted]
        listing.replace_self(
            links(one) if one in known else nodes.definition_list("", *map(item, chosen))
        )


def setup(app):
    app.add_directive("coverage", Coverage)
    app.connect("env-check-consistency", check)
    app.connect("doctree-resolved", fill)
