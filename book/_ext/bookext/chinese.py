"""Chinese words say so, to a voice that reads them and to the choice of a font."""

import re

# Code and drawings stay as they are; so does an attribute, for after it comes > before <.
KEPT = r"<(pre|code|figure|template)\b.*?</\1>"
WORDS = re.compile(KEPT + r"|[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+(?=[^<>]*<)", re.S)


def mark(app, pagename, templatename, context, doctree):
    def words(found):
        return found[0] if found[1] else f'<span lang="zh">{found[0]}</span>'

    context["body"] = WORDS.sub(words, context.get("body", ""))


def setup(app):
    app.connect("html-page-context", mark, priority=440)  # before sphinx-tippy takes its previews
