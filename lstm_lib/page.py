"""From Python into the page: a figure as SVG in the page's colours, HTML with its caption.

The colours stand in colours.toml, the HTML in figures.html. While the book is built the page gets
SVG and forms; a live notebook gets bitmaps and widgets.
"""

import base64
import html
import io
import os
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import jinja2
import matplotlib.pyplot as plt
from IPython.display import display
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.text import Text

from .checks import expect

_HERE = Path(__file__).parent
COLOURS = tomllib.loads((_HERE / "colours.toml").read_text())  # name: [on white, on dark paper]
_VARIABLES = {light: f"var(--c-{name})" for name, (light, _) in COLOURS.items()}
_VARIABLES["#000000"] = _VARIABLES[COLOURS["ink"][0]]

# 4.6 inches on a phone of 360 px leave 10 points about 10 px high.
MAX_WIDTH, MIN_FONT = 4.6, 9

# The macros of figures.html as functions.
MARKUP = jinja2.Template((_HERE / "figures.html").read_text(), autoescape=True).module


def static():
    """True while the book is built: figures become SVG in the page and no widget is created."""
    return os.environ.get("LSTM_LIB_STATIC") == "1"


def exercised():
    """True while the notebooks are tested: widgets also draw what a reader may choose."""
    return os.environ.get("LSTM_LIB_EXERCISE") == "1"


def check_words(name, **words):
    """Raise ValueError unless `name` is a figure label and every word is a text for readers."""
    label = re.fullmatch(r"[a-z][a-z0-9-]*", str(name))
    expect(label, "name", "lower-case words joined by hyphens", repr(name))
    for key, text in words.items():
        says = isinstance(text, str) and len(text.split()) > 1
        expect(says, f"{key} of {name}", "a text for readers", repr(text))


def inline(text):
    """`text` as HTML: `code` stands between backticks, $formulas$ are left to the page."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)))


def emit(body, caption, name):
    """Display the HTML `body` with its caption; bookext/figures.py numbers it in the page."""
    page = MARKUP.figure(name, Markup(body), inline(caption))
    display({"text/html": page, "text/plain": f"{name}: {caption}"}, raw=True)


def png(fig, name, alt):
    """`fig` as an `img` element for a live notebook; closes `fig`."""
    data = base64.b64encode(_saved(fig, name, format="png", dpi=160)).decode()
    width = round(fig.get_figwidth() * 110)
    return f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{data}">'


def svg(fig, name, alt, regions=None):
    """`fig` as an SVG element whose ids start with `name`; closes `fig`.

    `regions` maps the gid of a clickable artist to the attributes of its element.
    """
    source = _saved(fig, name, format="svg", transparent=True).decode()
    expect("<image" not in source, name, "no bitmap, cells drawn with plots.heat", "imshow")
    source = re.sub(r"(?s)<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", source)
    links = dict.fromkeys(re.findall(r'(?:href="|url\()(#[^")]+)', source))
    names = _VARIABLES | {old: f"#{name}-{k}" for k, old in enumerate(links)}
    given = {old[1:]: {"id": names[old][1:]} for old in links} | (regions or {})
    root = ElementTree.fromstring(source)
    for cells in root.iterfind(".//*[@id='cells']"):
        _join(cells)
    for node in root.iterfind(".//*"):
        gid = node.attrib.pop("id", "")
        if regions and gid.startswith("pick:") and gid not in regions:
            raise ValueError(f"{name}: region {gid!r} is not among the choices {[*regions]}")
        _rewrite(node, name, names)
        node.attrib.update(given.get(gid, {}))
    body = "".join(map(_markup, root))
    role, width = "group" if "data-pick" in body else "img", fig.get_figwidth() * 7.6
    return Markup(
        f'<svg viewBox="{root.get("viewBox")}" style="max-width: {width:.1f}rem" role="{role}" '
        f'aria-label="{html.escape(alt)}">{body}</svg>'
    )


def _decade(v, _):
    """The label of a logarithmic axis: 1e-10, 0.01, 100, without an exponent too small to read."""
    if 1e-3 <= v < 1e4:
        return f"{v:g}"
    factor, power = f"{v:.0e}".split("e")
    return f"{factor}e{int(power)}"


def _saved(fig, name, **options):
    """What matplotlib writes for `fig`, if it is legible on a phone; closes `fig`."""
    expect(isinstance(fig, Figure), name, "a matplotlib Figure", type(fig).__name__)
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if axis.get_scale() == "log":
            axis.set_major_formatter(_decade)
    texts = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    width, least = fig.get_figwidth(), min((t.get_fontsize() for t in texts), default=MIN_FONT)
    wanted = f"at most {MAX_WIDTH} inches and no text below {MIN_FONT} points, legible on a phone"
    fits = width <= MAX_WIDTH and least >= MIN_FONT
    expect(fits, name, wanted, f"{width:g} inches, {least:g} points")
    out = io.BytesIO()
    fig.savefig(out, **options)
    plt.close(fig)
    return out.getvalue()


def _join(cells):
    """Make one path of the cells of one tint: a page draws dozens faster than hundreds."""
    cells.set("shape-rendering", "crispEdges")  # no seams between cells
    first = {}
    for cell in list(cells):
        path = first.setdefault(cell.get("style"), cell)
        if path is not cell:
            path.set("d", path.get("d") + cell.get("d"))
            cells.remove(cell)


# Two decimals and the page's fonts are enough for the attributes that matplotlib writes.
_SHORTER = (
    (r"(\d\.\d\d)\d+", r"\1"),
    (r"\s+", " "),
    (r" font-family: [^;]*STIX[^;]*", " font-family: var(--f-stix)"),
    (r" font-family: [^;]*Mono[^;]*", " font-family: var(--f-mono)"),
    (r" font-family: '[^;]*;?", ""),
)


def _rewrite(node, name, names):
    """Shorten a node's attributes; colours and links get the names that they have in the page."""

    def in_page(match):
        if match[0] not in names:
            raise ValueError(f"{name}: {match[0]} is not in plots.COLOURS; use plots.colour(...)")
        return names[match[0]]

    for key, value in node.items():
        for pattern, shorter in _SHORTER:
            value = re.sub(pattern, shorter, value)
        node.set(key, re.sub(r"#[^\s;)]+", in_page, value))


def _markup(node):
    """An element as the page has it: a group without attributes is its content."""
    tag = node.tag.rpartition("}")[2]
    pairs = ((key.rpartition("}")[2], html.escape(value)) for key, value in node.items())
    shown = "".join(f' {key}="{value}"' for key, value in pairs)
    inner = "".join(map(_markup, node)) or html.escape(node.text or "", quote=False)
    return inner if tag == "g" and not shown else f"<{tag}{shown}>{inner}</{tag}>"
