"""Chinese words say so, to a voice that reads them and to the choice of a font."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

RUN = re.compile(r"([\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+)")


class Chinese(SphinxPostTransform):
    default_priority = 900  # after references have become text
    formats = ("html",)

    def run(self):
        for text in list(self.document.findall(nodes.Text)):
            if RUN.search(text) and not isinstance(text.parent, nodes.raw | nodes.literal_block):
                text.parent.replace(text, [part for part in map(marked, RUN.split(text)) if part])


def marked(text):
    """A run of Chinese becomes <span lang="zh">, other text stays."""
    # docutils writes a class language-zh as lang.
    return nodes.inline("", text, classes=["language-zh"]) if RUN.match(text) else nodes.Text(text)


def setup(app):
    app.add_post_transform(Chinese)
