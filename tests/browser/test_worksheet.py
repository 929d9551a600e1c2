"""The live worksheet in the built pages: the same numbers as the library, by any input."""

import numpy as np
import pytest
from conftest import ROOT

from lstm_lib import breaks, worksheet
from tests.test_worksheet import random_numbers

PAGES = {
    "rnn": "book/04-bptt.html",
    "lstm": "book/07-lstm-backward.html",
    "gru": "book/09-gru.html",
}
TERMS = [
    f"book/{notebook.stem}.html"
    for notebook in sorted((ROOT / "book").glob("*.ipynb"))
    if r"\\term{" in notebook.read_text(encoding="utf-8")
]
# Fills the fields, chooses a lost term, and returns every computed number.
SET = """([cell, given, lost]) => {
  const sheet = document.querySelector(`[data-cell=${cell}]`);
  const put = (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const field of sheet.querySelectorAll("input[data-number]")) {
    if (field.dataset.number in given) put(field, given[field.dataset.number]);
  }
  put(sheet.querySelector("select"), lost);
  const shown = [...sheet.querySelectorAll("span[data-number]")];
  return Object.fromEntries(shown.map((box) => [box.dataset.number, +box.dataset.value]));
}"""


@pytest.fixture(params=PAGES)
def cell(request):
    return request.param


@pytest.fixture
def page(cell, open_page):
    return open_page(PAGES[cell])


def at(page, name):
    return page.locator(f'.worksheet [data-number="{name}"]')


def open_state(open_page, cell, state):
    page = open_page(PAGES[cell])
    page.goto(f"{page.url}#worksheet-{cell}&{state}")
    page.reload()
    return page


def say(page):
    return page.locator(".worksheet-say").inner_text()


def agree(found, wanted):
    for name in found.keys() & wanted.keys():
        assert abs(found[name] - wanted[name]) <= 1e-12 * max(1, abs(wanted[name])), name


def test_every_number_is_the_librarys(cell, page):
    rng = np.random.default_rng(2)
    for _ in range(100):
        given = random_numbers(cell, rng)
        found = page.evaluate(SET, [cell, given, ""])
        agree(found, worksheet.numbers(cell, given))
        assert len(found) + len(given) == len(worksheet.numbers(cell, given))
    assert page.log.errors == page.log.foreign == []


def test_a_lost_term_gives_the_changed_librarys_numbers(cell, page):
    options = page.locator(".worksheet option").evaluate_all("all => all.map((o) => o.value)")
    assert options == ["", *(change.name for change in breaks.BREAKS[cell])]
    rng = np.random.default_rng(3)
    for change in breaks.BREAKS[cell]:
        given = random_numbers(cell, rng)
        found = page.evaluate(SET, [cell, given, change.name])
        agree(found, worksheet.numbers(cell, given, change))
        assert "Off from central differences" in say(page), change.name
        off = page.locator(".worksheet [data-wrong]")
        right = worksheet.numbers(cell, given)
        for name in off.evaluate_all("all => all.map((box) => box.dataset.number)"):
            assert abs(found[name] - right[name]) > 1e-8, (change.name, name)
    page.evaluate(SET, [cell, given, ""])
    assert off.count() == 0


def test_a_number_names_its_parts_and_readers(open_page):
    page = open_page(PAGES["lstm"])
    at(page, "dc.2.0").click()
    made = page.locator(".worksheet-made").inner_text()
    assert made.startswith("dc1 at step 2, 0.0532, is 0.3366 · 0.5629 · (1 − 0.2008²) + ")
    assert made.endswith("Central differences: 0.0532.")
    parts = page.locator(".is-part").evaluate_all("all => all.map((box) => box.dataset.number)")
    assert parts == ["f.3.0", "o.2.0", "s.2.0", "dh.2.0", "dc.3.0"]
    readers = page.locator(".is-reader").evaluate_all("all => all.map((box) => box.dataset.number)")
    assert readers == ["dc.1.0", "da.2.0", "da.2.2", "da.2.4"]
    line = page.locator(".worksheet-lines .is-here")
    assert line.get_attribute("data-equation") == "eq-lstm-dc"
    assert "dc = dstate.c + dh * local.h" in line.inner_text()
    assert page.locator(".worksheet-line").inner_text() == line.inner_text()
    page.locator(".worksheet-lines [data-equation=eq-lstm-c] a").click()
    page.wait_for_url("**/06-lstm-forward.html#equation-eq-lstm-c")


def test_a_held_number_stays_while_others_change(open_page):
    page = open_page(PAGES["lstm"])
    assert not page.locator(".worksheet-panel label").is_visible()
    at(page, "dc.2.0").click()
    page.get_by_label("Hold this number").check()
    at(page, "b.2").fill("5")
    given = worksheet.book("lstm") | {"b.2": 5.0}
    value = worksheet.shown(worksheet.numbers("lstm", given)["dc.2.0"])
    made = page.locator(".worksheet-made")
    assert made.inner_text().startswith(f"dc1 at step 2, {value}, is ")
    page.get_by_label("Hold this number").uncheck()
    at(page, "b.3").focus()
    assert made.inner_text() == "bias of af2, 1.0000, is given."
    at(page, "dh.1.1").focus()
    page.keyboard.press("Enter")
    at(page, "b.3").focus()
    assert made.inner_text().startswith("dh2 at step 1")
    at(page, "dh.2.1").focus()
    page.keyboard.press("Space")
    assert made.inner_text().startswith("dh2 at step 2")


def test_by_keyboard_alone(cell, page):
    at(page, "h.1.0").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.dataset.number"
    assert page.evaluate(focused) == "h.2.1"
    assert page.locator(".worksheet-made").inner_text().startswith("h2 at step 2")
    stops = page.locator(".worksheet table").evaluate_all(
        "all => all.map((t) => t.querySelectorAll('span[tabindex=\"0\"]').length)"
    )
    assert set(stops) <= {0, 1}
    at(page, "W_x.0.0").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("1/3")
    given = worksheet.book(cell) | {"W_x.0.0": 1 / 3}
    L = float(at(page, "L").get_attribute("data-value"))
    assert abs(L - worksheet.numbers(cell, given)["L"]) < 1e-12
    assert say(page).startswith("L = ")


@pytest.mark.parametrize("text", ["", "forget", "1e308", "1/0", "--1", "Infinity"])
def test_what_is_no_number_is_answered_and_changes_nothing(text, open_page):
    page = open_page(PAGES["rnn"])
    before = at(page, "dW_h.0.0").get_attribute("data-value")
    field = at(page, "W_h.0.0")
    field.fill(text)
    assert field.get_attribute("aria-invalid") == "true"
    assert "expected a number from −1000 to 1000, such as −0.25 or 1/3. 0.5 stays in use." in say(
        page
    )
    assert at(page, "dW_h.0.0").get_attribute("data-value") == before
    field.fill("0.25")
    assert field.get_attribute("aria-invalid") == "false"
    assert at(page, "dW_h.0.0").get_attribute("data-value") != before
    at(page, "y.1").fill("2")
    assert "0 (the target is a) or 1 (it is b)" in say(page)
    at(page, "b.0").fill("1")
    assert "0 (the target is a) or 1 (it is b). 1 stays in use. L = " in say(page)


def test_the_largest_numbers_stay_numbers(cell, page):
    given = {name: 1 if name[0] == "y" else 1000.0 for name in worksheet.book(cell)}
    for change in ("", breaks.BREAKS[cell][-1].name):
        found = page.evaluate(SET, [cell, given, change])
        assert np.isfinite([*found.values()]).all()
    assert page.log.errors == []


def test_the_address_holds_a_state(open_page):
    page = open_page(PAGES["gru"])
    at(page, "b.2").fill("6")
    page.locator(".worksheet select").select_option("dh:kept")
    page.get_by_role("button", name="Save in the address").click()
    shared = page.url
    assert shared.endswith("#worksheet-gru&b.2=6&break=dh:kept")
    assert "The address of this page now holds" in say(page)
    shown = at(page, "dh.0.0").get_attribute("data-value")
    other = open_state(open_page, "gru", "b.2=6&break=dh:kept")
    assert at(other, "dh.0.0").get_attribute("data-value") == shown
    other.get_by_role("button", name="The book's example").click()
    book = worksheet.numbers("gru", worksheet.book("gru"))
    assert abs(float(at(other, "dh.0.0").get_attribute("data-value")) - book["dh.0.0"]) < 1e-12
    other.get_by_role("button", name="Reset").click()
    assert at(other, "dh.0.0").get_attribute("data-value") == shown
    bad = open_state(open_page, "gru", "b.2=x&c=1&break=no")
    assert at(bad, "b.2").get_attribute("aria-invalid") == "true"
    assert say(bad).startswith("bias of az1: expected a number from −1000 to 1000")
    at(bad, "b.3").fill("7")
    at(bad, "b.3").fill("seven")
    bad.get_by_role("button", name="Save in the address").click()
    assert bad.url.endswith("#worksheet-gru&b.3=7")
    assert "bias of az2: expected a number" in say(bad)
    assert bad.log.errors == []


def test_without_script_the_first_state_is_a_table(cell, open_page):
    page = open_page(PAGES[cell], script=False)
    found = worksheet.numbers(cell, worksheet.book(cell))
    for name in ("L", "dW_h.0.0", "dh.0.0"):
        assert at(page, name).inner_text() == worksheet.shown(found[name])
    assert not page.locator(".worksheet-bar").is_visible()


def test_a_term_and_its_lines_of_code_light_up_together(open_page):
    page = open_page(PAGES["lstm"])
    lit = "all => all.filter((e) => e.matches('.is-lit')).map((e) => e.textContent.trim())"
    terms = page.locator("[data-term~=from_h]")
    assert terms.count() > 1
    page.locator(".katex [data-term=from_h]").first.hover()
    assert "from_h = dh[t] * o[t] * (1 - tanh_c[t] ** 2)" in terms.evaluate_all(lit)
    page.mouse.move(0, 0)
    assert terms.evaluate_all(lit) == []
    page.locator(".highlight [data-term=da_f]").focus()
    assert len(page.locator("[data-term~=da_f]").evaluate_all(lit)) == 2


@pytest.mark.parametrize("path", TERMS)
def test_every_term_has_its_line(path, open_page):
    page = open_page(path)
    names = "all => all.flatMap((e) => e.dataset.term.split(' '))"
    terms, lines = (
        set(page.locator(f"{place} [data-term]").evaluate_all(names))
        for place in (".katex", ".highlight")
    )
    assert terms
    assert terms <= lines
