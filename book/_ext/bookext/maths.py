"""Mathematics is set by KaTeX while the book is built; the page needs no script for it."""

import socket
import time
from subprocess import PIPE, Popen

import sphinxcontrib.katex as katex
from docutils import nodes

from .assets import MODULES, NODE
from .trace import code_links

# The book's own commands; a notebook that uses them defines them once more for Jupyter's MathJax.
# \textcolor{f}{f_t} marks the quantity f: here it becomes a class, in Jupyter and on GitHub an
# unknown and therefore ignored colour.
MACROS = {
    r"\total": r"\frac{\mathrm{d}#1}{\mathrm{d}#2}",
    r"\imm": r"\frac{\partial^{+}#1}{\partial #2}",
    r"\had": r"\odot",
    r"\T": r"^{\top}",
    # A term that lights up with the line that computes it (terms.py); Jupyter shows it plain.
    r"\term": "#2",
}


def visit_block(self, node):
    """sphinxcontrib-katex's, with the classes that sphinx-tippy looks for and links to the code."""
    node["classes"] += ["notranslate", "nohighlight"]
    start = len(self.body)
    try:
        katex.html_visit_displaymath(self, node)
    except nodes.SkipNode:
        if node["number"]:
            number_ends = self.body.index("</span>", start)
            self.body.insert(number_ends, code_links(self, node["label"]))
        raise


def start(rundir, timeout):
    """sphinxcontrib-katex's own connects as soon as the socket exists, before anybody listens."""
    command = katex.KaTeXServer.build_command(socket=rundir / "katex.sock")
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=rundir)
    end, client = time.monotonic() + timeout, socket.socket(socket.AF_UNIX)
    while client.connect_ex(str(rundir / "katex.sock")):
        if time.monotonic() > end:
            raise katex.KaTeXServer.timeout_error(timeout)
        time.sleep(0.001)
    return process, client


def render_strictly(app, config):
    """sphinxcontrib-katex ignores `katex_options` when it prerenders: set its defaults instead."""
    katex.NODEJS_BINARY = NODE
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60  # on a busy machine node may take seconds
    katex.KaTeXServer.start_server_process = start
    own = MACROS | {r"\textcolor": r"\htmlClass{q-#1}{#2}", r"\term": r"\htmlData{term=#1}{#2}"}
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="ignore", trust=True, macros=own)
    # In a line of text a formula breaks between KaTeX's parts, not before a comma (book.css).
    plain, part = katex.render_latex, '<span class="base">'
    katex.render_latex = lambda *a: plain(*a).replace(f"</span>{part}", f"</span><wbr>{part}")
    config.katex_js_path = str(MODULES / "katex" / "dist" / "katex.min.js")


def setup(app):
    app.add_html_math_renderer("bookmath", (katex.html_visit_math, None), (visit_block, None))
    app.connect("config-inited", render_strictly)
