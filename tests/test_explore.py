"""An interactive figure is one function: live widgets call it, the page holds its frames."""

import gzip
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lstm_lib import explore as module
from lstm_lib import plots
from lstm_lib.explore import explore

WORDS = {"caption": "Half-life of the direct path.", "name": "fig-half-life"}


class Drawing:
    """Draws a curve and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, bias, gate="f"):
        self.asked.append((bias, gate))
        fig, ax = plt.subplots()
        f = 1 / (1 + np.exp(-float(bias)))
        ax.plot(f ** np.arange(50), color=plots.colour(gate))
        ax.set_title(f"bias {bias}")
        return fig


def alt(bias, gate="f"):
    return f"The decay of {gate} at bias {bias}."


@pytest.fixture
def draw():
    return Drawing()


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setenv("LSTM_LIB_STATIC", "1")
    shown = []
    monkeypatch.setattr("lstm_lib.page.display", lambda data, raw: shown.append(data["text/html"]))
    return shown


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("LSTM_LIB_STATIC", raising=False)
    monkeypatch.delenv("LSTM_LIB_EXERCISE", raising=False)
    shown = []
    monkeypatch.setattr(module, "display", shown.append)
    return shown


def test_the_page_holds_every_frame_once_and_shows_the_start(draw, page):
    biases = (-1, 0, 2)
    explore(draw, alt=alt, start={"bias": 0}, key=[{"bias": 2, "gate": "o"}], **WORDS,
            bias=biases, gate=("f", "o"))  # fmt: skip
    assert sorted(draw.asked) == sorted((b, g) for b in biases for g in ("f", "o"))
    (text,) = page
    assert text.count("<template>") == 4
    visible = re.findall(r'<div class="figure-frame figure-key">.*?aria-label="([^"]*)"', text)
    hidden = re.findall(
        r'<div class="figure-frame figure-key" hidden>.*?aria-label="([^"]*)"', text
    )
    assert visible == [alt(0)]
    assert hidden == [alt(2, "o")]
    assert '<p class="figure-state">bias = \N{MINUS SIGN}1, gate = o</p>' in text


def test_ids_are_unique_over_all_frames(draw, page):
    explore(draw, alt=alt, **WORDS, bias=(0, 1, 2), gate=("f", "o"))
    ids = re.findall(r' id="([^"]+)"', page[0])
    assert len(ids) == len(set(ids)) > 6


def test_controls_fit_the_choice(draw, page):
    explore(draw, alt=alt, **WORDS, bias=np.array([0.5, 1.0, 2.0]), gate=("f", "o"))
    assert '<input type="range" id="fig-half-life--bias" max="2" value="0"' in page[0]
    assert page[0].count('type="radio"') == 2
    page.clear()
    explore(lambda gate: draw(0, gate), alt=lambda gate: alt(0, gate), **WORDS, gate=(*"ifgochx",))
    assert page[0].count("<option") == 7


def test_frames_of_a_line_plot_are_light(draw, page):
    explore(draw, alt=alt, **WORDS, bias=np.linspace(-5, 5, 21), gate=("f",))
    assert len(gzip.compress(page[0].encode())) < 30_000


def test_the_same_choices_give_the_same_bytes(draw, page):
    for _ in range(2):
        explore(draw, alt=alt, **WORDS, bias=(0, 1))
    assert page[0] == page[1]


def test_a_region_becomes_a_choice_and_a_wrong_one_is_named(draw, page):
    def with_region(bias, gate):
        fig = draw(bias, gate)
        fig.axes[0].text(1, 0.5, "forget", gid="pick:gate=f")
        return fig

    explore(with_region, alt=alt, **WORDS, bias=(0,), gate=("o", "f"))
    assert 'data-pick="gate:1" aria-label="gate = f"' in page[0]
    assert 'role="group"' in page[0]
    with pytest.raises(ValueError, match=r"region 'pick:gate=f' is not among the choices"):
        explore(with_region, alt=alt, **WORDS, bias=(0,), gate=("o",))
    plt.close("all")


def test_live_widgets_draw_one_frame_and_then_what_is_chosen(draw, live):
    explore(draw, alt=alt, **WORDS, bias=(0, 1, 2), gate=("f", "o"))
    slider, buttons, image, caption = live[0].children
    assert draw.asked == [(0, "f")]
    assert f'alt="{alt(0)}"' in image.value
    slider.value = 2
    buttons.value = "o"
    assert draw.asked[1:] == [(2, "f"), (2, "o")]
    assert f'alt="{alt(2, "o")}"' in image.value
    assert caption.value == WORDS["caption"]


def test_live_exercise_draws_the_ends_of_each_choice(draw, live, monkeypatch):
    monkeypatch.setenv("LSTM_LIB_EXERCISE", "1")
    explore(draw, alt=alt, **WORDS, bias=(0, 1, 2), gate=("f", "o"))
    assert set(draw.asked) == {(0, "f"), (2, "f"), (0, "o")}


def test_no_widget_is_made_for_the_page(draw, page, monkeypatch):
    monkeypatch.setattr(module, "display", pytest.fail)
    explore(draw, alt=alt, **WORDS, bias=(0, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected at least one choice"),
        ({"bias": ()}, r"bias of fig-half-life: expected distinct numbers or strings; got \[\]"),
        ({"bias": (1, 1)}, r"expected distinct numbers or strings; got \[1, 1\]"),
        ({"bias": ([1], [2])}, "expected distinct numbers or strings"),
        ({"bias": (b for b in "ab")}, "expected a finite sequence"),
        ({"bias": "abc"}, "expected a finite sequence; got 'abc'"),
        (
            {"bias": range(41), "gate": ("i", "f", "o")},
            r"at most 120 .* 123 \(bias 41, gate 3\)",
        ),
        ({"bias": (0, 1), "key": (2,)}, "key of fig-half-life: bias=2 is not among"),
        ({"bias": (0, 1), "key": ({"tint": 2},)}, "key of fig-half-life: tint=2 is not among"),
        ({"bias": (0, 1), "gate": ["f", "o"], "key": (1,)}, "expected a dict with some of bias"),
        ({"bias": (0, 1), "start": {"bias": 7}}, "start of fig-half-life: bias=7 is not among"),
    ],
)
def test_explore_names_what_is_wrong(options, message, draw, live):
    with pytest.raises(ValueError, match=message):
        explore(draw, alt=alt, **WORDS, **options)
    assert draw.asked == []


@pytest.mark.parametrize("built", [False, True])
def test_every_frame_needs_a_figure_and_words(built, draw, live, page, monkeypatch):
    if not built:
        monkeypatch.delenv("LSTM_LIB_STATIC")
    with pytest.raises(ValueError, match="alt of fig-half-life: expected a text"):
        explore(draw, alt=lambda bias: "", **WORDS, bias=(0, 1))
    with pytest.raises(ValueError, match="expected a matplotlib Figure; got NoneType"):
        explore(lambda bias: None, alt=alt, **WORDS, bias=(0, 1))
    plt.close("all")
