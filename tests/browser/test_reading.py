"""The text that can be pointed at, in chapter 14's page: by mouse, finger and keyboard."""

import json

import pytest

from lstm_lib.reading import levels

PAGE, HERE = "book/14-inside.html", "#fig-reading"


def given(page):
    return json.loads(page.locator(f"{HERE} .reading").get_attribute("data-reading"))


def state(page):
    """Which character is pointed at, and the level of each tint."""
    return page.locator(f"{HERE} .reading-text span").evaluate_all(
        """spans => [spans.findIndex(s => s.classList.contains("is-here")), spans.map(s => {
            const of = name => s.style.getPropertyValue(name);
            return of("--tint") * (of("--hue").includes("neg") ? -1 : 1);
        })]"""
    )


def check(page, t, tint):
    data = given(page)
    assert state(page) == [t, levels(data["tints"][tint], t, len(data["notes"]))]
    assert page.locator(f"{HERE} .reading-note").inner_text() == data["notes"][t]
    slider = page.locator(f"{HERE} input[type=range]")
    assert slider.input_value() == str(t)
    assert slider.get_attribute("aria-valuetext").startswith(f"{t + 1}: ")
    assert page.locator(f"{HERE} label[for] > span").inner_text().startswith(f"{t + 1}:")


def test_a_click_chooses_a_place_and_the_way_to_the_tints_leaves_it(open_page):
    page = open_page(PAGE)
    characters = page.locator(f"{HERE} .reading-text span")
    for t in (5, 60, 120):
        characters.nth(t).click()
        check(page, t, 0)
    characters.nth(33).hover()  # a look at another place
    assert page.locator(f"{HERE} .reading-note").inner_text() == given(page)["notes"][33]
    assert state(page) == [33, levels(given(page)["tints"][0], 33, characters.count())]
    page.locator(f"{HERE} label", has_text="replacement").click()
    check(page, 120, 1)
    assert page.log.errors == []


def test_a_look_moves_neither_the_slider_nor_its_words(open_page):
    page = open_page(PAGE)
    slider = page.locator(f"{HERE} input[type=range]")
    before = slider.input_value(), slider.get_attribute("aria-valuetext")
    for t in (33, 60):
        page.locator(f"{HERE} .reading-text span").nth(t).hover()
        assert (slider.input_value(), slider.get_attribute("aria-valuetext")) == before


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_reaches_every_character_and_every_tint(open_page, width):
    page = open_page(PAGE, width)
    page.locator(f"{HERE} input[type=range]").focus()
    page.keyboard.press("Home")
    check(page, 0, 0)
    page.keyboard.press("ArrowRight")
    check(page, 1, 0)
    page.keyboard.press("End")
    last = len(given(page)["notes"]) - 1
    check(page, last, 0)
    page.locator(f"{HERE} input[type=radio]").first.focus()
    for tint in range(1, len(given(page)["tints"])):
        page.keyboard.press("ArrowDown")
        check(page, last, tint)


def test_a_tap_is_enough(open_page):
    page = open_page(PAGE, 360, has_touch=True)
    page.locator(f"{HERE} .reading-text span").nth(80).tap()
    check(page, 80, 0)


def test_without_script_the_first_state_is_shown_and_no_dead_control(open_page):
    page, same = open_page(PAGE, script=False), open_page(PAGE)
    assert state(page) == state(same)
    note = page.locator(f"{HERE} .reading-note")
    assert note.inner_text() == same.locator(f"{HERE} .reading-note").inner_text()
    assert not any(c.is_visible() for c in page.locator(f"{HERE} input").all())


def test_tints_can_be_seen_in_light_and_dark(open_page):
    for scheme in ("light", "dark"):
        page = open_page(PAGE, scheme=scheme)
        colours = page.locator(f"{HERE} .reading-text span").evaluate_all(
            "spans => spans.map(s => getComputedStyle(s).backgroundColor)"
        )
        levels_shown = {abs(v) for v in state(page)[1]}
        assert len(set(colours)) == len(levels_shown) > 3
