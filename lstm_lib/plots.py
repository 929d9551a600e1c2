"""Figures: one table of colours, one style, one way into the page.

The colours stand in colours.toml, the style, set by importing this module, in book.mplstyle, the
HTML in figures.html. Draw with `colour` and the functions below (each takes arrays and `ax` and
returns `ax`), then hand the figure to `show`.
"""

import base64
import html
import io
import itertools
import os
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import jinja2
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from markupsafe import Markup
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

_HERE = Path(__file__).parent
COLOURS = tomllib.loads((_HERE / "colours.toml").read_text())  # name: [on white, on dark paper]
_PAGE_NAMES = {light: f"var(--c-{name})" for name, (light, _) in COLOURS.items()}
_PAGE_NAMES["#000000"] = _PAGE_NAMES[COLOURS["ink"][0]]

# 4.6 inches on a phone of 360 px leave 10 points about 10 px high.
MAX_WIDTH, MIN_FONT = 4.6, 9
plt.style.use("lstm_lib.book")

# The macros of figures.html as functions.
MARKUP = jinja2.Template((_HERE / "figures.html").read_text(), autoescape=True).module


def expect(right, what, wanted, got):
    """Raise ValueError that says of `what` what was wanted and what came, unless it is right."""
    if not right:
        raise ValueError(f"{what}: expected {wanted}; got {got}")


def colour(name):
    """The matplotlib colour of a quantity; in the page it follows light and dark.

    Example: `ax.plot(f, color=plots.colour("f"))`.
    """
    expect(name in COLOURS, "colour", f"one of {', '.join(COLOURS)}", repr(name))
    return COLOURS[name][0]


def static():
    """True while the book is built: figures become SVG in the page and no widget is created."""
    return os.environ.get("LSTM_LIB_STATIC") == "1"


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


def _saved(fig, name, **options):
    """What matplotlib writes for `fig`, if it is legible on a phone; closes `fig`."""
    expect(isinstance(fig, Figure), name, "a matplotlib Figure", type(fig).__name__)
    texts = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    width, least = fig.get_figwidth(), min((t.get_fontsize() for t in texts), default=MIN_FONT)
    wanted = f"at most {MAX_WIDTH} inches and no text below {MIN_FONT} points, legible on a phone"
    fits = width <= MAX_WIDTH and least >= MIN_FONT
    expect(fits, name, wanted, f"{width:g} inches, {least:g} points")
    out = io.BytesIO()
    fig.savefig(out, **options)
    plt.close(fig)
    return out.getvalue()


# Two decimals and the page's fonts are enough for the attributes that matplotlib writes.
_SHORTER = (
    (r"(\d\.\d\d)\d+", r"\1"),
    (r"\s+", " "),
    (r" font-family: [^;]*STIX[^;]*", " font-family: var(--f-stix)"),
    (r" font-family: [^;]*Mono[^;]*", " font-family: var(--f-mono)"),
    (r" font-family: '[^;]*;?", ""),
)


def svg(fig, name, alt, regions=None):
    """`fig` as an SVG element whose ids start with `name`; closes `fig`.

    `regions` maps the gid of a clickable artist to the attributes of its element.
    """
    source = _saved(fig, name, format="svg", transparent=True).decode()
    expect("<image" not in source, name, "no bitmap, cells drawn with plots.heat", "imshow")
    source = re.sub(r"(?s)<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", source)
    links = dict.fromkeys(re.findall(r'(?:href="|url\()(#[^")]+)', source))
    names = _PAGE_NAMES | {old: f"#{name}-{k}" for k, old in enumerate(links)}
    given = {old[1:]: {"id": names[old][1:]} for old in links} | (regions or {})

    def known(match):
        if match[0] not in names:
            raise ValueError(f"{name}: {match[0]} is not in plots.COLOURS; use plots.colour(...)")
        return names[match[0]]

    def attributes(node):
        gid = node.attrib.pop("id", "")
        if regions and gid.startswith("pick:") and gid not in regions:
            raise ValueError(f"{name}: region {gid!r} is not among the choices {[*regions]}")
        for key, value in node.items():
            for pattern, shorter in _SHORTER:
                value = re.sub(pattern, shorter, value)
            yield key.rpartition("}")[2], re.sub(r"#[^\s;)]+", known, value)
        yield from given.get(gid, {}).items()

    def markup(node):
        """The element as the page has it: a group without attributes is its content."""
        tag = node.tag.rpartition("}")[2]
        shown = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes(node))
        inner = "".join(map(markup, node)) or html.escape(node.text or "", quote=False)
        return inner if tag == "g" and not shown else f"<{tag}{shown}>{inner}</{tag}>"

    root = ElementTree.fromstring(source)
    for cells in root.iterfind(".//*[@id='cells']"):
        _join(cells)
    body = "".join(map(markup, root))
    role, width = "group" if "data-pick" in body else "img", fig.get_figwidth() * 7.6
    return Markup(
        f'<svg viewBox="{root.get("viewBox")}" style="max-width: {width:.1f}rem" role="{role}" '
        f'aria-label="{html.escape(alt)}">{body}</svg>'
    )


def _join(cells):
    """Make one path of the cells of one tint: a page draws dozens faster than hundreds."""
    cells.set("shape-rendering", "crispEdges")  # no seams between cells
    first = {}
    for cell in list(cells):
        path = first.setdefault(cell.get("style"), cell)
        if path is not cell:
            path.set("d", path.get("d") + cell.get("d"))
            cells.remove(cell)


def png(fig, name, alt):
    """`fig` as an `img` element for a live notebook; closes `fig`."""
    data = base64.b64encode(_saved(fig, name, format="png", dpi=160)).decode()
    width = round(fig.get_figwidth() * 110)
    return f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{data}">'


def show(fig, *, alt, caption, name):
    """Show a figure: SVG in the built page, a bitmap with its alternative text in a notebook.

    Args: `fig`, at most 4.6 inches wide; `alt`, what it shows, for readers who do not see it;
    `caption`, text with `code` between backticks and $formulas$; `name`, its label for {numref}.

    Example: `show(fig, name="fig-decay", caption="...", alt="...")`.
    """
    check_words(name, alt=alt, caption=caption)
    picture = svg if static() else png
    emit(picture(fig, name, alt), caption, name)


def emit(body, caption, name):
    """Display the HTML `body` with its caption; bookext/figures.py numbers it in the page."""
    page = MARKUP.figure(name, Markup(body), inline(caption))
    display({"text/html": page, "text/plain": f"{name}: {caption}"}, raw=True)


def minus(text):
    """`text` with the typographic minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")


def heat(values, ax, *, name=None, scale=None, rows=None, cols=None, numbers=None):
    """Draw a matrix (R, C) as tinted cells, row 0 on top; a nan leaves its cell empty.

    Args: `name`, the quantity whose colour is used, for values >= 0; without it negative and
    positive values get two colours; `scale`, the value of the full colour (default: the largest);
    `rows`, `cols`, labels; `numbers`, a format such as ".2f", writes each value into its cell,
    otherwise a bar beside the cells says what the tints mean.

    Example: `heat(contribution, ax, rows=["loss 1", ...], cols=["step 1", ...], numbers=".2f")`.
    """
    values = np.asarray(values, float)
    fits = values.ndim == 2 and not (name and np.nanmin(values) < 0)
    wanted = "a matrix (R, C), with values >= 0 if a name is given"
    expect(fits, "heat", wanted, f"shape {values.shape}, name {name!r}")
    scale = np.nanmax(np.abs(values)) if scale is None else scale
    # Ink must stay legible on the strongest tint, in light and in dark.
    _cells(values, ax, name, scale, 0.5 if numbers else 1.0)
    for axis, labels in ((ax.yaxis, rows), (ax.xaxis, cols)):
        axis.set_ticks([] if labels is None else np.arange(len(labels)) + 0.5, labels)
    if numbers:
        for (r, c), v in np.ndenumerate(values):
            text = "" if np.isnan(v) else minus(f"{v:{numbers}}")
            ax.text(c + 0.5, r + 0.5, text, ha="center", va="center")
    else:
        bar = ax.inset_axes([1.02, 0, 0.03, 1])
        ends = scale, -scale if name is None else 0
        _cells(np.linspace(*ends, 11)[:, None], bar, name, scale)
        bar.yaxis.tick_right()
        bar.set(xticks=[], yticks=[0, 11], yticklabels=[minus(f"{v:.3g}") for v in ends])
    return ax


def _cells(values, ax, name, scale, strongest=1.0):
    """Tint cells: the paper at 0, the colour `name` (None: pos or neg) at `scale`."""
    above, below = (to_rgba(colour(name or sign)) for sign in ("pos", "neg"))
    rgba = np.where(values[..., None] < 0, below, above)
    share = np.nan_to_num(np.abs(values)) / (scale or 1.0)
    rgba[..., 3] = np.round(strongest * np.clip(share, 0, 1), 2)
    ax.pcolormesh(rgba, gid="cells")
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def gates(values, ax, name, *, text=None):
    """Draw activations (T, H) of one gate or state over time: a row per unit, a column per step.

    Gates run from 0 to 1, candidates and h from -1 to 1, c as far as it goes; `text`, one
    character per step, stands below the columns.

    Example: `gates(f, axes[0], "f", text="it was the best")`.
    """
    sequential, scale = name in "iforz", None if name == "c" else 1
    heat(np.transpose(values), ax, name=name if sequential else None, scale=scale, cols=text)
    for label in ax.get_xticklabels():
        label.set(family="monospace", color=colour("ink"))
    ax.set_ylabel(name, rotation=0, ha="right", va="center", color=colour(name), weight="bold")
    return ax


def curve_with_spread(x, runs, ax, *, name, label=None):
    """Draw the median of `runs` (seeds, len(x)) and the band from the least to the greatest.

    Each further curve on `ax` gets another dash pattern, so colour never stands alone.
    """
    runs = np.atleast_2d(runs)
    dash = ("-", "--", "-.", ":")[len(ax.lines) % 4]
    ax.plot(x, np.median(runs, axis=0), dash, color=colour(name), label=label)
    if len(runs) > 1:
        ax.fill_between(x, runs.min(0), runs.max(0), color=colour(name), alpha=0.2, linewidth=0)
    return ax


def decay(norms, ax, *, name="grad", label=None):
    """Draw gradient norms (seeds, lags) over the lag 0, 1, ... on a log axis; zeros leave gaps."""
    norms = np.atleast_2d(norms)
    norms = np.where(norms > 0, norms, np.nan)
    ax.set(yscale="log", xlabel="lag (steps back)", ylabel="gradient norm")
    return curve_with_spread(np.arange(norms.shape[1]), norms, ax, name=name, label=label)


def graph(nodes, edges, ax, *, paths=(), pick=None):
    """Draw a computation graph.

    Args: `nodes` maps an id to (x, y, label, colour name); `edges` holds tuples (from, to) or
    (from, to, bend); `paths`, sequences of ids whose edges are highlighted; `pick` maps ids to
    "NAME=VALUE": in `explore` a click on the node sets that choice.

    Example: `graph({"h1": (1, 0, "$h_1$", "h"), "L1": (1, 1, "$l_1$", "grad")}, [("h1", "L1")],
    ax, paths=[("h1", "L1")], pick={"L1": "loss=1"})`.
    """
    lit = {edge for path in paths for edge in itertools.pairwise(path)}
    known = {edge[:2] for edge in edges}
    lost = {node for edge in known for node in edge if node not in nodes} | (lit - known)
    wanted = f"edges between the nodes {', '.join(nodes)} and paths along edges"
    expect(not lost, "graph", wanted, ", ".join(map(str, lost)))
    for a, b, *bend in edges:
        line = {"color": colour("grad"), "lw": 2.4} if (a, b) in lit else {"color": colour("muted")}
        bent = f"arc3,rad={bend[0] if bend else 0}"
        arrow = {"arrowstyle": "-|>", "shrinkA": 15, "shrinkB": 15, "connectionstyle": bent}
        ax.annotate("", nodes[b][:2], nodes[a][:2], arrowprops=arrow | line)
    for ident, (x, y, label, name) in nodes.items():
        width = 2.4 if any(ident in edge for edge in lit) else 1
        box = {"facecolor": colour("paper"), "edgecolor": colour(name), "linewidth": width}
        text = ax.text(x, y, label, ha="center", va="center", color=colour(name), fontsize=12)
        gid = f"pick:{pick[ident]}" if ident in (pick or {}) else None
        text.set(bbox=box | {"boxstyle": "round,pad=0.4"}, gid=gid)
    x, y = np.array([node[:2] for node in nodes.values()], float).T
    ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.5, y.max() + 0.5))
    ax.axis("off")
    return ax
