"""Equations, figures and exercises carry their chapter's number: 4.3 is the third of chapter 4."""

import re
from copy import deepcopy

CHAPTER = re.compile(r"book/0*(\d+)-")


def by_chapter(app, env):
    env.book_running_numbers = deepcopy(env.toc_fignumbers)
    for page, kinds in env.toc_fignumbers.items():
        chapter = tuple(map(int, CHAPTER.findall(page)))
        for numbers in kinds.values():
            numbers.update({name: (*chapter, k) for k, name in enumerate(numbers, 1)})
    return []


def restore(app, env, docnames):
    """Give Sphinx its own numbers back to compare with, or it writes every page anew each time."""
    env.toc_fignumbers = getattr(env, "book_running_numbers", env.toc_fignumbers)


def setup(app):
    app.connect("env-before-read-docs", restore)
    app.connect("env-get-updated", by_chapter, priority=900)  # after Sphinx has counted
