"""Runs one submission inside the sandbox: takes requests, calls its functions, sends arrays back.

This file alone is put into the sandbox, so it imports nothing of the book. Both sides speak lines
of JSON in which arrays are bytes with a dtype and a shape; nothing is ever unpickled. Whatever a
submission does to this process, all that the grader takes from it are arrays and words.
"""

import base64
import json
import os
import resource
import sys

import numpy as np

KINDS = "?bhilqBHILQefdFD"  # truth values, integers, real and complex numbers
DEPTH = 20


def pack(value, depth=0):
    """A value as JSON can hold it.

    Raises: TypeError for anything but arrays, numbers, words, None, and lists, tuples and dicts
        of these, nested at most 20 deep.
    """
    if depth > DEPTH:
        raise TypeError(f"expected at most {DEPTH} levels of nesting")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, list):
        return [pack(v, depth + 1) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [pack(v, depth + 1) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[str(k), pack(v, depth + 1)] for k, v in value.items()]}
    if isinstance(value, float | complex | np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.char in KINDS:
            data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
            return {"array": data, "dtype": array.dtype.str, "shape": list(array.shape)}
    raise TypeError(
        f"expected arrays, numbers, lists, tuples and dicts, got {type(value).__name__}"
    )


def unpack(value, depth=0):
    """What `pack` was given; a float comes back as an array of shape ().

    Raises: ValueError for anything that `pack` does not write.
    """
    if depth > DEPTH:
        raise ValueError(f"expected at most {DEPTH} levels of nesting")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return [unpack(v, depth + 1) for v in value]
    if isinstance(value, dict):
        if set(value) == {"int"} and isinstance(value["int"], str) and len(value["int"]) < 100:
            return int(value["int"])
        if set(value) == {"tuple"} and isinstance(value["tuple"], list):
            return tuple(unpack(v, depth + 1) for v in value["tuple"])
        if set(value) == {"dict"} and isinstance(value["dict"], list):
            return {str(k): unpack(v, depth + 1) for k, v in value["dict"]}
        if set(value) == {"array", "dtype", "shape"}:
            dtype = np.dtype(value["dtype"])
            if dtype.char in KINDS:
                data = base64.b64decode(value["array"], validate=True)
                return np.frombuffer(data, dtype).reshape(value["shape"]).copy()
    raise ValueError("expected a packed value")


def limit(memory, seconds, size):
    """No more than this: bytes of memory, seconds of processor time, bytes of a file."""
    for name, most in (("AS", memory), ("FSIZE", size), ("CORE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))  # first a signal that says why


def run_cells(shell, cells):
    """Run a notebook's cells one after the other; the errors of those that failed, in one line."""
    errors = []
    for number, source in enumerate(cells, 1):
        try:
            result = shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as caught:  # sys.exit, interrupts and whatever else a cell may raise
            error = caught
        if error is not None:
            errors.append(f"cell {number}: {type(error).__name__}: {error}"[:300])
    return errors


def answer(shell, request, ask):
    """The reply to one request."""
    if request["do"] == "run":
        return {"errors": run_cells(shell, request["cells"])}
    function = shell.user_ns.get(request["function"])
    if not callable(function):
        return {"missing": request["function"]}
    args = unpack(request["args"])
    if request.get("proxies"):
        args = tuple(proxy(ask, name) for name in request["proxies"]) + args
    return {"value": pack(function(*args))}


def proxy(ask, name):
    """A function that the grader computes."""

    def call(*args, **named):
        return unpack(ask({"ask": name, "args": pack(args), "named": pack(named)})["value"])

    call.__name__ = name
    return call


class Forgetful(dict):
    """IPython's memory of what was printed, for programs that print a gigabyte."""

    def __missing__(self, key):
        return []


def main():
    requests, replies = sys.stdin.buffer, os.fdopen(int(sys.argv[1]), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # a submission's own input and output go nowhere
        if descriptor == 0:
            requests = os.fdopen(os.dup(0), "rb")
        os.dup2(nothing, descriptor)

    def send(reply):
        replies.write(json.dumps(reply).encode() + b"\n")

    def ask(question):
        send(question)
        return json.loads(requests.readline())

    first = json.loads(requests.readline())
    limit(first["memory"], first["seconds"], first["size"])
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance(history_length=0)
    shell.history_manager.outputs = Forgetful()
    send({"ready": True})
    for line in requests:
        try:
            reply = answer(shell, json.loads(line), ask)
        except BaseException as error:  # the submission's own, whatever it is
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        send(reply)


if __name__ == "__main__":
    main()
