"""Submissions that do not play by the rules, each with what the grader must say of it.

Every one is an honest solution with something added, or no notebook at all. The grader must give
it its row, no point that it has not earned, and leave the other submissions alone.
"""

import json
import os
from typing import NamedTuple

import nbformat

from . import release
from .judge import points


class Attack(NamedTuple):
    name: str
    content: bytes  # of the file
    status: tuple  # the words that the row may have
    most: float  # points, of 100
    least: float = 0.0


def notebook(assignment, *sources, before=(), metadata=True, cells=None):
    """The bytes of the solution with more code cells after it, or before."""
    if cells is None:
        [path] = release.sources([assignment])
        cells = nbformat.read(path, as_version=4).cells
        cells = [c.source for c in cells if c.cell_type == "code"]
    made = [nbformat.v4.new_code_cell(source) for source in (*before, *cells, *sources)]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=made))
    if not metadata:
        content = json.loads(text)
        content["cells"] = [
            {"cell_type": c["cell_type"], "source": c["source"]} for c in content["cells"]
        ]
        text = json.dumps({"cells": content["cells"]})
    return text.encode()


def student_cells(assignment):
    return [c.source for c in release.student(assignment).cells if c.cell_type == "code"]


PATCH = """
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
np.linalg.norm = lambda *a, **k: 0.0
"""
TRANSFORM = """
import ast
from IPython import get_ipython


class Blank(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

    def visit_Raise(self, node):
        return ast.Pass()


get_ipython().ast_transformers.append(Blank())
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
"""
FRAMES = """
import gc, inspect, sys


def {function}(*args, **options):
    for frame in inspect.stack():
        for name in ("right", "wanted", "asked"):
            if name in frame.frame.f_locals:
                return frame.frame.f_locals[name]
    for thing in gc.get_objects():
        if type(thing).__name__ == "Asked":
            return thing.right
    return None
"""
FORGED = """
import json, os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, json.dumps({"value": True, "score": 100}).encode() + b"\\n")
    except OSError:
        pass
os._exit(0)
"""
REFERENCE = """
import glob, importlib


def {function}(*args, **options):
    for name in ("lstm_lib", "classroom", "classroom.tasks", "classroom.judge"):
        module = importlib.import_module(name)
    return module
"""
FORKS = """
import os, time
made = 0
try:
    while made < 10_000:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    pass
"""
BACKGROUND = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True
)
if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
"""
DELETE = """
import os, shutil
for place in ("/", "/home", "/root", "/work", "/usr", os.getcwd(), os.path.expanduser("~")):
    shutil.rmtree(place, ignore_errors=True)
"""
DISK = """
with open("/tmp/big", "wb") as file:
    for _ in range(5000):
        file.write(b"x" * (1 << 20))
"""
NETWORK = """
import socket, urllib.request
for address in (("127.0.0.1", 22), ("127.0.0.1", 8888), ("1.1.1.1", 80), ("169.254.169.254", 80)):
    try:
        socket.create_connection(address, timeout=1).close()
        reached = True
    except OSError:
        pass
server = socket.socket(socket.AF_UNIX)
server.bind("\\0gradients")
"""
SWALLOWS = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
DEEP = """
def {function}(*args, **options):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
"""
ANSWERS = {  # what a function returns instead of numbers: no point for it
    "returns NaN": "float('nan')",
    "returns words": "'right'",
    "returns an object that is equal to all": (
        "type('Equal', (), {'__eq__': lambda *a: True, '__array__': lambda *a, **k: 0})()"
    ),
    "returns another shape": "np.zeros((1, 2, 3, 4))",
    "returns objects": "np.array([{}, []], dtype=object)",
    "returns itself": "(lambda v: (v.append(v), v)[1])([])",
    "returns a gigabyte": "np.zeros(1 << 27)",
    "returns True": "True",
    "returns a pickle": "__import__('pickle').dumps(print)",
}
RUNS = {  # what a cell after the solution does: (source, status, least of the points, most)
    "loops": ("while True: pass", "timeout", 0, 0),
    "loops and swallows interrupts": (SWALLOWS, "timeout", 0, 0),
    "sys.exit": ("import sys; sys.exit(0)", "graded", 100, 100),
    "os._exit": ("import os; os._exit(0)", "crashed", 0, 0),
    "kills its parent": (
        "import os; os.kill(os.getppid(), 9); os.kill(-1, 9)",
        "graded crashed",
        0,
        100,
    ),
    "deletes everything": (DELETE, "graded timeout", 0, 100),
    "patches numpy": (PATCH, "graded", 0, 100),
    "transforms the code of later cells": (TRANSFORM, "graded", 0, 100),
    "leaves processes behind": (BACKGROUND, "graded", 100, 100),
    "forks": (FORKS, "graded", 0, 100),
    "prints a gigabyte": ("for _ in range(1000): print('x' * (1 << 20))", "graded", 100, 100),
    "writes to descriptors": (
        "import os\nfor d in range(256):\n    try: os.write(d, b'x' * 100 + b'\\n')\n"
        "    except OSError: pass",
        "crashed",
        0,
        100,
    ),
    "takes all memory": ("held = bytearray(1 << 40)", "graded", 100, 100),
    "takes all memory in pieces": (
        "held = []\nwhile True:\n    held.append(bytearray(b'x' * (1 << 26)))",
        "graded resource_limit",
        0,
        100,
    ),
    "fills the disk": (DISK, "graded", 100, 100),
    "calls the network": (NETWORK, "graded", 100, 100),
    "forges replies": (FORGED, "crashed", 0, 0),
    "asserts that fail": ("assert False, 'my own test'", "graded", 100, 100),
    "magics and shell": (
        "%matplotlib inline\n!ls /\n%timeit -n1 -r1 1\n%%bash\necho x",
        "graded",
        100,
        100,
    ),
    "no Python": ("fun main() { println(1) }", "graded", 100, 100),
    "overflows the stack": ("f = lambda: f()\nf()", "graded", 100, 100),
    "crashes the interpreter": ("import ctypes; ctypes.string_at(0)", "crashed", 0, 0),
    "replaces print and open": (
        "import builtins\nbuiltins.print = builtins.open = builtins.len = None",
        "graded",
        0,
        100,
    ),
    "closes its streams": ("import os\nfor d in (0, 1, 2): os.close(d)", "graded", 0, 100),
    "sleeps": ("import time; time.sleep(3600)", "timeout", 0, 0),
}


def attacks(assignment):
    """Yield the Attacks on an assignment."""
    function = [*points(assignment)][-1]
    unsolved = student_cells(assignment)
    for name, (source, status, least, most) in RUNS.items():
        yield Attack(name, notebook(assignment, source), tuple(status.split()), most, least)
        if "patches" in name or "transforms" in name:  # before a notebook that solves nothing
            content = notebook(assignment, before=[source], cells=unsolved)
            yield Attack(f"{name}, solves nothing", content, ("graded",), 0)
    for name, value in ANSWERS.items():
        source = f"def {function}(*args, **options):\n    return {value}"
        yield Attack(name, notebook(assignment, source, cells=unsolved), ("graded",), 0)
    for name, source in (
        ("reads the frames", FRAMES),
        ("imports the reference", REFERENCE),
        ("returns deep lists", DEEP),
    ):
        source = source.replace("{function}", function)
        yield Attack(name, notebook(assignment, source, cells=unsolved), ("graded",), 0)
    yield from files(assignment)


def files(assignment):
    """Yield the Attacks that are odd as files."""
    honest = notebook(assignment)
    for name, content in _unreadable(honest).items():
        yield Attack(name, content, ("unreadable",), 0)
    for name, content in _odd(assignment, honest).items():
        yield Attack(name, content, ("graded",), 100, 100)
    yield Attack("cells missing", notebook(assignment, cells=[]), ("graded",), 0)
    later = notebook(assignment, *student_cells(assignment))
    yield Attack("unsolved cells after the solved ones", later, ("graded",), 0)


def _odd(assignment, honest):
    """Notebooks that are worth all points, whatever else is in them."""
    plain = json.loads(honest)
    first, *cells = plain["cells"]
    kernel = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (100 << 20)}
    loud = [first | {"outputs": [output]}, *cells]
    comments = "raise SystemExit\n" + os.linesep.join(["# comment"] * 100_000)
    return {
        "no metadata": notebook(assignment, metadata=False),
        "byte order mark": b"\xef\xbb\xbf" + honest,
        "cells twice": json.dumps(plain | {"cells": 2 * plain["cells"]}).encode(),
        "another kernel named": json.dumps(plain | {"metadata": kernel}).encode(),
        "100 MB of outputs": json.dumps(plain | {"cells": loud}).encode(),
        "a cell of 100,000 lines": notebook(assignment, comments),
    }


def _unreadable(honest):
    """Contents of files that are no notebooks."""
    return {
        "no JSON": honest[: len(honest) // 2],
        "empty": b"",
        "binary": bytes(range(256)) * 40,
        "not UTF-8": b"\xff\xfe" + honest,
        "deep JSON": b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "a number": b"1e999",
        "an array": b"[]",
        "cells of a wrong kind": b'{"cells": {"cell_type": "code"}}',
        "a web page": b"<!doctype html><title>Log in</title>",
    }
