"""JupyterHub on one machine, over HTTP: log in, start a server, import the library in a kernel."""

import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

requests = pytest.importorskip("requests", reason="see requirements-dev.txt")
websocket = pytest.importorskip("websocket", reason="see requirements-dev.txt")
pytest.importorskip("jupyterhub", reason="jupyterhub is not installed: see requirements-dev.txt")

ROOT = Path(__file__).parents[1]
PROXY = Path(sys.prefix, "node_modules", ".bin", "configurable-http-proxy")


def free_ports(number):
    """From below those that the system gives to whoever asks for any, before the hub has them."""
    found = []
    with contextlib.ExitStack() as stack:
        while len(found) < number:
            each, port = stack.enter_context(socket.socket()), random.randrange(10_000, 30_000)
            with contextlib.suppress(OSError):
                each.bind(("127.0.0.1", port))
                found.append(port)
    return found


def patiently(ask, seconds=180):
    """The first answer that is not None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            answer = ask()
            if answer is not None:
                return answer
        time.sleep(0.2)
    raise TimeoutError


@pytest.fixture
def hub(tmp_path):
    """The address of a running hub with a user ada."""
    if not (PROXY.exists() or shutil.which("configurable-http-proxy")):
        pytest.skip("configurable-http-proxy is not installed: make test-slow installs it")
    public, private, proxy = free_ports(3)
    options = {
        "JupyterHub.bind_url": f"http://127.0.0.1:{public}",
        "JupyterHub.hub_bind_url": f"http://127.0.0.1:{private}",
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{proxy}",
        "JupyterHub.authenticator_class": "dummy",
        "DummyAuthenticator.password": "open",
        "JupyterHub.spawner_class": "simple",
        "SimpleLocalProcessSpawner.home_dir_template": f"{tmp_path}/{{username}}",
    }
    if not os.geteuid():
        options["Spawner.args"] = "['--allow-root']"
    command = [Path(sys.prefix, "bin", "jupyterhub"), "-f", ROOT / "classroom/jupyterhub_config.py"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{public}"
    try:
        patiently(lambda: requests.get(f"{address}/hub/health", timeout=5).ok or None)
        yield address
    except TimeoutError:
        pytest.fail((tmp_path / "log").read_text())
    finally:
        process.terminate()
        process.wait(timeout=120)


def log_in(hub):
    """A session of ada's."""
    session = requests.Session()
    page = session.get(f"{hub}/hub/login", timeout=60).text
    form = {"username": "ada", "_xsrf": re.search(r'name="_xsrf" value="([^"]+)"', page)[1]}
    refused = session.post(f"{hub}/hub/login", data=form | {"password": "shut"}, timeout=60)
    assert refused.status_code == 403
    accepted = session.post(f"{hub}/hub/login", data=form | {"password": "open"}, timeout=60)
    assert accepted.ok
    return session


def run(hub, token, kernel, code):
    """What a cell prints in a kernel."""
    address = hub.replace("http", "ws") + f"/user/ada/api/kernels/{kernel}/channels"
    channel = websocket.create_connection(
        address, header={"Authorization": f"token {token}"}, timeout=60
    )
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "ada"}
    header |= {"session": uuid.uuid4().hex, "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channel.send(json.dumps(message | {"channel": "shell"}))
    # What a cell prints and the reply to it come through two channels, in either order.
    printed, reply, idle = "", None, False
    while reply is None or not idle:
        got = json.loads(channel.recv())
        if got["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if got["msg_type"] == "stream":
            printed += got["content"]["text"]
        if got["msg_type"] == "execute_reply":
            reply = got["content"]
        idle |= got["content"].get("execution_state") == "idle"
    channel.close()
    assert reply["status"] == "ok", reply
    return printed


@pytest.mark.slow
def test_a_student_logs_in_and_imports_the_library(hub):
    session = log_in(hub)
    session.get(f"{hub}/hub/spawn", timeout=60)
    xsrf = {"X-XSRFToken": session.cookies.get("_xsrf", path="/hub/")}
    asked = session.post(f"{hub}/hub/api/users/ada/tokens", headers=xsrf, timeout=60)
    assert asked.ok, asked.text
    token = asked.json()["token"]
    signed = {"Authorization": f"token {token}"}

    def ready():
        user = requests.get(f"{hub}/hub/api/users/ada", headers=signed, timeout=60).json()
        return user["server"]

    assert patiently(ready) == "/user/ada/"
    kernels = f"{hub}/user/ada/api/kernels"
    kernel = requests.post(kernels, headers=signed, timeout=60).json()["id"]
    code = "import lstm_lib, sys\nprint(lstm_lib.__name__, sys.prefix)"
    assert run(hub, token, kernel, code).split() == ["lstm_lib", sys.prefix]
    assert requests.get(kernels, timeout=60).status_code in (302, 403)  # not without a token
