"""Interactive figures and quick checks work in a bare page with our style and script."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import ROOT, Log

from lstm_lib import page, plots, quickcheck
from lstm_lib.explore import explore
from lstm_lib.quickcheck import judge, predict

LOSSES, BIASES = (1, 2, 3), (-1, 0, 2)
TYPED = (
    *("", " ", "abc", "-0.25", "\N{MINUS SIGN}0,25", "-1/4", " -1 / 4 ", "0.25", "-.25", "-0.2524"),
    *("-0.2526", "-3/4", "-0,75", "1/0", "1/2/3", "--1", "1,000.5", "2e-3", "-2.5E-1", "1e"),
    *("1e999", "0x1", "nan", "Infinity", "+1.", ".", "1 2", "\N{ARABIC-INDIC DIGIT ONE}"),
)


def alt_path(loss):
    return f"The path of loss {loss}."


def draw_path(loss):
    fig, ax = plt.subplots()
    nodes = {f"h{t}": (t, 0, f"$h_{t}$", "h") for t in LOSSES}
    nodes |= {f"l{t}": (t, 1, f"$l_{t}$", "grad") for t in LOSSES}
    edges = [*itertools.pairwise(f"h{t}" for t in LOSSES), *((f"h{t}", f"l{t}") for t in LOSSES)]
    path = [*(f"h{t}" for t in range(1, loss + 1)), f"l{loss}"]
    picks = {f"l{t}": f"loss={t}" for t in LOSSES}
    plots.graph(nodes, edges, ax, paths=[path], pick=picks)
    return fig


def alt_decay(forget_bias, gate):
    return f"The decay of {gate} at bias {forget_bias}."


def draw_decay(forget_bias, gate):
    ax = plt.figure().subplots()
    f = 1 / (1 + np.exp(-float(forget_bias)))
    return plots.decay(f ** np.arange(20), ax, name=gate).figure


def gate_map():
    fig, ax = plt.subplots()
    plots.gates(np.random.default_rng(0).random((8, 3)), ax, "f", text="a < b & ")
    return fig


CHECK = {
    "answer": -0.25,
    "reason": "The mean over `T`, which is < 4.",
    "hint": "Count the steps.",
    "wrong": {-0.75: "That is the sum & not the mean."},
}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A page of one static figure, two interactive ones and a quick check."""
    shown = []

    def keep(data, raw):
        shown.append(data["text/html"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSTM_LIB_STATIC", "1")
        for module in (page, quickcheck):
            patch.setattr(module, "display", keep)
        plots.show(
            gate_map(), alt="Gates over a text.", caption="Gates.\nA text.", name="fig-gates"
        )
        explore(draw_decay, alt=alt_decay, caption="The decay.", name="fig-decay",
                start={"forget_bias": 0}, key=[{"forget_bias": 2}],
                forget_bias=BIASES, gate=("f", "o"))  # fmt: skip
        explore(draw_path, alt=alt_path, caption="Choose a loss.", name="fig-path", loss=LOSSES)
        predict("What is `dh[1, 0]`?", name="quick-dh", **CHECK)
    light, dark = (
        "".join(f"--c-{name}:{pair[k]};" for name, pair in plots.COLOURS.items()) for k in (0, 1)
    )
    static = ROOT / "book" / "_static"
    file = tmp_path_factory.mktemp("page with space") / "index.html"
    file.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>body{{{light}background:var(--c-paper);color:var(--c-ink)}}"
        f"@media (prefers-color-scheme:dark){{body{{{dark}}}}}</style>"
        f'<link rel="stylesheet" href="{(static / "figures.css").as_uri()}">'
        f"<body><main><h1>Figures</h1>{''.join(shown)}</main>"
        f'<script src="{(static / "figures.js").as_uri()}"></script>',
        encoding="utf-8",
    )
    return file


@pytest.fixture
def visit(browser, page_file):
    contexts = []

    def visit_(width=1280, scheme="light", script=True, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme,
                                      java_script_enabled=script, **options)  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.log = Log(page)
        page.goto(page_file.as_uri())
        return page

    yield visit_
    for context in contexts:
        context.close()


def seen(page, name):
    """The alternative texts of the frames of a figure that can be seen."""
    svgs = page.locator(f"#{name} svg").all()
    return [svg.get_attribute("aria-label") for svg in svgs if svg.is_visible()]


def test_script_off_shows_the_first_state_and_no_dead_control(visit):
    page = visit(script=False)
    assert seen(page, "fig-decay") == [alt_decay(0, "f")]
    assert seen(page, "fig-path") == [alt_path(1)]
    assert not any(c.is_visible() for c in page.locator("input, button, select").all())
    assert page.locator("[tabindex], [role=button]").count() == 0
    page.locator("#quick-dh summary").click()
    assert (
        "\N{MINUS SIGN}0.25. The mean over T, which is < 4."
        in page.locator("#quick-dh").inner_text()
    )


def test_the_slider_works_by_keyboard_and_says_what_it_did(visit):
    page = visit()
    assert seen(page, "fig-decay") == [alt_decay(0, "f")]
    slider = page.get_by_label("forget bias")
    slider.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    assert seen(page, "fig-decay") == [alt_decay(2, "f")]
    assert slider.get_attribute("aria-valuetext") == "2"
    assert (
        page.locator("#fig-decay label", has_text="forget bias").inner_text() == "forget bias = 2"
    )
    assert page.locator("#fig-decay [role=status]").inner_text() == alt_decay(2, "f")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert seen(page, "fig-decay") == [alt_decay(2, "o")]
    slider.focus()
    page.keyboard.press("Home")
    assert seen(page, "fig-decay") == [alt_decay(-1, "o")]
    assert slider.get_attribute("aria-valuetext") == "\N{MINUS SIGN}1"
    assert page.locator("#fig-decay [role=status]").inner_text() == alt_decay(-1, "o")


def test_every_combination_can_be_reached(visit):
    page = visit()
    for k, g in itertools.product(range(len(BIASES)), ("f", "o")):
        page.get_by_label("forget bias").fill(str(k))
        page.get_by_label(g, exact=True).check()
        assert seen(page, "fig-decay") == [alt_decay(BIASES[k], g)]


def test_regions_are_buttons_by_keyboard_and_by_click(visit):
    page = visit()
    region = page.get_by_role("button", name="loss = 3")
    region.focus()
    page.keyboard.press("Enter")
    assert seen(page, "fig-path") == [alt_path(3)]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "l3: loss = 3"
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert page.locator("#fig-path label").inner_text() == "loss = 3"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press(" ")
    assert seen(page, "fig-path") == [alt_path(2)]
    page.get_by_role("button", name="loss = 1").click()
    assert seen(page, "fig-path") == [alt_path(1)]


def test_print_shows_the_key_states_with_their_names(visit):
    page = visit()
    page.emulate_media(media="print")
    assert sorted(seen(page, "fig-decay")) == sorted([alt_decay(0, "f"), alt_decay(2, "f")])
    states = page.locator("#fig-decay .figure-state").all()
    assert [s.inner_text() for s in states if s.is_visible()] == [
        "forget bias = 0, gate = f",
        "forget bias = 2, gate = f",
    ]
    assert not page.get_by_label("forget bias").is_visible()


def strokes(page):
    return page.evaluate(
        "[...document.querySelectorAll('svg [style]')].flatMap(e => "
        "[getComputedStyle(e).fill, getComputedStyle(e).stroke])"
    )


def test_colours_follow_light_and_dark(visit):
    def rgb(name, mode):
        value = plots.COLOURS[name][mode].lstrip("#")
        return "rgb({}, {}, {})".format(*(int(value[k : k + 2], 16) for k in (0, 2, 4)))

    found = [set(strokes(visit(scheme=scheme))) for scheme in ("light", "dark")]
    for mode, own in enumerate(found):
        allowed = {rgb(name, mode) for name in plots.COLOURS} | {"none"}
        assert own <= allowed
        assert {rgb(k, mode) for k in ("f", "h", "grad", "muted", "ink")} <= own
    assert found[0] & found[1] <= {"none"}


def test_nothing_is_asked_of_the_network_and_no_id_is_doubled(visit):
    page = visit()
    for k in range(len(LOSSES)):
        page.get_by_label("loss", exact=False).first.fill(str(k))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate(
        "[...document.querySelectorAll('use')].every(u => document.getElementById("
        "u.getAttribute('href').slice(1)))"
    )
    assert page.log.foreign == page.log.failed == page.log.errors == []


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_needs_no_sideways_scrolling_and_can_read_and_touch(visit, width):
    page = visit(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().width)"
        ".map(t => parseFloat(getComputedStyle(t.firstElementChild || t).fontSize)"
        " * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))"
    )
    assert min(sizes) >= 8
    assert len(sizes) > 20
    for control in page.locator(
        "input[type=range], select, fieldset label, button, input[type=text]"
    ).all():
        assert control.bounding_box()["height"] >= 44


def test_the_page_judges_as_python_does(visit):
    page = visit()
    options = {"tolerance": None, "name": "quick-dh"}
    check = quickcheck._check(**(CHECK | options))
    result = page.locator("#quick-dh [role=status]")
    verdicts = set()
    for text in TYPED:
        page.get_by_label("What is").fill(text)
        page.keyboard.press("Enter")
        verdict, words = judge(text, check)
        verdicts.add(verdict)
        assert result.get_attribute("data-verdict") == verdict, text
        assert result.inner_text() == re.sub("`", "", words), text
    assert verdicts == {"right", "wrong", "unread"}


def test_a_quick_check_can_be_answered_by_keyboard_alone(visit):
    page = visit()
    page.get_by_label("What is").focus()
    page.keyboard.type("-3/4")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "That is the sum & not the mean." in page.locator("#quick-dh [role=status]").inner_text()
