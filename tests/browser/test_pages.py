"""Every page of the built book in a real browser: the counts that must be zero."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from conftest import ROOT, pages, share

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
COLOURS = ["color-contrast", "link-in-text-block"]
FIRST = "book/intro.html"
# index.html only forwards to the first page.
PAGES = [path for path in pages() if path != "index.html"]
# With the module's scope pytest takes all tests of a path in turn, and same_page can keep it open.
every_page = pytest.mark.parametrize("path", PAGES, scope="module")
# Source pages differ in their code and links only: one stands for all.
KINDS = [p for p in PAGES if not p.startswith("_modules/") or p == "_modules/lstm_lib/lstm.html"]
every_kind_of_page = pytest.mark.parametrize("path", KINDS, scope="module")


def test_book_is_built(site):
    """Without a built book the tests below would have nothing to run on."""
    assert pages(), f"no page in {site}: run `make book`"


@every_page
def test_no_foreign_no_failed_request_no_error(same_page, path):
    page = same_page(path)
    page.wait_for_load_state("networkidle")
    assert (page.log.foreign, page.log.failed, page.log.errors) == ([], [], [])


@every_kind_of_page
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_formulas_are_shown_once_and_not_raw(same_page, open_page, path, script):
    page = same_page(path) if script else open_page(path, script=False)
    for formula in page.probe("formulas"):
        assert formula["count"] == 1, formula
        assert formula["width"] > 0 or formula["folded"], formula
        assert not re.search(r"\\[a-zA-Z]|\$", formula["text"]), formula
    assert page.probe("raw") == []
    assert page.locator(".katex-error").count() == 0


@every_kind_of_page
def test_axe_finds_nothing(open_page, path):
    """In light, at 360 px, where the colours are the same, and in dark, where only they differ.

    Contrast takes most of the time: of formulas and programs with equal colours one is looked at.
    """
    page = open_page(path)
    page.evaluate("document.querySelectorAll('article details').forEach(d => d.open = true)")
    page.evaluate((share() / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))

    def found(width, scheme, **options):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"innerWidth === {width}")
        page.evaluate(DRAWN)  # what scrolls at this width has been marked
        violations = page.evaluate(f"axe.run({json.dumps(options)}).then(r => r.violations)")
        return [(v["id"], n["target"], n["html"][:160]) for v in violations for n in v["nodes"]]

    page.probe("thin")
    assert found(1280, "light", runOnly=RULES) == []
    layout = {rule: {"enabled": False} for rule in COLOURS}
    assert found(360, "light", runOnly=RULES, rules=layout) == []
    assert found(1280, "dark", runOnly=COLOURS) == []


@every_kind_of_page
def test_images_and_figures_have_texts(same_page, path):
    page = same_page(path)
    assert page.probe("nameless") == []
    assert page.probe("captionless") == []


@every_kind_of_page
@pytest.mark.parametrize("width", [1280, 360])
def test_keyboard_reaches_everything_with_visible_focus(open_page, path, width):
    page = open_page(path, width)
    page.keyboard.press("Tab")
    while not (at := page.probe("focused"))["done"]:
        assert at["ring"], f"no visible focus: {at['element']}"
        assert at["shown"], f"focus on something that is not shown: {at['element']}"
        assert not at["formula"], f"a formula is a tab stop: {at['element']}"
        page.keyboard.press("Tab")
    assert page.probe("unreached") == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize(
    ("switch", "link"),
    [("__navigation", ".sidebar-drawer a.reference"), ("__toc", ".toc-tree ul ul a.reference")],
)
def test_drawers_open_and_close_on_a_phone(open_page, switch, link, script):
    page = open_page("book/04-bptt.html", 360, script=script)
    inside = page.locator(link).first
    page.locator(f"header label[for={switch}]").click()
    inside.click(trial=True)
    page.locator(f"label.overlay[for={switch}]").click(
        position={"x": 5 if "toc" in switch else 355, "y": 450}
    )
    inside.wait_for(state="hidden")


@every_kind_of_page
@pytest.mark.parametrize("width", [360, 320])
def test_nothing_overflows(same_page, path, width):
    assert same_page(path, width).probe("overflowing") == []


@every_kind_of_page
def test_main_line_formulas_fit_a_phone(same_page, path):
    assert same_page(path, 360).probe("cut") == []


@every_kind_of_page
@pytest.mark.parametrize("width", [1280, 360])
def test_no_line_begins_with_the_comma_behind_a_formula(same_page, path, width):
    assert same_page(path, width).probe("torn") == []


def test_a_browser_still_breaks_between_a_box_and_a_comma(browser):
    """Once none does, formulas need no <wbr> between their parts (bookext/maths.py)."""
    page = browser.new_page()
    box = '<b style="display: inline-block; width: 2em">x</b>'
    page.set_content(f'<p style="width: 2em">{box}<i>,</i></p>')
    top = "(element) => element.getBoundingClientRect().top"
    assert page.locator("i").evaluate(top) > page.locator("b").evaluate(top) + 10
    page.close()


@every_kind_of_page
def test_equation_references_show_the_equation(open_page, path):
    page = open_page(path)
    links = page.locator('article a.reference[href*="#equation-"]')
    shown = page.locator(".tippy-box .katex-html")
    for link in links.all():
        if link.is_visible():
            for show in (link.focus, link.hover):
                show()
                shown.first.wait_for(state="visible")
                page.evaluate("document.activeElement.blur(); tippy.hideAll({duration: 0})")
                page.mouse.move(0, 0)
                shown.first.wait_for(state="detached")


@every_page
def test_links_and_downloads_lead_somewhere(site, same_page, path):
    page = same_page(path)
    targets = {unquote(urlsplit(href).path) for href in page.probe("links")}
    assert [target for target in targets if not Path(target).exists()] == []


def test_download_buttons_give_the_notebooks(served, browser):
    """Served, since browsers open rather than download what a file:// page links to."""
    buttons = 0
    for path in KINDS:
        page = browser.new_page()
        page.goto(f"{served}/{path}", wait_until="domcontentloaded")
        button = page.locator("a.page-tool[download]")
        for _ in range(button.count()):
            buttons += 1
            with page.expect_download() as download:
                button.click()
            assert download.value.suggested_filename == Path(path).with_suffix(".ipynb").name
            assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["cells"]
        page.close()
    handed_out = [*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book/assignments").glob("*.ipynb")]
    assert buttons == len(handed_out)


@pytest.mark.parametrize(
    ("path", "inside"), [("book/teaching.html", "a"), ("book/11-variants.html", ".katex-display")]
)
def test_nothing_in_a_preview_takes_the_focus(open_page, path, inside):
    page = open_page(path)
    page.wait_for_function("document.querySelector('article a.reference')._tippy")
    stops = page.evaluate(
        """(inside) => [...document.querySelectorAll("article a")].filter((a) => a._tippy)
            .flatMap((a) => [...a._tippy.popper.querySelectorAll(inside)])
            .map((part) => part.getAttribute("tabindex"))""",
        inside,
    )
    assert stops
    assert set(stops) == {"-1"}


def test_the_tab_key_passes_by_a_preview_that_scrolls(open_page):
    """Previews stand at the end of the page: from its top, Shift and Tab would lead into one."""
    page = open_page("book/11-variants.html", 360)
    page.wait_for_function("document.querySelector('article a.reference')._tippy")
    link = page.locator('article p a.reference[href*="#equation-"]').first
    link.evaluate("(a) => { a._tippy.setProps({ maxWidth: 120 }); a._tippy.show(); }")
    formula = page.locator(".tippy-box .katex-display").first
    assert formula.evaluate("(at) => at.scrollWidth > at.clientWidth")
    page.keyboard.press("Shift+Tab")
    at = "document.activeElement"
    assert page.evaluate(f"{at} !== document.body && {at}.closest('.tippy-box') === null")


def paper(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_colour_scheme_follows_the_system_and_has_a_switch(open_page):
    light, dark = (paper(open_page(FIRST, scheme=scheme)) for scheme in ("light", "dark"))
    assert light != dark
    assert paper(open_page(FIRST, scheme="dark", script=False)) == dark
    page = open_page(FIRST, scheme="light")
    assert paper(page) == light
    seen = set()
    for _ in range(3):
        page.locator(".theme-toggle:visible").click()
        seen.add(paper(page))
    assert seen == {light, dark}


def test_search_works_offline(open_page):
    page = open_page(FIRST)
    assert page.locator('script[src*="searchindex"]').count() == 0
    page.locator("input.sidebar-search").fill("gradient")
    page.keyboard.press("Enter")
    page.locator("#search-results li").first.wait_for()
    assert (page.log.foreign, page.log.failed, page.log.errors) == ([], [], [])


@every_kind_of_page
def test_print_opens_what_is_folded(same_page, path):
    page = same_page(path)
    folds = page.locator("article details:not([open])")
    before = folds.count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folds.count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folds.count() == before
