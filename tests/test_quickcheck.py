"""A quick check reads what people type, and says why a number is right or wrong."""

import html
import json
import math
import re

import numpy as np
import pytest

from lstm_lib import quickcheck
from lstm_lib.quickcheck import judge, parse, predict

QUESTION = {"question": "What is `dh[1, 0]`?", "reason": "The mean: `1/T`.", "name": "quick-dh"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25), ("0,25", 0.25), (" .5 ", 0.5), ("2.", 2), ("+3", 3), ("-1/4", -0.25),
        ("\N{MINUS SIGN}0,25", -0.25), ("1 / 3", 1 / 3), ("-2e-3", -0.002), ("2E3", 2000),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(text, value):
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1/0",
        "0/0",
        "1/2/3",
        "1,000.5",
        "--1",
        "1e",
        "0x10",
        "nan",
        "inf",
        "1e999",
        "1 2",
    ],
)
def test_what_is_no_number_is_not_read(text):
    assert not math.isfinite(parse(text))
    assert judge(text, {})[0] == "unread"


def check(**change):
    options = {"answer": -0.25, "tolerance": None, "wrong": {-0.75: "the sum"}, "reason": "r",
               "hint": "h", "name": "quick-a"}  # fmt: skip
    return quickcheck._check(**(options | change))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("-0.25", ("right", "Right: \N{MINUS SIGN}0.25. r")),
        ("-0.2524", ("right", "Right: \N{MINUS SIGN}0.25. r")),
        ("-0.253", ("wrong", "Not yet. h")),
        ("0.25", ("wrong", "Not yet. h")),
        ("-3/4", ("wrong", "Not yet. the sum")),
    ],
)
def test_the_verdict_names_a_known_mistake(text, verdict):
    assert judge(text, check()) == verdict


def test_the_default_tolerance_at_zero_is_absolute():
    assert check(answer=0.0, wrong={})["tolerance"] == 0.005


@pytest.mark.parametrize(
    "change",
    [
        {"answer": math.nan}, {"answer": "1"}, {"answer": np.ones(2)}, {"tolerance": -1},
        {"wrong": {-0.252: "too near"}}, {"wrong": {"-0.75": "a text"}},
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_judged_is_refused(change):
    with pytest.raises(ValueError, match="quick-a: expected"):
        check(**change)


def test_a_question_without_words_is_refused():
    with pytest.raises(ValueError, match="question of quick-dh: expected a text"):
        predict(answer=1.0, **(QUESTION | {"question": ""}))


def test_the_page_gets_a_form_and_an_answer_that_unfolds(monkeypatch):
    monkeypatch.setenv("LSTM_LIB_STATIC", "1")
    shown = []
    monkeypatch.setattr(quickcheck, "display", lambda data, raw: shown.append(data["text/html"]))
    predict(answer=np.float32(-0.125), wrong={1: "a < b"}, **QUESTION)
    data = json.loads(html.unescape(re.search(r'data-check="([^"]*)"', shown[0])[1]))
    assert data["answer"] == -0.125
    assert data["wrong"] == [[1.0, "a &lt; b"]]
    assert '<label for="quick-dh-answer">What is <code>dh[1, 0]</code>?</label>' in shown[0]
    assert "\N{MINUS SIGN}0.125. The mean: <code>1/T</code>." in shown[0].split("<details>")[1]


def test_the_notebook_gets_widgets_that_judge(monkeypatch):
    monkeypatch.delenv("LSTM_LIB_STATIC", raising=False)
    shown = []
    monkeypatch.setattr(quickcheck, "display", shown.append)
    predict(answer=-0.125, hint="Mind the sign.", **QUESTION)
    _, row, result = shown[0].children
    field, button = row.children
    field.value = "0,125"
    button.click()
    assert result.value == "Not yet. Mind the sign."
    field.value = "\N{MINUS SIGN}1/8"
    button.click()
    assert result.value == "Right: \N{MINUS SIGN}0.125. The mean: <code>1/T</code>."
