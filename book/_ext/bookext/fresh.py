"""Nothing stale: what a page depends on besides its own text is part of the configuration."""

import hashlib
import os
import re
import shutil
import sys
from importlib.metadata import requires, version
from pathlib import Path

from nbclient import NotebookClient

# A busy kernel cuts what a cell prints into pieces; myst-nb would end each with a new line.
NotebookClient.coalesce_streams = True


def digest(root, *folders):
    """One hash over every file below the folders, bytecode left out."""
    total = hashlib.sha256()
    for file in sorted(f for folder in folders for f in (root / folder).rglob("*") if f.is_file()):
        if "__pycache__" not in file.parts:
            total.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    return total.hexdigest()


def packages():
    """What may change a notebook's output: Python, the kernel and what lstm_lib stands on."""
    needs = [need for need in requires("lstm-lib") if "extra ==" not in need]
    names = {re.match(r"[\w.-]+", need)[0] for need in needs} | {"ipykernel"}
    return repr((sys.version, sorted((name, version(name)) for name in names)))


def drop_stale(app, config):
    root = Path(app.srcdir)
    config.book_pages = digest(root, "book/_static", "book/_templates")
    executed = digest(root, "classroom", "lstm_lib", "book/data") + packages()
    config.book_code = executed + digest(root, "book/_ext")
    record = Path(app.doctreedir).parent / "code-hash"
    if record.exists() and record.read_text() != executed:
        shutil.rmtree(record.parent / ".jupyter_cache", ignore_errors=True)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(executed)
    # Figures become SVG, without widgets (lstm_lib.page); this environment's kernel runs them.
    os.environ |= {"LSTM_LIB_STATIC": "1", "JUPYTER_PREFER_ENV_PATH": "1"}


def forget_failure(app, exception):
    """After a warning read every page again: Sphinx warns about a page only when it reads it."""
    if exception or app._warncount:
        shutil.rmtree(app.doctreedir, ignore_errors=True)


def setup(app):
    app.connect("build-finished", forget_failure, priority=999)
    app.add_config_value("book_pages", "", "html", [str])
    app.add_config_value("book_code", "", "env", [str])
    app.connect("config-inited", drop_stale)
