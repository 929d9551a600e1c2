"""The built book as one way from its first page to its last, and its search in two languages."""

import re
from html import unescape

import pytest
from bs4 import BeautifulSoup

from tests.test_book import CONTENTS

TERM = re.compile(r'<dt id="([^"]+)">(.*?)<a class="headerlink"', re.S)
# Pages that Sphinx's own search finds, best first: name and place.
FOUND = """(query) => Search._performSearch(...Search._parseQuery(query))
  .map(([page, , place]) => [page, place]).reverse()"""


def neighbours(site, page):
    """Where the links at the foot of a page lead."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    found = (re.search(rf'class="{k}-page" href="([^"]+)"', text) for k in ("prev", "next"))
    here = (site / f"{page}.html").parent
    return tuple(
        link and (here / link[1]).resolve().relative_to(site).with_suffix("").as_posix()
        for link in found
    )


def test_previous_and_next_lead_through_the_book_in_order(site):
    before, after = [None, *CONTENTS[:-1]], [*CONTENTS[1:], None]
    for page, *expected in zip(CONTENTS, before, after, strict=True):
        assert neighbours(site, page) == tuple(expected), page


def test_search_finds_every_term_of_the_glossary(site, open_page):
    glossary = (site / "book/glossary.html").read_text(encoding="utf-8")
    terms = [(place, unescape(re.sub("<.*?>", "", name))) for place, name in TERM.findall(glossary)]
    assert len(terms) > 200
    page = open_page("search.html")
    page.goto(f"{page.url}?q=gradient")
    page.locator("#search-results li").first.wait_for()
    for place, term in terms:
        assert page.evaluate(FOUND, term)[0] == ["book/glossary", f"#{place}"], term


@pytest.mark.parametrize("term", ["循环神经网络", "递归", "遗忘门", "独热", "forget gate", "BPTT"])
def test_a_term_typed_into_the_search_field_leads_to_its_entry(open_page, term):
    page = open_page("book/04-bptt.html")
    page.locator("input.sidebar-search").fill(term)
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/book/glossary.html#term-*")
    entry = page.locator(f"[id='{page.url.rpartition('#')[2]}']")
    assert term in entry.inner_text()
    assert (page.log.foreign, page.log.failed, page.log.errors) == ([], [], [])


def test_chinese_words_say_that_they_are_chinese(site):
    found, chinese = 0, re.compile("[\u4e00-\u9fff]")
    texts = {page: (site / f"{page}.html").read_text(encoding="utf-8") for page in CONTENTS}
    for page in filter(lambda page: chinese.search(texts[page]), CONTENTS):
        article = BeautifulSoup(texts[page], "html.parser").article
        for word in article.find_all(string=chinese):
            if not word.find_parent(["pre", "code", "template", "figure"]):
                assert word.find_parent(lang="zh"), (page, word)
                found += 1
    assert found > 100
