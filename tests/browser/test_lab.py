"""Every notebook in JupyterLab: restart the kernel, run all cells, turn the figures by keyboard."""

import json
import os
import shutil
import subprocess
import sys
import time

import nbformat
import pytest
from conftest import ROOT

BOOK = ROOT / "book"
NOTEBOOKS = [*BOOK.glob("*.ipynb"), *BOOK.glob("assignments/source/*/*.ipynb")]
NAMES = sorted(path.relative_to(BOOK).as_posix() for path in NOTEBOOKS)
# JupyterLab's debugger says so of itself at some restarts.
NOT_OURS = "Could not restore the debugger state"
SCRIPT = """window.lab = {
  panel: () => window.jupyterapp?.shell.currentWidget,
  idle: () => lab.panel()?.sessionContext?.session?.kernel?.status === 'idle',
  code: () => lab.panel().content.widgets.map(cell => cell.model).filter(m => m.type === 'code'),
  counts: () => lab.code().map(model => model.executionCount),
  failed: () => lab.code().flatMap(model => model.outputs.toJSON())
    .filter(o => o.output_type === 'error' || o.name === 'stderr')
    .map(o => o.evalue ?? o.text),
  done: () => lab.idle() && (lab.failed().length > 0 || lab.counts().every(Boolean)),
  shown: () => document.querySelectorAll('.jp-Cell').length === lab.panel().content.widgets.length,
  settled: async ask => {
    for (let k = 0; k < 1200 && ask().length; k++) await new Promise(go => setTimeout(go, 100));
    return ask();
  },
  all: selector => [...document.querySelectorAll(selector)],
  // Widgets and pictures are drawn some time after the kernel has said that it is done.
  missing: () => [
    ...lab.all('.jp-OutputArea-output').filter(e => e.textContent === 'Loading widget...'),
    ...lab.all('.jp-OutputArea .widget-box > :empty:not(.jupyter-widgets)'),
    ...lab.all('.jp-OutputArea img').filter(image => !image.naturalWidth),
  ].map(element => element.outerHTML.slice(0, 160)),
  source: () => lab.all('.jp-MarkdownOutput, .jp-RenderedHTML, .jupyter-widgets').map(element => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll('mjx-container, :not(pre) > code, style').forEach(e => e.remove());
    return copy.textContent;
  }).filter(text => /\\$|\\\\[a-zA-Z]/.test(text)),
};"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`lab(name)`: the address of a notebook without outputs in a JupyterLab of its own."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(BOOK, folder / "book")
    for name in NAMES:
        notebook = nbformat.read(BOOK / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        nbformat.write(notebook, folder / "book" / name)
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir=book", "--no-browser"]
    command += ["--port=0", "--expose-app-in-browser"]
    if not os.geteuid():
        command.append("--allow-root")
    runtime = folder / "runtime"
    own = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(runtime)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | own, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 300
        while not (server := started(runtime)):
            waiting = process.poll() is None and time.monotonic() < end
            assert waiting, (folder / "log").read_text()
            time.sleep(0.2)
        yield lambda name: f"{server['url']}lab/tree/{name}?reset&token={server['token']}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def started(runtime):
    """What the server says of itself; its file stands there, empty, before that is written."""
    texts = [file.read_text() for file in runtime.glob("jpserver-*.json")]
    return json.loads(texts[0]) if any(texts) else None


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_restart_and_run_all(name, lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.add_init_script(SCRIPT)
    try:
        page.goto(lab(name))
        page.wait_for_function("lab.idle()")
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.get_by_role("menuitem", name="Restart Kernel and Run All Cells…").click()
        page.get_by_role("button", name="Confirm Kernel Restart").click()
        page.wait_for_function("lab.done()")
        assert page.evaluate("lab.failed()") == []
        counts = page.evaluate("lab.counts()")
        assert counts == [*range(1, len(counts) + 1)]
        page.wait_for_function("lab.shown()")
        assert page.evaluate("lab.settled(lab.missing)") == []
        mathematics_is_set(page)
        pictures_have_words(page)
        if "explore(" in (BOOK / name).read_text(encoding="utf-8"):
            figures_move(page)
        assert [error for error in errors if NOT_OURS not in error] == []
    finally:
        page.evaluate("lab.panel()?.sessionContext.shutdown()")
        page.close()


def mathematics_is_set(page):
    assert page.evaluate("lab.settled(lab.source)") == []
    # An unknown command is set in red.
    wrong = "mjx-merror, [data-mjx-error], mjx-mtext[style*=red]"
    assert page.evaluate("s => lab.all(s).map(e => e.outerHTML)", wrong) == []


def pictures_have_words(page):
    pictures = page.evaluate("lab.all('.jp-OutputArea img').map(i => [i.alt, i.naturalWidth])")
    assert all(len(alt.split()) > 2 and width > 100 for alt, width in pictures)
    said = page.evaluate("lab.all('.jp-OutputArea').map(e => e.textContent)")
    assert [text for text in said if "displaying widget" in text or "VBox(" in text] == []


def figures_move(page):
    """A control of each figure changes its picture, and its caption stays."""
    figures = page.locator(".jp-OutputArea .widget-vbox:has(img)")
    assert figures.count() > 0
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        words = figure.locator(":scope > .widget-htmlmath")
        caption = words.text_content()
        assert len(caption.split()) > 2
        before = figure.locator("img").get_attribute("src")
        turn(figure)
        changed = "([figure, src]) => figure.querySelector('img').src !== src"
        page.wait_for_function(changed, arg=[figure.element_handle(), before])
        assert words.text_content() == caption


def turn(figure):
    """By keyboard move a slider by one, else press another button of a row; or choose in a list."""
    if (slider := figure.locator(".noUi-handle").first).count():
        last = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        slider.press("ArrowLeft" if last else "ArrowRight")
    elif (choice := figure.locator("select").first).count():
        choice.select_option(index=1)  # JupyterLab takes the arrow keys unless the list is open
    else:
        figure.locator("button:not(.mod-active)").first.press("Enter")
