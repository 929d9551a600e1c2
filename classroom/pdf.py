"""The whole book as one PDF, printed by Chromium from the built pages; `make pdf`.

    python -m classroom.pdf [SITE] [OUT]

The articles of all pages, in the book's order, become one document, so that links between pages
lead to places in it and Chromium writes the outline from its headings.
"""

import argparse
import html
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from tqdm.auto import tqdm

ROOT = Path(__file__).parents[1]
NAMES = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
REFERENCES = "id", "for", "href", "xlink:href", "aria-labelledby", "aria-describedby", "headers"
LEFT_OUT = "script, template, .headerlink, .content-icon-container, nav, form button"
STYLE = """
@page { size: A4; margin: 18mm 18mm 20mm; }
html, body { background: white; }
article { break-before: page; }
article:first-of-type { break-before: auto; }
h1, h2, h3, h4 { break-after: avoid; }
table, .math-wrapper, .figure-frame, figcaption { break-inside: avoid; }
.figure svg { max-height: 85mm; }
.explore .figure-key { display: inline-block !important; width: 49%; vertical-align: top; }
p { orphans: 2; widows: 2; }
"""
FOOTER = """<p style="width: 100%; margin: 0; text-align: center; font: 8pt sans-serif">
<span class="pageNumber"></span></p>"""


def find_browser():
    """Path of the first browser found, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def order(site):
    """Names of the pages, from the welcome page along the links to the next."""
    names, name = [], "book/intro.html"
    while name and name not in names:
        names.append(name)
        head, *_ = (site / name).read_text(encoding="utf-8").partition("</head>")
        following = BeautifulSoup(head, "html.parser").select_one("link[rel=next]")
        name = following and urljoin(name, following["href"])
    return names


def article(soup, name, names):
    """The article of a page, its identifiers made unique and its links those of the document."""
    found = soup.find("article")
    for element in found.select(LEFT_OUT):
        element.decompose()
    for fold in found.find_all("details"):
        fold["open"] = ""
    for element in found.find_all(True):
        for attribute in REFERENCES:
            if attribute in element.attrs:
                value = _reference(attribute, element[attribute], name, names)
                if value is None:
                    del element[attribute]
                else:
                    element[attribute] = value
        for attribute in ("clip-path", "fill", "mask", "style"):
            if "url(#" in element.get(attribute, ""):
                element[attribute] = element[attribute].replace("url(#", f"url(#{_anchor(name)}--")
        if "src" in element.attrs:
            element["src"] = urljoin(name, element["src"])
    found["id"] = _anchor(name)
    return str(found)


def _anchor(name):
    return re.sub(r"\W+", "-", name.removesuffix(".html"))


def _reference(attribute, value, name, names):
    """An identifier or a link as it is called in the document; None for what is not in it."""
    if "href" not in attribute:
        return " ".join(f"{_anchor(name)}--{one}" for one in value.split())
    if urlsplit(value).scheme:
        return value
    page, _, place = urljoin(name, value).partition("#")
    if page not in names:
        return None
    return f"#{_anchor(page)}" + (f"--{place}" if place else "")


def document(site, names):
    """The HTML of all pages; links and pictures are relative to the site."""
    soups = {
        name: BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")
        for name in tqdm(names, unit="page", file=sys.stderr)
    }
    head = next(iter(soups.values())).head
    sheets = [
        f'<link rel="stylesheet" href="{urljoin(names[0], link["href"])}">'
        for link in head.find_all("link", rel="stylesheet")
    ]
    sheets += [str(style) for style in head.find_all("style")]
    title = html.escape(head.title.get_text())
    articles = "\n".join(article(soup, name, names) for name, soup in soups.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'{"".join(sheets)}<style>{STYLE}</style></head><body data-theme="light">'
        f'<div class="content">{articles}</div></body></html>'
    )


@contextmanager
def opened(chromium, site):
    """A page that shows the whole book."""
    with tempfile.NamedTemporaryFile("w", dir=site, suffix=".html", encoding="utf-8") as whole:
        whole.write(document(site, order(site)))
        whole.flush()
        page = chromium.new_page(color_scheme="light")
        page.goto(Path(whole.name).resolve().as_uri(), timeout=300_000)
        page.evaluate("document.fonts.ready")
        yield page
        page.close()


def write(chromium, site, out):
    """Print the built site into one PDF file."""
    with opened(chromium, site) as page:
        page.pdf(
            path=out,
            prefer_css_page_size=True,
            print_background=True,
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="classroom.pdf", description=__doc__.split("\n\n")[0])
    parser.add_argument("site", nargs="?", default=ROOT / "_build" / "html", type=Path)
    parser.add_argument("out", nargs="?", default=ROOT / "_build" / "book.pdf", type=Path)
    given = parser.parse_args(arguments)
    if not (given.site / "book" / "intro.html").exists():
        sys.exit(f"{given.site}: no built book there; run make book first")
    browser = find_browser()
    if browser is None:
        sys.exit("no Chromium found: on Debian and Ubuntu, sudo apt install chromium")
    from playwright.sync_api import sync_playwright  # the tests' browser is found without it

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        write(chromium, given.site, given.out)
    print(f"The book as a PDF: {given.out}")


if __name__ == "__main__":
    main()
