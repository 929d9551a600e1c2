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
                label = summary("", "", *title.children)
                for link in list(label.findall(nodes.reference)):
                    link.replace_self(link.children)  # a link inside a button cannot be reached
                box.children = []
                box += details("", label, *body)


class FoldChecks(SphinxPostTransform):
    """Fold the source of a cell that checks lines of a derivation (a tag `step-...`)."""

    default_priority = 100  # before myst-nb hides the input

    def run(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            steps = [c[len("tag_") :] for c in cell["classes"] if c.startswith("tag_step-")]
            if steps and "tag_show-input" not in cell["classes"]:
                cell["classes"].append("check")
                cell["hide_mode"] = "input"
                cell["prompt_show"] = cell["prompt_hide"] = "Checked by machine"


def setup(app):
    for node, attributes in ((details, ""), (summary, ' class="admonition-title"')):
        tag = node.__name__
        start, end = f"<{tag}{attributes}>", f"</{tag}>"
        app.add_node(
            node,
            html=(
                lambda self, node, start=start: self.body.append(start),
                lambda self, node, end=end: self.body.append(end),
            ),
        )
    app.add_post_transform(FoldDropdowns)
    app.add_post_transform(FoldChecks)
