"""What every page holds, and what it must not."""

import re

from sphinx.errors import ExtensionError

UNUSED = ("sphinx_highlight", "doctools", "language_data", "design-tabs", "require", "html-manager")


def needed(file):
    name = str(getattr(file, "filename", file) or "")
    return not any(part in name for part in UNUSED)


def finish(app, pagename, templatename, context, doctree):
    if "<img" in context.get("body", ""):
        raise ExtensionError(
            f"{pagename}: an image did not come through the figure path. "
            "Draw it and end the cell with lstm_lib.plots.show(fig, alt=..., caption=..., name=...)"
        )
    if pagename != "search":
        context["script_files"] = [f for f in context["script_files"] if needed(f)]
    source = context.get("sourcename") or ""
    context["notebook"] = source if source.endswith(".ipynb") else ""
    context["book_repository"] = app.config.book_repository


def set_repository(app, config):
    """The edit button is Furo's, the other one ours; both follow from one address."""
    if config.book_repository:
        config.html_theme_options.update(
            source_repository=config.book_repository, source_branch="main", source_directory=""
        )


def setup(app):
    app.setup_extension("furo")  # before the configuration is read: it defines pygments_dark_style
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it for sphinx_comments
    app.add_config_value("book_repository", "", "html", [str])
    app.connect("config-inited", set_repository)
    app.connect("html-page-context", finish, priority=900)
