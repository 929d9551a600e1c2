"""What every page holds, and what it must not."""

import re

from sphinx.errors import ExtensionError

# Search highlighting and keyboard shortcuts of the basic theme; needed on the search page only.
UNUSED = ("sphinx_highlight", "doctools")
# docutils gives citations roles that ARIA 1.2 has deprecated or does not allow there, Sphinx the
# captions of the contents that of a heading without a level.
ROLES = re.compile(r' role="(doc-[a-z]+|list|heading)"')
# The corner of a Markdown table heads nothing.
CORNER = re.compile(r'<th class="head[^"]*">\s*(<p>\s*</p>)?\s*</th>')


def finish(app, pagename, templatename, context, doctree):
    body = context.get("body", "")
    if "<img" in body:
        raise ExtensionError(
            f"{pagename}: an image did not come through the figure path. "
            "Draw it and end the cell with lstm_lib.plots.show(fig, alt=..., caption=..., name=...)"
        )
    context["body"] = CORNER.sub("<td></td>", ROLES.sub("", body))
    context["furo_navigation_tree"] = ROLES.sub("", context.get("furo_navigation_tree", ""))
    if pagename != "search":
        context["script_files"] = [
            file for file in context["script_files"] if not any(u in str(file) for u in UNUSED)
        ]


def setup(app):
    app.setup_extension("furo")  # before the configuration is read: it defines pygments_dark_style
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it for sphinx_comments
    app.connect("html-page-context", finish, priority=900)
