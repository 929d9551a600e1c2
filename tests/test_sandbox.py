"""What a submission may do in the sandbox, and what comes of it: words, never harm."""

import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from classroom import sandbox, worker
from classroom.sandbox import Box, Died, Limits, SandboxError, Timeout

QUICK = Limits(seconds=5)  # for what may never answer; a busy machine may need more to answer
PATIENT = Limits(seconds=600)  # to try to remove every file of a machine


def holds():
    try:
        sandbox.prove()
    except SandboxError as error:
        return str(error)
    return ""


REASON = holds() if shutil.which("bwrap") else "bubblewrap is not installed"
sandboxed = pytest.mark.skipif(bool(REASON), reason=REASON)

VALUES = {
    "a float": 1.5,
    "an integer": 10**30,
    "words": "böse",
    "nothing": None,
    "truth": True,
    "a matrix": np.arange(6.0).reshape(2, 3),
    "float32": np.float32([1, 2]),
    "complex": np.array([1 + 2j]),
    "integers": np.arange(3, dtype=np.int8),
    "an empty array": np.zeros((0, 3)),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "nested": {"W": [np.ones(2), (np.zeros(1), "x")], "n": 3},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_packed_comes_back(value):
    def same(a, b):
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
        if isinstance(a, list | tuple):
            return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
        if isinstance(a, np.ndarray):
            return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
        return a == b

    assert same(value, worker.unpack(worker.pack(value)))


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1}, b"x", np.array(["a"])])
def test_nothing_else_is_packed(value):
    with pytest.raises(TypeError, match="expected arrays"):
        worker.pack(value)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def test_deep_nesting_is_refused_on_both_sides():
    with pytest.raises(TypeError, match="20 levels"):
        worker.pack(nested(30))
    with pytest.raises(ValueError, match="20 levels"):
        worker.unpack(nested(30))


WRONG = [
    {"array": "AAAA", "dtype": "O", "shape": [1]},
    {"array": "AAAA", "dtype": "<f8", "shape": [3]},
    {"array": "not base64!", "dtype": "<f8", "shape": [1]},
    {"array": "AAAA", "dtype": "nonsense", "shape": [1]},
    {"int": "1" * 1000},
    {"pickle": "x"},
    1.5,
]


@pytest.mark.parametrize("value", WRONG)
def test_forged_values_are_refused(value):
    with pytest.raises((ValueError, TypeError)):
        worker.unpack(value)


@sandboxed
def test_cells_run_whatever_befalls_the_others():
    cells = [
        "def f(x):\n    return x + 1",
        "1 / 0",
        "def g(:",
        "import sys; sys.exit()",
        "%lsmagic",
    ]
    with Box(Limits()) as box:
        errors = box.run([*cells, "def h(x): return f(x) * 2"])
        assert [e.split(":")[1].strip() for e in errors] == [
            "ZeroDivisionError",
            "SyntaxError",
            "SystemExit",
        ]
        np.testing.assert_array_equal(box.call("h", np.arange(3.0)), [2, 4, 6])
        with pytest.raises(LookupError, match="no function k"):
            box.call("k")
        with pytest.raises(ValueError, match=r"TypeError: f\(\) missing"):
            box.call("f")


@sandboxed
def test_a_submission_may_call_what_is_computed_outside():
    asked = []

    def double(x):
        asked.append(x)
        return 2 * x

    with Box(Limits()) as box:
        box.run(["def check(step):\n    return step(step(3))"])
        assert box.call("check", proxies={"step": double}) == 12
        assert asked == [3, 6]
        box.run(["def check(step):\n    while True:\n        step(1)"])
        with pytest.raises(Died):
            box.call("check", proxies={"step": double}, most=50)


@sandboxed
def test_a_process_that_ends_between_two_requests_has_died():
    with Box(Limits()) as box:
        box.run(["import os, threading\nthreading.Timer(0.1, os._exit, [0]).start()"])
        box.process.wait()
        with pytest.raises(Died, match="it has ended"):
            box.call("f")


HERE = str(Path(sandbox.__file__).parents[1])
# name: (body of a function f, what comes of a call)
ATTACKS = {
    "infinite loop": ("while True: pass", Timeout),
    "one that swallows interrupts": (
        "while True:\n        try:\n            while 1: pass\n        except BaseException: pass",
        Timeout,
    ),
    "sleep": ("import time; time.sleep(1000)", Timeout),
    "exit": ("import sys; sys.exit(0)", ValueError),
    "hard exit": ("import os; os._exit(0)", Died),
    "kill itself": ("import os; os.kill(os.getpid(), 9)", Died),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", Died),
    "recursion": ("return f()", (ValueError, Died, Timeout)),
    "memory": ("return len(bytearray(8 << 30))", (ValueError, Died, Timeout)),
    "memory bit by bit": (
        "x = []\n    while True: x.append(bytearray(10 << 20))",
        (ValueError, Died, Timeout),  # a busy machine may take long to run out of it
    ),
    "a large answer": ("import numpy as np; return np.zeros(20 << 20)", (Died, Timeout)),
    "objects": ("return object()", ValueError),
    "deep nesting": ("v = 1\n    for _ in range(30): v = [v]\n    return v", ValueError),
    "no numbers": ("import numpy as np; return np.array([object()])", ValueError),
    "an answer that is no JSON": (
        "import os\n    for k in range(3, 1024):\n        try: os.write(k, b'\\xff\\n')\n"
        "        except OSError: pass\n    return 1",
        Died,
    ),
}


@sandboxed
@pytest.mark.parametrize(("body", "outcome"), ATTACKS.values(), ids=ATTACKS)
def test_attacks_end_in_words(body, outcome):
    start = time.monotonic()
    with Box(Limits()) as box:
        box.run([f"def f():\n    {body}"])
        if outcome not in (ValueError, Died):
            box.limits = QUICK
        with pytest.raises(outcome):
            box.call("f")
    assert time.monotonic() - start < 60


# bodies of f whose answer must be the one given
HARMLESS = {
    "a flood of output": ("for _ in range(1000): print('x' * 1_000_000)\n    return 7", 7),
    "reading the grader": (
        f"import os\n    return os.path.exists({HERE + '/classroom/mutants.py'!r})",
        False,
    ),
    "importing the library": (
        "import importlib.util as u\n    try:\n        return bool(u.find_spec('lstm_lib') and "
        "__import__('lstm_lib.lstm'))\n    except Exception:\n        return False",
        False,
    ),
    "the network": (
        "import socket\n    try: socket.create_connection(('1.1.1.1', 53), 2); return True\n"
        "    except OSError: return False",
        False,
    ),
    "a server on this machine": (
        "import socket\n    try: socket.create_connection(('127.0.0.1', PORT), 2); return True\n"
        "    except OSError: return False",
        False,
    ),
    "other processes": (
        "import os\n    return sum(p.isdigit() for p in os.listdir('/proc')) < 5",
        True,
    ),
    "environment": ("import os\n    return 'SECRET' in os.environ", False),
    "filling the disk": (
        "n = 0\n    try:\n        with open('/tmp/x', 'wb') as file:\n"
        "            for _ in range(300): n += file.write(bytes(1 << 20))\n"
        "    except OSError: pass\n    return n < (70 << 20)",
        True,
    ),
    "removing everything": (
        "import shutil\n    shutil.rmtree('/', ignore_errors=True)\n    return 7",
        7,
    ),
    "becoming root": (
        "import os\n    try: os.setuid(0); return True\n    except OSError: return False",
        False,
    ),
    "mounting": (
        "import os\n    return os.system('mount -t tmpfs x /tmp 2>/dev/null') == 0",
        False,
    ),
    "patching numpy": (
        "import numpy as np\n    np.testing.assert_allclose = lambda *a, **k: None\n"
        "    np.allclose = lambda *a, **k: True\n    return 7",
        7,
    ),
}


@sandboxed
@pytest.mark.parametrize(("body", "answer"), HARMLESS.values(), ids=HARMLESS)
def test_the_world_outside_stays_as_it_is(body, answer, monkeypatch):
    import socket

    monkeypatch.setenv("SECRET", "seed")
    with socket.create_server(("127.0.0.1", 0)) as server, Box(PATIENT) as box:
        body = body.replace("PORT", str(server.getsockname()[1]))
        box.run([f"def f():\n    {body}"])
        assert box.call("f") == answer
    assert Path(sandbox.__file__).exists()


@sandboxed
def test_a_fork_bomb_stays_small_and_ends_with_its_box():
    bomb = (
        "def f():\n    import os, time\n    made = 0\n    while True:\n"
        "        try: child = os.fork()\n        except OSError: return made\n"
        "        if child == 0: time.sleep(600)\n        made += 1"
    )
    with Box(Limits()) as box:
        box.run([bomb])
        assert 0 < box.call("f") <= Limits().processes
        groups = box.groups
    assert not any(group.exists() for group in groups)  # only an empty group can be removed


@sandboxed
def test_forged_replies_are_only_other_answers():
    """Whatever is written into the pipe is taken for the submission's answer, and judged as one."""
    forge = (
        "def f():\n    import os\n    for fd in range(3, 64):\n        try: os.write(fd, "
        'b\'{"value": {"int": "42"}}\\n\')\n        except OSError: pass\n    return 1'
    )
    with Box(Limits()) as box:
        box.run([forge])
        assert box.call("f") in (1, 42)


def test_without_bubblewrap_nothing_is_run(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        SandboxError, match="bubblewrap is missing: install it, or run with --unsafe"
    ):
        sandbox.prove()


@sandboxed
def test_without_a_limit_on_processes_it_is_refused(monkeypatch):
    monkeypatch.setattr(sandbox, "control_groups", lambda limits: [])
    if os.getuid():
        pytest.skip("an ordinary user is limited without control groups")
    with pytest.raises(SandboxError, match="does not limit processes to 40"):
        sandbox.prove()


def test_unsafe_runs_without_a_sandbox():
    with Box(Limits(), safe=False) as box:
        box.run(["def f(x): return -x"])
        assert box.call("f", np.float64(2)) == -2


def test_the_worker_imports_nothing_of_the_book():
    source = Path(worker.__file__).read_text(encoding="utf-8")
    assert "lstm_lib" not in source
    assert "classroom" not in source
    assert "pickle" not in source.replace("unpickled", "")
    assert sys.modules["classroom.worker"] is worker
