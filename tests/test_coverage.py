"""Each row of the sources is covered by a chapter, and no tag of a notebook means nothing."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from bookext import coverage

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
SEEDS = coverage.seeds(ROOT)
LAST = {"S0-": 13, "R": 6, "S1-": 31, "S2-": 12, "E": 28}
CHAPTERS = sorted(BOOK.glob("[0-9]*.ipynb"))
PAGES = sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")])
KNOWN = {
    *("remove-cell", "hide-input", "hide-output", "show-input", "terms"),
    *("keep_output", "nbval-check-output"),
}


def cells(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_the_rows_are_those_of_the_three_sources_and_their_errata():
    expected = [f"{source}{k}" for source, n in LAST.items() for k in range(1, n + 1)]
    assert [*SEEDS] == expected
    assert len(set(SEEDS.values())) == len(SEEDS)
    assert all(len(text.split()) > 2 and "\n" not in text for text in SEEDS.values())


def test_each_row_is_covered_by_a_chapter():
    covered = {row for page in CHAPTERS for row, _ in coverage.rows(page)}
    assert covered == set(SEEDS)


def test_each_erratum_is_shown_by_a_cell_that_asserts():
    errata = cells(BOOK / "errata.ipynb")
    shown = {tag: "".join(c["source"]) for c in errata for tag in tags(c) if tag[:7] == "covers-"}
    assert sorted(shown) == sorted(f"covers-E{k}" for k in range(1, 29))
    assert all("assert " in source or "raise " in source for source in shown.values())
    for text in ("".join(c["source"]) for c in errata if c["cell_type"] == "markdown"):
        for number, listed in re.findall(r"### (E\d+)\. .*```{coverage} (\w+)\n```", text, re.S):
            assert number == listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_row_is_unknown(page):
    assert {row for row, _ in coverage.rows(page)} <= set(SEEDS)


@pytest.mark.parametrize("notebook", sorted(BOOK.glob("*.ipynb")), ids=lambda page: page.stem)
def test_no_tag_is_unknown(notebook):
    used = {tag for cell in cells(notebook) for tag in tags(cell)}
    unknown = {tag for tag in used if not tag.startswith(("step-", "covers-"))} - KNOWN
    assert not unknown, f"known are step-*, covers-* and {', '.join(sorted(KNOWN))}"


def notebook(path, *cells):
    kept = [
        {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}}
        for kind, source, *tags in cells
    ]
    path.write_text(json.dumps({"cells": kept}), encoding="utf-8")
    return path


def test_a_cell_belongs_to_its_own_heading_or_to_the_last_before_it(tmp_path):
    page = notebook(
        tmp_path / "page.ipynb",
        ("markdown", "# Title", "covers-E1"),
        ("markdown", "(label)=\n## First\n\n```bash\n# no heading\n```", "covers-E2"),
        ("code", "# no heading", "covers-E3", "hide-input"),
        ("markdown", "no heading", "covers-E4"),
        ("markdown", "## Second\n\n### Third", "covers-E5"),
        ("code", "", "covers-E6"),
    )
    expected = {"E1": 0, "E2": 1, "E3": 1, "E4": 1, "E5": 2, "E6": 3}
    assert coverage.rows(page) == [*expected.items()]


def test_a_markdown_page_names_its_rows_in_its_front_matter(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("---\ncovers: [S1-9, E6]\n---\n\n# Title\n", encoding="utf-8")
    assert coverage.rows(page) == [("S1-9", 0), ("E6", 0)]
    page.write_text("# Title\n\n---\n\ncovers: [S1-9]\n", encoding="utf-8")
    assert coverage.rows(page) == []


@pytest.fixture
def warned(monkeypatch, tmp_path):
    """What the build says of pages with the given cells and the rows E1 and E2."""

    def said(*cells):
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book/seeds.yml").write_text("E1: one\nE2: two\n", encoding="utf-8")
        page, messages = notebook(tmp_path / "book/page.ipynb", *cells), []
        log = SimpleNamespace(warning=lambda text, *args, **_: messages.append(text % args))
        monkeypatch.setattr(coverage, "log", log)
        env = SimpleNamespace(found_docs={"book/page"}, doc2path=lambda _: page)
        coverage.check(SimpleNamespace(srcdir=tmp_path), env)
        return messages

    return said


def test_the_build_warns_of_a_row_without_a_page_and_of_a_tag_without_a_row(warned):
    both = ("markdown", "# Title", "covers-E1", "covers-E2")
    assert warned(both) == []
    assert warned(both[:3]) == ["book/seeds.yml: row E2 is covered by no page"]
    assert warned((*both, "covers-E3")) == ["covers-E3: book/seeds.yml has no such row"]
