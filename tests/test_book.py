"""What holds of every chapter and page: what it needs, what it cites, its place in the book."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bookext import terms

from lstm_lib.plots import COLOURS

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("[0-9]*.ipynb"))
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


def text(page):
    """Prose of a page: of a notebook its Markdown cells."""
    source = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return source
    cells = json.loads(source)["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def pages(entry):
    """The pages below an entry of the table of contents, in order."""
    for key in ("root", "file"):
        if key in entry:
            yield entry[key]
    for key in ("parts", "chapters", "sections"):
        for below in entry.get(key, ()):
            yield from pages(below)


CONTENTS = [*pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_says_what_it_needs_and_takes(chapter):
    title = text(chapter).split("\n## ")[0]
    found = re.search(r"\*\*You need\*\* .+ \*\*Time:\*\* \d+ minutes to read", title)
    assert found, "before the first ##: **You need** ... **Time:** N minutes to read"


def test_each_page_stands_in_the_contents_once():
    files = [
        p for pattern in ("*.ipynb", "*.md", "assignments/*.ipynb") for p in BOOK.glob(pattern)
    ]
    found = Counter(f.relative_to(ROOT).with_suffix("").as_posix() for f in files)
    missing, lost = found - Counter(CONTENTS), Counter(CONTENTS) - found
    assert not missing, f"write into _toc.yml: {', '.join(missing)}"
    assert not lost, f"in _toc.yml twice or without a file: {', '.join(lost)}"


def test_chapters_come_in_order_and_the_appendices_last():
    numbered = [page for page in CONTENTS if re.match(r"book/\d", page)]
    chapters = [f"book/{c.stem}" for c in CHAPTERS]
    assert numbered == chapters == CONTENTS[1 : 1 + len(CHAPTERS)], "order them in _toc.yml"
    appendices = [
        "notation",
        "glossary",
        "errata",
        "coverage",
        "yardstick",
        "reference",
        "references",
    ]
    assert CONTENTS[-7:] == [f"book/{name}" for name in appendices]


def test_each_figure_of_the_book_has_a_name_of_its_own():
    """A name is a label of the whole book: of two equal ones {numref} finds only one."""
    found = Counter(
        name
        for page in BOOK.glob("*.ipynb")
        for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
        for name in re.findall(r'name="(fig-[^"]+)"', "".join(cell["source"]))
    )
    assert len(found) > 50
    twice = [name for name, times in found.items() if times > 1]
    assert twice == [], "give one of the figures another name"


def test_all_that_is_cited_is_listed_and_all_that_is_listed_is_cited():
    bibliography = (BOOK / "references.bib").read_text(encoding="utf-8")
    listed = re.findall(r"^@\w+\{(.+),$", bibliography, re.M)
    assert len(listed) == len(set(listed))
    sources = [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md"), *BOOK.glob("assignments/**/*.ipynb")]
    keys = ",".join(",".join(CITED.findall(text(page))) for page in sources)
    cited = {key.strip() for key in keys.split(",")} - {""}
    assert cited <= set(listed), f"write into references.bib: {cited - set(listed)}"
    assert set(listed) <= cited, f"cite, or take out of references.bib: {set(listed) - cited}"


def code(page):
    """Pairs (tags, cell) of a notebook's code cells."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    return [(c["metadata"].get("tags", ()), c) for c in cells if c["cell_type"] == "code"]


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_kept_output_is_there(page):
    """The comparison of outputs finds nothing to compare in a cell that stores none."""
    empty = [c["id"] for tags, c in code(page) if "keep_output" in tags and not c["outputs"]]
    assert not empty, f"cells without output: make keep NOTEBOOK=book/{page.name}"


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda path: path.stem)
def test_colours_and_terms_of_formulas_have_a_meaning(page):
    colours = set(re.findall(r"\\textcolor\{(\w+)\}", text(page)))
    assert colours <= set(COLOURS), f"not in lstm_lib/colours.toml: {colours - set(COLOURS)}"
    lines = "\n".join("".join(c["source"]) for tags, c in code(page) if "terms" in tags)
    computed = {name for line in lines.split("\n") for name in terms.names(line)}
    marked = set(re.findall(r"\\term\{(\w+)\}", text(page)))
    assert marked <= computed, f"in no cell tagged `terms` is computed: {marked - computed}"


def test_the_three_articles_are_cited_by_their_titles():
    titles = ("LSTM的反向传播过程推导", "RNN,LSTM,GRU基本原理的个人理解", "LSTM计算过程推导")
    for name in ("references.md", "coverage.md", "errata.ipynb"):
        assert all(title in text(BOOK / name) for title in titles), name


def entries():
    """Terms of each entry of the glossary."""
    blocks = re.findall(r"```{glossary}\n(.*?)```", text(BOOK / "glossary.md"), re.S)
    return [
        [*filter(None, e.split("\n  ")[0].split("\n"))] for b in blocks for e in b.split("\n\n")
    ]


def test_each_entry_of_the_glossary_has_names_in_both_languages():
    assert len(entries()) > 80
    for names in entries():
        chinese = [name for name in names if re.search(r"[\u4e00-\u9fff]", name)]
        assert 0 < len(chinese) < len(names), names
