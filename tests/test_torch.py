"""The library against PyTorch: its cells where torch.nn has them, autograd for the others.

Without PyTorch the comparison is with the recorded file; `python -m tests.record_torch` writes it.
"""

import numpy as np
import pytest

from lstm_lib import bptt, gradcheck
from tests import record_torch
from tests.cells import CELLS, gradient, problem

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}

cases = pytest.mark.parametrize(
    ("key", "name", "T", "N", "dtype"), record_torch.CASES, ids=[c[0] for c in record_torch.CASES]
)


@pytest.fixture(scope="module")
def arrays():
    with np.load(record_torch.FILE) as file:
        return dict(file)


def result(name, given):
    """The library's Result for a problem."""
    run = bptt.forward(CELLS[name], given.at.params, given.at.x, given.at.state)
    return record_torch.Result(run.h, run.state, gradient(CELLS[name], given))


def assert_equal(ours, theirs, dtype):
    errors = gradcheck.compare(ours, theirs)
    assert not {name: error for name, error in errors.items() if not error <= TOLERANCE[dtype]}


@cases
def test_recorded_results_are_the_library_s(arrays, key, name, T, N, dtype):
    case = record_torch.recorded(arrays, key, name, T, N)
    assert case.given.at.x.shape == (T, N, 3)
    assert case.given.dh.dtype == case.result.h.dtype == dtype
    assert_equal(result(name, case.given), case.result, dtype)


@cases
def test_live_results_are_the_library_s_and_the_recorded_ones(arrays, key, name, T, N, dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorded file is")
    fresh = problem(CELLS[name], T, N, D=5, H=6, seed=T + N, dtype=dtype)
    assert_equal(result(name, fresh), record_torch.autograd(torch, name, fresh), dtype)
    case = record_torch.recorded(arrays, key, name, T, N)
    assert_equal(record_torch.autograd(torch, name, case.given), case.result, dtype)


def test_the_recorded_file_holds_these_cases_alone(arrays):
    assert list(arrays) == [key for key, *_ in record_torch.CASES]
