"""What folds is a native <details>: it works without script, by keyboard, and opens in print."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


def folded(opening, label, body):
    """The nodes of a closed <details> whose two opening tags are given."""

    def tag(html):
        return nodes.raw("", html, format="html")

    return [tag(opening), *label, tag("</summary>"), *body, tag("</details>")]


class FoldDropdowns(SphinxPostTransform):
    """Fold each admonition, exercise or solution of class `dropdown` under its title."""

    default_priority = 900

    def run(self, **kwargs):
        for box in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in box["classes"]:
                title, *body = box.children
                for link in list(title.findall(nodes.reference)):
                    link.replace_self(link.children)  # a link inside a button cannot be reached
                box.children = []
                box += folded('<details><summary class="admonition-title">', title.children, body)


PARTS = {"input": (slice(1), "Show the code"), "output": (slice(1, None), "Show the numbers")}


class FoldCells(SphinxPostTransform):
    """Fold the source of a cell tagged `hide-input`, and of one that checks a derivation's lines.

    Such a cell is tagged with the lines' labels, `step-...`; `show-input` keeps its source open.
    `hide-output` folds what a cell prints, for a reader who has just been asked for it.
    """

    default_priority = 100  # before myst-nb folds in its own way

    def run(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            check = any(name.startswith("tag_step-") for name in cell["classes"])
            if cell.get("nb_element") != "cell_code" or "tag_show-input" in cell["classes"]:
                continue
            if mode := "input" if check else cell.get("hide_mode"):
                cell["hide_mode"], (part, words) = None, PARTS[mode]
                opening = f'<details class="fold{" check" if check else ""}"><summary>'
                label = nodes.Text("Checked by machine" if check else words)
                cell[part] = folded(opening, [label], cell[part])


def setup(app):
    app.add_post_transform(FoldDropdowns)
    app.add_post_transform(FoldCells)
