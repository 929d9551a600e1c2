"""A process without network, files or neighbours, for code that nobody has read.

bubblewrap takes everything away; control groups, or the limit on processes of an ordinary user,
keep a fork bomb small. `prove` shows that they do before anything else runs.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from . import worker
from .worker import pack, unpack

CGROUPS = Path("/sys/fs/cgroup")
START = 60.0  # seconds in which a box must be ready


class Limits(NamedTuple):
    seconds: float = 60.0  # of wall time for one request
    processor: int = 120  # seconds of processor time in all
    memory: int = 4 << 30  # bytes of address space
    resident: int = 1 << 30  # bytes in use, where control groups are at hand
    processes: int = 40
    file: int = 64 << 20  # bytes of one file
    reply: int = 64 << 20  # bytes of one reply


class SandboxError(Exception):
    """No sandbox can be had here, or it does not hold."""


class Timeout(Exception):
    """A request took too long."""


class Died(Exception):
    """The process is gone, or what it sends makes no sense."""


class Exceeded(Died):
    """The process took more memory, processor time or words than it may."""


class Box:
    """A sandboxed process for one submission.

    with Box() as box:
        box.run(["def f(x): return 2 * x"])
        box.call("f", np.ones(3))
    """

    def __init__(self, limits=None, safe=True):
        self.limits, self.groups = limits or Limits(), []
        theirs, ours = os.pipe()[::-1]  # they write, we read
        command = [sys.executable, "-I", str(Path(worker.__file__)), str(theirs)]
        if safe:
            self.groups = [group for group in control_groups(self.limits) if group]
            command = [*bubblewrap(), sys.executable, "-I", "/box/worker.py", str(theirs)]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs,),
                preexec_fn=self._enter if safe else None,
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1"},
            )
        finally:
            os.close(theirs)
        self.replies, self.waiting = ours, bytearray()
        memory, processor, file = self.limits.memory, self.limits.processor, self.limits.file
        try:
            self._ask({"memory": memory, "seconds": processor, "size": file}, START)
        except (Died, Timeout) as error:  # before anything of a submission has run
            self.close()
            raise SandboxError(f"the sandbox does not start: {error}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the process and all that it has started."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):  # what a process that has ended did not read
            self.process.stdin.close()
        os.close(self.replies)
        for group in self.groups:
            remove_group(group)

    def run(self, cells):
        """Run the sources of a notebook's cells; the errors of those that failed."""
        errors = self._ask({"do": "run", "cells": list(cells)}).get("errors")
        if not isinstance(errors, list):
            raise Died("no list of errors came back")
        return [str(error) for error in errors]

    def call(self, function, *args, proxies=None, most=2000):
        """What a function of the submission returns: arrays, and tuples, lists and dicts of them.

        proxies: dict of functions that are computed out here and handed over before the arguments;
            they may be called `most` times in all.

        Raises: LookupError if there is no such function, ValueError with the error's words if it
            raises one, Timeout, Died.
        """
        request = {"do": "call", "function": function, "args": pack(args)}
        reply = self._ask(request | {"proxies": list(proxies or ())})
        for _ in range(most):
            if "ask" not in reply:
                break
            try:
                value = proxies[reply["ask"]](*unpack(reply["args"]), **unpack(reply["named"]))
            except Exception as error:
                raise Died(f"a call that cannot be answered: {error}") from None
            reply = self._ask({"value": pack(value)})
        else:
            raise Exceeded(f"more than {most} calls of the functions that it was given")
        if "missing" in reply:
            raise LookupError(f"there is no function {function}")
        if "error" in reply:
            raise ValueError(str(reply["error"]))
        try:
            return unpack(reply["value"])
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise Died(f"an answer that is none: {error}") from None

    def _enter(self):
        """In the child, before bubblewrap starts."""
        for group in self.groups:
            (group / "cgroup.procs").write_text(str(os.getpid()))
        if os.getuid():
            most = self.limits.processes
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))

    def _ask(self, request, seconds=None):
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise Died("it has ended") from None
        line = self._line(seconds or self.limits.seconds)
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise Died("an answer that is no JSON") from None
        if not isinstance(reply, dict):
            raise Died("an answer that is none")
        return reply

    def _line(self, seconds):
        """The next line of the replies, if it comes in time and is not too long."""
        end, looked = time.monotonic() + seconds, 0
        while (stop := self.waiting.find(b"\n", looked)) < 0:
            looked = len(self.waiting)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.replies], [], [], left)[0]:
                raise Timeout(f"no answer within {seconds:g} seconds")
            came = os.read(self.replies, 1 << 20)
            if not came:
                raise self._end()
            self.waiting += came
            if len(self.waiting) > self.limits.reply:
                raise Exceeded(f"an answer of more than {self.limits.reply >> 20} MB")
        line = bytes(self.waiting[:stop])
        del self.waiting[: stop + 1]
        return line

    def _end(self):
        """The exception for a process that is gone, by what the kernel says of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.process.wait(timeout=5)
            if code in (128 + signal.SIGXCPU, -signal.SIGXCPU):
                return Exceeded(f"more than {self.limits.processor} seconds of processor time")
        if any(starved(group) for group in self.groups):
            return Exceeded(f"more than {self.limits.resident >> 20} MB of memory")
        return Died("it has ended")


def starved(group):
    """Whether the kernel has killed a process of a control group for want of memory."""
    for name in ("memory.events", "memory.oom_control"):  # versions 2 and 1
        with contextlib.suppress(OSError):
            counts = dict(line.split() for line in (group / name).read_text().splitlines())
            if int(counts.get("oom_kill", 0)):
                return True
    return False


def bubblewrap():
    """The command that takes everything away but Python and its packages.

    Raises: SandboxError if bubblewrap is missing.
    """
    program = shutil.which("bwrap")
    if not program:
        raise SandboxError("bubblewrap is missing: install it, or run with --unsafe")
    command = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "box", "--clearenv"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1"}
    for name, value in (environment | {"OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}).items():
        command += ["--setenv", name, value]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(64 << 20), "--tmpfs", "/tmp"]
    for place in ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"):
        command += ["--ro-bind-try", place, place]
    for place in dict.fromkeys([sys.base_prefix, sys.prefix, sysconfig.get_path("purelib")]):
        command += ["--ro-bind", place, place]
    return [*command, "--ro-bind", worker.__file__, "/box/worker.py", "--chdir", "/tmp"]


def control_groups(limits):
    """New control groups with the limits in them, as far as this user may make them."""
    name = f"gradients-{os.getpid()}-{time.monotonic_ns()}"
    for path in CGROUPS.glob("*/gradients-*"):  # of graders that were killed
        if not Path("/proc", path.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                path.rmdir()
    if (CGROUPS / "cgroup.controllers").exists():  # version 2
        own = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip().lstrip("/")
        files = {"pids.max": limits.processes, "memory.max": limits.resident}
        return [new_group(CGROUPS / own / name, files)]
    return [
        new_group(CGROUPS / "pids" / name, {"pids.max": limits.processes}),
        new_group(CGROUPS / "memory" / name, {"memory.limit_in_bytes": limits.resident}),
    ]


def new_group(path, files):
    """The path of a new control group, or None if it cannot be made."""
    try:
        path.mkdir()
    except OSError:
        return None
    try:
        for name, value in files.items():
            (path / name).write_text(str(value))
    except OSError:
        remove_group(path)
        return None
    return path


def remove_group(path):
    """Remove a control group once its last process has gone."""
    for _ in range(250):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return


@lru_cache
def proved():
    """`prove`, once in this process."""
    prove()


FORKS = """
import os
made = 0
for _ in range({most} + 5):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        os._exit(0)
    made += 1
def forks():
    return made
"""


def prove(limits=None):
    """Raise SandboxError unless a sandbox starts here and holds: forks, files and network.

    The forks are bounded: at most five more than the limit, each child ends at once.
    """
    limits = limits or Limits()
    tests = [FORKS.format(most=limits.processes), OUTSIDE]
    try:
        with Box(limits) as box:
            box.run(tests)
            made, outside = int(box.call("forks")), box.call("outside")
    except (Died, Timeout, LookupError, ValueError, OSError) as error:
        raise SandboxError(f"the sandbox does not start: {error}") from None
    if made >= limits.processes + 5:
        raise SandboxError(
            f"the sandbox does not limit processes to {limits.processes}: run as root, as an "
            "ordinary user with a delegated control group, or with --unsafe"
        )
    if outside:
        raise SandboxError(f"the sandbox leaves open: {', '.join(outside)}")


OUTSIDE = f"""
import importlib.util, os, socket
def outside():
    found = []
    for module in ("lstm_lib", "classroom"):
        try:
            if importlib.util.find_spec(module):
                found.append(module)
        except Exception:
            pass
    for place in ({str(Path(__file__).parent)!r}, "/etc/passwd", "/root/.ssh", "/home"):
        if os.path.isfile(place) or os.path.isdir(place) and os.listdir(place):
            found.append(place)
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
        found.append("a network")
    except ConnectionRefusedError:
        pass
    except OSError:
        pass
    if len(os.listdir("/sys/class/net") if os.path.exists("/sys/class/net") else []) > 1:
        found.append("a network interface")
    return found
"""
