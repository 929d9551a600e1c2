"""Equations, figures and exercises carry their chapter's number: 4.3 is the third of chapter 4."""

import re


def by_chapter(app, env):
    """Number anew, and have every page written: previews of equations are taken while writing."""
    for page, kinds in env.toc_fignumbers.items():
        chapter = tuple(map(int, re.findall(r"book/0*(\d+)-", page)))
        for numbers in kinds.values():
            numbers.update({name: (*chapter, k) for k, name in enumerate(numbers, 1)})
    return list(env.all_docs)


def setup(app):
    app.connect("env-get-updated", by_chapter, priority=900)  # after Sphinx has counted
