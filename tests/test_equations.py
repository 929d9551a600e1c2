"""Equation, code and test carry the same label, and the test notices when the code is wrong.

For each label `eq-...` and each function whose docstring cites it, the marked tests are run with
that function's result negated.
"""

import importlib
import json
import re
import types
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from bookext.trace import citations

ROOT = Path(__file__).parents[1]
LABEL = re.compile(r"\$\$\s*\(((?:eq|step)-[\w-]+)\)|:label:\s*((?:eq|step)-[\w-]+)")
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
CITED = citations(ROOT)


def labels(text):
    """Labels of the displayed equations of a Markdown text."""
    return {first or second for first, second in LABEL.findall(text)}


def cells(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def notebook_labels(notebook):
    return labels(
        "\n".join("".join(c["source"]) for c in cells(notebook) if c["cell_type"] == "markdown")
    )


def book_labels(prefix):
    pages = [labels(page.read_text(encoding="utf-8")) for page in (ROOT / "book").glob("*.md")]
    found = set().union(*pages, *map(notebook_labels, NOTEBOOKS))
    return {label for label in found if label.startswith(prefix)}


def negated(result):
    """A result with every number of it negated; tokens, names and None stay."""
    if isinstance(result, tuple | list):
        parts = [negated(part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    if isinstance(result, dict):
        return {key: negated(value) for key, value in result.items()}
    if isinstance(result, float | complex) or getattr(result, "dtype", np.dtype("O")).kind in "fc":
        return -result
    return result


class Negate:
    """While entered, a function negates its result, whoever holds a reference to it.

    Its code is exchanged, since names imported from its module, parameters of tests and tables of
    functions all keep the function object itself.
    """

    def __init__(self, function):
        assert isinstance(function, types.FunctionType), f"{function} cannot be negated"
        self.function, self.calls = function, 0
        self.kept = function.__code__, function.__defaults__, function.__kwdefaults__

    def __enter__(self):
        f, (code, defaults, kwdefaults) = self.function, self.kept
        original = types.FunctionType(code, f.__globals__, f.__name__, defaults, f.__closure__)
        original.__kwdefaults__ = kwdefaults

        def call(*args, **kwargs):
            self.calls += 1
            return negated(original(*args, **kwargs))

        f.__globals__["_negated"] = call
        f.__code__ = (lambda *args, **kwargs: _negated(*args, **kwargs)).__code__  # noqa: F821
        f.__defaults__ = f.__kwdefaults__ = None
        return self

    def __exit__(self, *_):
        self.function.__code__, self.function.__defaults__, self.function.__kwdefaults__ = self.kept
        del self.function.__globals__["_negated"]


def resolve(module, name):
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


class Tie:
    """A plugin that runs each marked test once as it is and once per citing function, negated.

    `runs` holds (test, label, function or None, calls of that function, passed).
    """

    def __init__(self):
        self.runs = []

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if item.get_closest_marker("eq")]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        for item in session.items:
            marked = sorted({label for mark in item.iter_markers("eq") for label in mark.args})
            passed = self.run(item)
            self.runs += [(item.nodeid, label, None, 0, passed) for label in marked]
            tried = {}
            for label in marked:
                for function in CITED.get(label, []):
                    if function not in tried:
                        with Negate(resolve(*function)) as negation:
                            tried[function] = self.run(item), negation
                    passed, negation = tried[function]
                    self.runs.append((item.nodeid, label, function, negation.calls, passed))
        return True

    def run(self, item):
        self.passed = True
        item._initrequest()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.passed

    def pytest_runtest_logreport(self, report):
        self.passed &= not report.failed


@pytest.fixture(scope="module")
def runs():
    tie, before = Tie(), hypothesis.settings.get_current_profile_name()
    # One failing example is enough: it is neither made smaller nor kept for the next run.
    hypothesis.settings.register_profile(
        "tie", phases=[hypothesis.Phase.generate], database=None, deadline=None
    )
    hypothesis.settings.load_profile("tie")
    try:
        files = sorted(str(file) for file in Path(__file__).parent.glob("test_*.py"))
        arguments = ["-q", "--no-header", "--tb=no", "--show-capture=no", "-p", "no:cacheprovider"]
        pytest.main([*arguments, "--rootdir", str(ROOT), *files], plugins=[tie])
    finally:
        hypothesis.settings.load_profile(before)
    assert tie.runs
    return tie.runs


def listed(what):
    return "\n".join(["", *sorted(map(str, what))])


def test_book_and_code_have_the_same_labels():
    book = book_labels("eq-")
    lost = {label: CITED[label] for label in set(CITED) - book}
    assert not lost, f"cited by code, but no page has `$$ ... $$ (label)`: {listed(lost.items())}"
    free = listed(book - set(CITED))
    assert not book - set(CITED), f"no docstring has a line `Equations: label` for {free}"


def test_code_and_tests_have_the_same_labels(runs):
    marked = {label for _, label, *_ in runs}
    free, lost = (listed(labels) for labels in (set(CITED) - marked, marked - set(CITED)))
    assert not set(CITED) - marked, f"no test has @pytest.mark.eq(label) for {free}"
    assert not marked - set(CITED), f"no docstring has a line `Equations: label` for {lost}"


def test_marked_tests_pass_when_nothing_is_negated(runs):
    failed = {test for test, _, function, _, passed in runs if function is None and not passed}
    assert not failed, listed(failed)


def test_each_marked_test_calls_a_citing_function_and_fails_when_it_is_negated(runs):
    caught = {(test, label): False for test, label, *_ in runs}
    for test, label, function, calls, passed in runs:
        caught[test, label] |= function is not None and calls > 0 and not passed
    passed = [pair for pair, fails in caught.items() if not fails]
    assert not passed, f"passes with the citing function's result negated: {listed(passed)}"


def test_each_citing_function_is_held_by_a_test_of_each_of_its_labels(runs):
    caught = {(label, function): False for label in CITED for function in CITED[label]}
    for _, label, function, calls, passed in runs:
        if function is not None:
            caught[label, function] |= calls > 0 and not passed
    free = [pair for pair, fails in caught.items() if not fails]
    assert not free, f"no test marked with the label fails without the function: {listed(free)}"


def test_negation_reaches_every_reference_and_ends():
    from lstm_lib import functions, lstm

    held, a = functions.sigmoid, np.array([0.5, -1.0])
    before = held(a)
    with Negate(functions.sigmoid) as negation:
        np.testing.assert_array_equal(held(a), -before)
        np.testing.assert_array_equal(lstm.sigmoid(a=a), -before)
        np.testing.assert_array_equal(functions.hard_sigmoid(a), np.clip(0.2 * a + 0.5, 0, 1))
    assert negation.calls == 2
    np.testing.assert_array_equal(held(a), before)
    with Negate(functions.hard_sigmoid):
        np.testing.assert_allclose(functions.hard_sigmoid(a, slope=0.1), -0.1 * a - 0.5)
        np.testing.assert_allclose(functions.hard_sigmoid(a), -0.2 * a - 0.5)
    assert not any("_negated" in vars(module) for module in (functions, lstm))


def test_negation_leaves_tokens_and_none():
    from lstm_lib import lstm

    given = [lstm.State(np.ones(1), None), (2.0, np.array([3])), {"a": 1.5, "b": "text"}]
    state, (number, tokens), table = negated(given)
    assert state.h.tolist() == [-1]
    assert (state.c, number, tokens.tolist(), table) == (None, -2, [3], {"a": -1.5, "b": "text"})


@pytest.mark.parametrize("text", ["$$ a $$ (eq-a-b)", "$$\na\n$$ (eq-a-b)\n", ":label: eq-a-b"])
def test_labels_are_found_however_they_are_written(text):
    assert labels(f"see {{eq}}`eq-c`\n{text}\nand (eq-d)") == {"eq-a-b"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_line_of_a_derivation_has_a_cell_that_checks_it(notebook):
    lines = {label for label in notebook_labels(notebook) if label.startswith("step-")}
    tags = {
        tag
        for cell in cells(notebook)
        if cell["cell_type"] == "code"
        for tag in cell["metadata"].get("tags", [])
        if tag.startswith("step-")
    }
    assert not lines - tags, f"tag a code cell that checks {listed(lines - tags)}"
    assert not tags - lines, f"tags, but labels of no equation: {listed(tags - lines)}"
