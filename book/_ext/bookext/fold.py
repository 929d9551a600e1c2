"""What folds is a native <details>: it works without script, by keyboard, and opens in print."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class details(nodes.Element):
    pass


class summary(nodes.TextElement):
    pass


class FoldDropdowns(SphinxPostTransform):
    """Fold each admonition, exercise or solution of class `dropdown` under its title."""

    default_priority = 900

    def run(self, **kwargs):
        for box in list(self.document.findall(nodes.Admonition)):
            if "dropdown" in box["classes"]:
                title, *body = box.children
                label = summary("", "", *title.children, classes=["admonition-title"])
                for link in list(label.findall(nodes.reference)):
                    link.replace_self(link.children)  # a link inside a button cannot be reached
                box.children = []
                box += details("", label, *body)


class FoldSources(SphinxPostTransform):
    """Fold the source of a cell tagged `hide-input`, and of one that checks a derivation's lines.

    Such a cell is tagged with the lines' labels, `step-...`; `show-input` keeps its source open.
    """

    default_priority = 100  # before myst-nb folds in its own way

    def run(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            check = any(name.startswith("tag_step-") for name in cell["classes"])
            if cell.get("nb_element") != "cell_code" or "tag_show-input" in cell["classes"]:
                continue
            if check or cell.get("hide_mode") == "input":
                cell["hide_mode"] = None
                label = summary("", "Checked by machine" if check else "Show the code")
                code = cell.children[0]
                fold = details(classes=["fold", *(["check"] if check else [])])
                cell.replace(code, fold)
                fold += [label, code]


def setup(app):
    for node in (details, summary):
        tag = node.__name__
        start = lambda self, node, tag=tag: self.body.append(self.starttag(node, tag, ""))  # noqa: E731
        end = lambda self, node, tag=tag: self.body.append(f"</{tag}>")  # noqa: E731
        app.add_node(node, html=(start, end))
    app.add_post_transform(FoldDropdowns)
    app.add_post_transform(FoldSources)
