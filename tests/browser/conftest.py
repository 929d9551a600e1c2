"""The built book in a real browser, opened from file:// with the network cut."""

import functools
import os
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from classroom.pdf import find_browser

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROBES = (Path(__file__).parent / "probes.js").read_text(encoding="utf-8")


def share():
    """Where the build has installed the npm packages."""
    return Path(sys.prefix) / "share" / "book-assets"


def pages():
    """Every HTML page of the built book but slides, as they are when the tests are collected."""
    found = (p.relative_to(SITE) for p in SITE.rglob("*.html"))
    return sorted(path.as_posix() for path in found if path.parts[0] != "slides")


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        subprocess.run(["make", "book"], cwd=ROOT, check=True)
    return SITE


@pytest.fixture(scope="session")
def served(site):
    """The address of a local server of the built book."""
    handler = functools.partial(QuietHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *message):
        pass


@pytest.fixture(scope="session")
def browser():
    path = find_browser()
    if not path:
        reason = "no Chromium found; on Debian and Ubuntu: sudo apt install chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    reason = "no playwright found: pip install -r requirements-dev.txt"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Log:
    """What a page asked of the network and what went wrong."""

    def __init__(self, page):
        self.foreign, self.failed, self.errors = [], [], []
        page.route(lambda url: not url.startswith(("file:", "data:", "blob:")), self.block)
        page.on("requestfailed", self.fail)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self.console)

    def block(self, route):
        self.foreign.append(route.request.url)
        route.abort()

    def fail(self, request):
        if request.failure != "net::ERR_ABORTED":  # what is under way when the reader goes on
            self.failed.append(request.url)

    def console(self, message):
        if message.type == "error":
            self.errors.append(message.text)


@contextmanager
def opening(site, browser):
    """Gives a function that opens pages, and closes them in the end."""
    with ExitStack() as opened:

        def open_(path, width=1280, scheme="light", script=True, **options):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                java_script_enabled=script,
                **options,
            )
            opened.callback(context.close)
            page = context.new_page()
            page.log = Log(page)
            page.goto((site / path).as_uri())
            # Playwright evaluates in the page even where the page's own scripts are off.
            page.evaluate(PROBES)
            page.probe = lambda name: page.evaluate(f"probes.{name}()")
            return page

        yield open_


@pytest.fixture
def open_page(site, browser):
    """`open_page(path, width=, scheme=, script=)` -> a page with `.log` and `.probe(name)`."""
    with opening(site, browser) as open_:
        yield open_


@pytest.fixture(scope="module")
def same_page(site, browser):
    """`same_page(path, width=)` -> such a page, kept for the next tests of its path: only look."""
    pages, kept = {}, ExitStack()

    def same(path, width=1280):
        if (path, width) not in pages:
            if path not in {at for at, _ in pages}:
                kept.close()
                pages.clear()
            pages[path, width] = kept.enter_context(opening(site, browser))(path, width)
        return pages[path, width]

    with kept:
        yield same
