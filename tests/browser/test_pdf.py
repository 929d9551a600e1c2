"""The book as one PDF: all pages in order, an outline, links that lead somewhere, nothing cut."""

import pypdf
import pytest

from classroom import pdf

# What reaches into the margin of the paper, and by how many pixels; headings do by a few.
CUT = """() => {
  const limit = document.querySelector("article").getBoundingClientRect().right + 8;
  return [...document.querySelectorAll("article *:not(svg *, .katex-mathml *)")]
    .map((e) => [e.className || e.tagName, e.getBoundingClientRect().right - limit])
    .filter(([, over]) => over > 0).map(([name, over]) => `${name}: ${over.toFixed(0)} px`);
}"""


@pytest.fixture
def names(site):
    return pdf.order(site)


def titles(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from titles(entry)
        else:
            yield entry.title


def test_the_order_is_that_of_the_contents(site, names):
    assert names[:2] == ["book/intro.html", "book/00-notation.html"]
    assert names[-1] == "book/references.html"
    assert len(set(names)) == len(names)
    assert {path.name for path in (site / "book").glob("[01]*.html")} <= {n[5:] for n in names}


@pytest.mark.slow
def test_the_whole_book_is_printed(site, names, browser, tmp_path):
    pdf.write(browser, site, tmp_path / "book.pdf")
    printed = pypdf.PdfReader(tmp_path / "book.pdf")
    outline = [*titles(printed.outline)]
    chapters = [f"{int(name[5:7])}. " for name in names if name[5].isdigit()]
    for start in (*chapters, "P8: ", "Glossary", "Library reference"):
        assert any(title.startswith(start) for title in outline), start
    assert any("循" in page.extract_text() for page in printed.pages)

    links = [link for page in printed.pages for link in page.get("/Annots", ())]
    actions = [link.get_object() for link in links]
    inside = [a["/Dest"] for a in actions if "/Dest" in a]
    places = printed.named_destinations
    assert len(inside) > 1000
    lost = [place for place in inside if isinstance(place, str) and place not in places]
    assert len(lost) < 10, lost  # Chromium forgets the name of one or two
    outside = [a["/A"]["/URI"] for a in actions if "/A" in a and "/URI" in a["/A"]]
    assert not [uri for uri in outside if uri.startswith("file:")]


@pytest.mark.slow
def test_nothing_is_cut(site, browser):
    with pdf.opened(browser, site) as page:
        page.set_viewport_size({"width": 658, "height": 900})  # A4 less its margins
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == []
