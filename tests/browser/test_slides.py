"""The slides of the built chapters: keyboard, figures, equation numbers, nothing from outside."""

import re

import pytest

from classroom import slides

SHOWN = "document.querySelector('.slide.now')"


@pytest.fixture(scope="module")
def site(site, tmp_path_factory):
    """The built book and its slides in a folder of their own: another worker writes them, too."""
    own = tmp_path_factory.mktemp("site")
    for part in site.iterdir():
        if part.name != "slides":
            (own / part.name).symlink_to(part)
    assert slides.main([str(own)]) == 0
    return own


@pytest.fixture(params=slides.CHAPTERS)
def deck(request):
    return f"slides/{request.param}.html"


def count(page):
    return page.locator(".slide").count()


def test_keys_and_buttons_go_through_the_slides(deck, open_page):
    page = open_page(deck)
    last = count(page)
    assert last > 15
    for key, number in (("ArrowRight", 2), (" ", 3), ("ArrowLeft", 2), ("End", last), ("Home", 1)):
        page.keyboard.press(key)
        assert page.evaluate("location.hash") == f"#{number}"
        assert page.locator(".slide:visible").count() == 1
    page.get_by_label("next slide").click()
    assert page.evaluate("location.hash") == "#2"
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("n")
    assert page.locator(".slide.now .notes:visible").count() == 1


def test_an_interactive_figure_reacts(deck, open_page):
    page = open_page(deck)
    control = page.locator(
        ".slide.now input[type=range], .slide.now input[type=radio]:not(:checked)"
    )
    for _ in range(count(page)):
        if control.count():
            break
        page.keyboard.press("ArrowRight")
    at, seen = page.evaluate("location.hash"), set()
    for key in ("Home", "End", " "):
        control.first.focus()
        page.keyboard.press(key)
        seen.add(page.locator(".slide.now figure").first.inner_html())
    assert len(seen) > 1
    assert page.evaluate("location.hash") == at


def test_equation_numbers_are_those_of_the_chapter(deck, site):
    def numbers(path):
        text = (site / path).read_text(encoding="utf-8")
        return re.findall(r'id="equation-([\w-]+)".*?class="eqno">\((\d+\.\d+)\)', text, re.S)

    chapter = dict(numbers(deck.replace("slides/", "book/")))
    shown = dict(numbers(deck))
    assert len(shown) > 5
    assert shown.items() <= chapter.items()


def test_links_lead_to_pages_that_exist(deck, site):
    text = (site / deck).read_text(encoding="utf-8")
    for target in set(re.findall(r'(?:href|src)="(?!\w+:|#)([^"#?]+)', text)):
        assert (site / "slides" / target).exists(), target


def test_nothing_is_wider_than_a_phone(deck, open_page):
    page = open_page(deck, 360)
    for _ in range(count(page)):
        wide = page.evaluate(f"{SHOWN}.scrollWidth - {SHOWN}.clientWidth")
        assert wide <= 1, page.evaluate(f"{SHOWN}.querySelector('h2').textContent")
        page.keyboard.press("ArrowRight")


def test_a_missing_site_is_named(tmp_path, capsys):
    assert slides.main([str(tmp_path)]) == 2
    assert "run make book first" in capsys.readouterr().err
