"""Every page of the built book in a real browser: the counts that must be zero."""

import json
import os
import re

import pytest
from conftest import axe_source, pages

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# index.html only forwards to the first page.
every_page = pytest.mark.parametrize("path", [p for p in pages() if p != "index.html"])


def test_book_is_built(site):
    """Without a built book the tests below would have nothing to run on."""
    assert pages(), f"no page in {site}: run `make book`"


@every_page
def test_no_foreign_no_failed_request_no_error(open_page, path):
    page = open_page(path)
    page.mouse.wheel(0, 10_000)
    page.wait_for_load_state("networkidle")
    assert (page.log.foreign, page.log.failed, page.log.errors) == ([], [], [])


FORMULAS = r"""() => [...document.querySelectorAll('span.math, div.math')].map(box => {
  const shown = box.querySelectorAll('.katex-html');
  const rect = shown.length ? shown[0].getBoundingClientRect() : {width: 0};
  const folded = box.closest('details:not([open])') !== null;
  return {count: shown.length, width: rect.width, folded, text: shown.length ? shown[0].textContent : box.textContent};
})"""


@every_page
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_formulas_are_shown_once_and_not_raw(open_page, path, script):
    page = open_page(path, script=script)
    for formula in page.evaluate(FORMULAS):
        assert formula["count"] == 1, formula
        assert formula["width"] > 0 or formula["folded"], formula
        assert not re.search(r"\\[a-zA-Z]|\$", formula["text"]), formula
    raw = page.evaluate(
        r"""() => { const out = [], walk = document.createTreeWalker(document.querySelector('article'), 4);
        while (walk.nextNode()) {
          const text = walk.currentNode, parent = text.parentElement;
          if (!parent.closest('pre, code, script, style, template, .katex, dl.py')
              && /\\(frac|partial|textcolor|begin|mathrm|sum)|\$[^$]+\$/.test(text.data)) out.push(text.data);
        } return out; }"""
    )
    assert raw == []
    assert page.locator(".katex-error").count() == 0


@every_page
def test_axe_finds_nothing(open_page, path):
    """In light, at 360 px, and in dark, where only the colours differ."""
    page = open_page(path)
    page.evaluate("document.querySelectorAll('article details').forEach(d => d.open = true)")
    page.evaluate(axe_source().read_text(encoding="utf-8"))
    full = {"runOnly": RULES}
    colours = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
    for width, scheme, options in ((1280, "light", full), (360, "light", full), (1280, "dark", colours)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(f"axe.run(document, {json.dumps(options)})")["violations"]
        told = [(v["id"], v["help"], n["target"], n["html"][:160]) for v in found for n in v["nodes"]]
        assert (width, scheme, told) == (width, scheme, [])


@every_page
def test_images_and_figures_have_texts(open_page, path):
    page = open_page(path)
    nameless = page.evaluate(
        r"""() => [...document.querySelectorAll('article img, article svg')].filter(shape => {
          if (shape.closest('[aria-hidden=true], button, .katex') || shape.parentElement.closest('svg')) return false;
          const text = (shape.getAttribute('alt') || shape.getAttribute('aria-label') || '').trim();
          return text.split(/\s+/).length < 3 || /\.(png|svg|jpe?g)$/i.test(text);
        }).map(shape => shape.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    figures = page.evaluate(
        "() => [...document.querySelectorAll('article figure')].filter("
        "f => !f.id || !f.querySelector('figcaption .caption-text')?.textContent.trim()).length"
    )
    assert figures == 0


FOCUS = r"""() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const proxy = at.classList.contains('sidebar-toggle')
    ? getComputedStyle(document.querySelector(at.id === '__navigation' ? '.nav-overlay-icon' : '.toc-overlay-icon')) : style;
  at.dataset.visited = '1';
  return {name: at.outerHTML.slice(0, 120), formula: at.closest('.katex') !== null,
    ring: proxy.outlineStyle !== 'none' && parseFloat(proxy.outlineWidth) > 0,
    on_screen: box.right > 0 && box.left < innerWidth && box.width > 0 && style.visibility === 'visible',
    body: at === document.body};
}"""
UNREACHED = r"""() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex], [data-pick][role]')]
  .filter(e => !e.dataset.visited && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})
    && !e.closest('details:not([open]) > :not(summary)') && !e.disabled && e.type !== 'hidden'
    && !(e.type === 'radio' && document.querySelector(`[name="${e.name}"][data-visited]`)))
  .map(e => e.outerHTML.slice(0, 120))"""


@every_page
@pytest.mark.parametrize("width", [1280, 360])
def test_keyboard_reaches_everything_with_visible_focus(open_page, path, width):
    if path.startswith(("_modules/", "genindex", "py-modindex")):
        pytest.skip("links only, made by Sphinx")
    page = open_page(path, width)
    page.keyboard.press("Tab")
    for _ in range(3000):
        at = page.evaluate(FOCUS)
        if at["body"]:
            break
        assert at["ring"], f"no visible focus: {at}"
        assert at["on_screen"], f"focus off the screen: {at}"
        assert not at["formula"], f"a formula is a tab stop: {at}"
        page.keyboard.press("Tab")
    assert page.evaluate(UNREACHED) == []


@every_page
@pytest.mark.parametrize("width", [360, 320])
def test_nothing_overflows(open_page, path, width):
    page = open_page(path, width)
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('article *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100)).slice(0, 5) : []"""
    )
    assert wide == []


@every_page
def test_main_line_formulas_fit_a_phone(open_page, path):
    page = open_page(path, 360)
    cut = page.evaluate(
        r"""() => [...document.querySelectorAll('article .katex-display, article p span.math, article li span.math')]
        .filter(box => !box.closest('details'))
        .filter(box => { const shown = box.querySelector('.katex-html') || box;
          return box.scrollWidth > box.clientWidth + 1 && box.classList.contains('katex-display')
            || shown.scrollWidth > shown.clientWidth + 1 && getComputedStyle(shown).overflowX !== 'visible'
            || shown.getBoundingClientRect().right > innerWidth; })
        .map(box => box.querySelector('annotation')?.textContent)"""
    )
    assert cut == []


@every_page
def test_equation_references_show_the_equation(open_page, path):
    page = open_page(path)
    links = page.locator('article a.reference[href*="#equation-"]')
    for k in range(links.count()):
        link = links.nth(k)
        if not link.is_visible():
            continue
        link.focus()
        tip = page.locator(".tippy-box .katex-html")
        tip.first.wait_for(state="visible", timeout=2000)
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur(); tippy.hideAll({duration: 0})")
    if links.count():
        page.locator(".tippy-box").first.wait_for(state="detached", timeout=2000)
        first = next(link for link in links.all() if link.is_visible())
        first.hover()
        page.locator(".tippy-box .katex-html").first.wait_for(state="visible", timeout=2000)


@every_page
def test_internal_links_and_downloads_lead_somewhere(site, open_page, path):
    page = open_page(path)
    for href in page.evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.href)"):
        if href.startswith("file:"):
            from urllib.parse import unquote, urlsplit

            target = unquote(urlsplit(href).path)
            assert os.path.exists(target), f"{path} leads to {href}"
    button = page.locator("a.page-tool[download]")
    if button.count():
        source = site / "_sources" / path.replace(".html", ".ipynb")
        assert json.loads(source.read_text(encoding="utf-8"))["cells"]
        with page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename == source.name


def test_colour_scheme_follows_the_system_and_has_a_switch(open_page):
    def paper(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    first = "book/intro.html"
    assert paper(open_page(first, scheme="light")) != paper(open_page(first, scheme="dark"))
    dark = paper(open_page(first, scheme="dark"))
    assert paper(open_page(first, scheme="dark", script=False)) == dark
    page = open_page(first, scheme="light")
    light = paper(page)
    for _ in range(2):
        page.locator(".theme-toggle:visible").click()
    assert {light, paper(page)} == {light, dark} or paper(page) == light
    seen = {paper(page)}
    for _ in range(3):
        page.locator(".theme-toggle:visible").click()
        seen.add(paper(page))
    assert seen == {light, dark}


def test_search_works_offline(open_page):
    page = open_page("book/intro.html")
    assert page.locator('script[src*="searchindex"]').count() == 0
    page.locator("input.sidebar-search").fill("gradient")
    page.keyboard.press("Enter")
    page.locator("#search-results li").first.wait_for(timeout=5000)
    assert (page.log.foreign, page.log.failed, page.log.errors) == ([], [], [])


def test_print_opens_what_is_folded(open_page):
    for path in pages():
        page = open_page(path)
        if page.locator("article details").count():
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert page.locator("article details:not([open])").count() == 0
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert page.locator("article details:not([open])").count() > 0
