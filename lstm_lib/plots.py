"""Figures: one table of colours, one style, one way into the page.

Importing this module sets the book's matplotlib style. Draw with `colour` and the functions below
(each takes arrays and `ax` and returns `ax`), then hand the figure to `show`.
"""

import base64
import html
import io
import itertools
import os
import re

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

_CRISP = ' shape-rendering="crispEdges"'  # no seams between cells

# name: (on white paper, on dark paper). The light values double as the sentinels that `svg` turns
# into var(--c-NAME), so no two may be equal. Every one but grid and paper has a contrast of at
# least 4.5 to its paper; quantities that meet in one figure stay apart for colour-blind readers.
COLOURS = {
    "i": ("#5a64eb", "#0988fe"),
    "f": ("#ab6111", "#ea5107"),
    "g": ("#432665", "#947e93"),
    "o": ("#055b59", "#48d58d"),
    "c": ("#4b3300", "#f1f226"),
    "h": ("#1236b3", "#c2b1ff"),
    "r": ("#1d4042", "#4e9a95"),
    "z": ("#b45a2c", "#ed540c"),
    "n": ("#8f54dc", "#a066f0"),
    "x": ("#66758c", "#b5f6f3"),
    "u": ("#5e085a", "#d357ab"),
    "grad": ("#d73814", "#f98f6a"),
    "pos": ("#1f6fb4", "#6db3f2"),
    "neg": ("#b35806", "#f0a35e"),
    "accent": ("#0b5cad", "#7ab8ff"),
    "ink": ("#1c1c1c", "#e8e8e8"),
    "muted": ("#595959", "#a8a8a8"),
    "grid": ("#dddddd", "#3a3a3a"),
    "paper": ("#ffffff", "#121212"),
}
_NAME_OF = {light: name for name, (light, _) in COLOURS.items()} | {"#000000": "ink"}


def colour(name):
    """The matplotlib colour of a quantity; in the page it follows light and dark.

    Example: `ax.plot(f, color=plots.colour("f"))`.
    """
    if name not in COLOURS:
        raise ValueError(f"colour: expected one of {', '.join(COLOURS)}; got {name!r}")
    return COLOURS[name][0]


# 4.6 inches on a phone of 360 px leave 10 points about 10 px high.
MAX_WIDTH, MIN_FONT = 4.6, 9
STYLE = {
    "figure.figsize": (MAX_WIDTH, 2.6),
    "figure.constrained_layout.use": True,
    "axes.edgecolor": colour("muted"),
    "axes.labelcolor": colour("ink"),
    "axes.prop_cycle": plt.cycler(color=[colour(k) for k in ("accent", "grad", "o", "g", "c")]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "font.size": 10,
    "grid.color": colour("grid"),
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "stix",  # as wide as Times, which every reader's machine has
    "svg.fonttype": "none",
    "svg.hashsalt": "figure",
    "text.color": colour("ink"),
    "xtick.color": colour("muted"),
    "ytick.color": colour("muted"),
}
plt.rcParams.update(STYLE)


def static():
    """True while the book is built: figures become SVG in the page and no widget is created."""
    return os.environ.get("LSTM_LIB_STATIC") == "1"


def check_words(name, **words):
    """Raise ValueError unless `name` is a figure label and every word is a text for readers."""
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9-]*", name)):
        raise ValueError(f"name: expected lower-case words joined by hyphens; got {name!r}")
    for key, text in words.items():
        if not (isinstance(text, str) and len(text.split()) > 1):
            raise ValueError(f"{key} of {name}: expected a text for readers; got {text!r}")


def inline(text):
    """`text` as HTML: `code` stands between backticks, $formulas$ are left to the page."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _check_figure(fig, name):
    if not isinstance(fig, Figure):
        raise ValueError(f"{name}: expected a matplotlib Figure; got {type(fig).__name__}")
    texts = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    least = min((t.get_fontsize() for t in texts), default=MIN_FONT)
    if fig.get_figwidth() > MAX_WIDTH or least < MIN_FONT:
        raise ValueError(
            f"{name}: expected at most {MAX_WIDTH} inches and no text below {MIN_FONT} points, to "
            f"be legible on a phone; got {fig.get_figwidth():g} inches, {least:g} points"
        )


def _for_page(tag, name):
    """One tag of matplotlib's SVG with colours as variables, the page's fonts, short numbers."""

    def variable(match):
        if match[0] not in _NAME_OF:
            raise ValueError(f"{name}: {match[0]} is not in plots.COLOURS; use plots.colour(...)")
        return f"var(--c-{_NAME_OF[match[0]]})"

    def font(match):
        kind = next((k for k in ("stix", "mono") if k in match[0].lower()), None)
        return f" font-family: var(--f-{kind});" if kind else ""

    tag = re.sub(r"(?<=: )#[0-9a-f]{6}", variable, tag)
    tag = re.sub(r" font-family: ([^;\"]*);?", font, tag)
    tag = re.sub(r"(\d\.\d\d)\d+", r"\1", tag)
    return re.sub(r"\s+", " ", tag.replace("xlink:href", "href"))


def svg(fig, name, alt, pick=lambda gid: ""):
    """`fig` as an SVG element whose ids start with `name`; closes `fig`.

    `pick(gid)` may return the attributes of a clickable region for an artist's gid.
    """
    _check_figure(fig, name)
    out = io.StringIO()
    with plt.rc_context({k: STYLE[k] for k in ("svg.fonttype", "svg.hashsalt")}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        fig.savefig(out, format="svg", transparent=True, metadata=nothing)
    plt.close(fig)
    head, text = out.getvalue().split("<svg", 1)[1].split(">", 1)
    if "<image" in text:
        raise ValueError(f"{name}: expected no bitmap; draw cells with plots.heat, not imshow")
    text = re.sub(r"<!--.*?-->|<defs>\s*<style.*?</defs>", "", text, flags=re.S)
    links = dict.fromkeys(re.findall(r'(?:href="|url\()#([^")]+)', text))
    ids = {old: f"{name}-{k}" for k, old in enumerate(links)}

    def rename(match):
        gid = html.unescape(match[1])
        return f' id="{ids[gid]}"' if gid in ids else _CRISP if gid == "cells" else pick(gid)

    text = re.sub(r' id="([^"]*)"', rename, text)
    text = re.sub(r'(href="|url\()#([^")]+)', lambda m: f"{m[1]}#{ids[m[2]]}", text)
    text = re.sub(r"<[^>]+>", lambda m: _for_page(m[0], name), text)
    text = re.sub(r">\s+<", "><", text).strip()
    box, role = re.search(r'viewBox="[^"]*"', head)[0], "group" if "data-pick" in text else "img"
    width = f"max-width: {fig.get_figwidth() * 7.6:.1f}rem"
    return f'<svg {box} style="{width}" role="{role}" aria-label="{html.escape(alt)}">{text}'


def png(fig, name, alt):
    """`fig` as an `img` element for a live notebook; closes `fig`."""
    _check_figure(fig, name)
    out = io.BytesIO()
    fig.savefig(out, format="png", dpi=160, facecolor=colour("paper"))
    plt.close(fig)
    width = round(fig.get_figwidth() * 110)
    data = base64.b64encode(out.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{data}">'


def show(fig, *, alt, caption, name):
    """Show a figure: SVG in the built page, a bitmap with its alternative text in a notebook.

    Args: `fig`, at most 4.6 inches wide; `alt`, what it shows, for readers who do not see it;
    `caption`, text with `code` between backticks and $formulas$; `name`, its label for {numref}.

    Example: `show(fig, name="fig-decay", caption="...", alt="...")`.
    """
    check_words(name, alt=alt, caption=caption)
    emit(svg(fig, name, alt) if static() else png(fig, name, alt), caption, name)


def emit(body, caption, name):
    """Display the HTML `body` with its caption; bookext/numbering.py numbers it in the page."""
    display(
        {
            "text/html": f'<figure id="{name}"><div class="figure">{body}</div>'
            f"<figcaption>{inline(caption)}</figcaption></figure>",
            "text/plain": f"{name}: {caption}",
        },
        raw=True,
    )


def minus(text):
    """`text` with the typographic minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")


def tint(values, name, scale=1.0, strongest=1.0):
    """RGBA for `values`: the paper at 0, the colour `name` (None: pos or neg) at `scale`."""
    values = np.asarray(values, float)
    signs = np.where(values < 0, "neg", "pos") if name is None else np.full(values.shape, name)
    rgba = np.array([to_rgba(colour(k)) for k in signs.ravel()]).reshape(*values.shape, 4)
    rgba[..., 3] = strongest * np.clip(np.nan_to_num(np.abs(values)) / (scale or 1.0), 0, 1)
    return rgba


def heat(values, ax, *, name=None, scale=None, rows=None, cols=None, numbers=None):
    """Draw a matrix (R, C) as tinted cells, row 0 on top; a nan leaves its cell empty.

    Args: `name`, the quantity whose colour is used, for values >= 0; without it negative and
    positive values get two colours; `scale`, the value of the full colour (default: the largest);
    `rows`, `cols`, labels; `numbers`, a format such as ".2f", writes each value into its cell,
    otherwise a bar beside the cells says what the tints mean.

    Example: `heat(contribution, ax, rows=["loss 1", ...], cols=["step 1", ...], numbers=".2f")`.
    """
    values = np.asarray(values, float)
    if values.ndim != 2 or (name and np.nanmin(values) < 0):
        raise ValueError(
            "heat: expected a matrix (R, C), with values >= 0 if a name is given; "
            f"got shape {values.shape}, name {name!r}"
        )
    scale = np.nanmax(np.abs(values)) if scale is None else scale
    # Ink must stay legible on the strongest tint, in light and in dark.
    _cells(tint(values, name, scale, 0.5 if numbers else 1.0), ax)
    for axis, labels in ((ax.yaxis, rows), (ax.xaxis, cols)):
        axis.set_ticks([] if labels is None else np.arange(len(labels)) + 0.5, labels)
    if numbers:
        for (r, c), v in np.ndenumerate(values):
            text = "" if np.isnan(v) else minus(f"{v:{numbers}}")
            ax.text(c + 0.5, r + 0.5, text, ha="center", va="center")
    else:
        bar = ax.inset_axes([1.02, 0, 0.03, 1])
        ends = scale, -scale if name is None else 0
        _cells(tint(np.linspace(*ends, 11)[:, None], name, scale), bar)
        bar.yaxis.tick_right()
        bar.set(xticks=[], yticks=[0, 11], yticklabels=[minus(f"{v:.3g}") for v in ends])
    return ax


def _cells(rgba, ax):
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
    on = {edge for path in paths for edge in itertools.pairwise(path)}
    unknown = {n for e in edges for n in e[:2] if n not in nodes} | (on - {e[:2] for e in edges})
    if unknown:
        raise ValueError(
            f"graph: expected edges between the nodes {', '.join(nodes)} and paths along edges; "
            f"got {', '.join(map(str, unknown))}"
        )
    arrow = {"arrowstyle": "-|>", "shrinkA": 15, "shrinkB": 15, "color": colour("muted")}
    for a, b, *bend in edges:
        lit = {"color": colour("grad"), "lw": 2.4} if (a, b) in on else {}
        bent = {"connectionstyle": f"arc3,rad={bend[0] if bend else 0}"}
        ax.annotate("", nodes[b][:2], nodes[a][:2], arrowprops=arrow | lit | bent)
    for ident, (x, y, label, name) in nodes.items():
        width = 2.4 if any(ident in edge for edge in on) else 1
        box = {"facecolor": colour("paper"), "edgecolor": colour(name), "linewidth": width}
        text = ax.text(x, y, label, ha="center", va="center", color=colour(name), fontsize=12)
        text.set_bbox(box | {"boxstyle": "round,pad=0.4"})
        if ident in (pick or {}):
            text.set_gid(f"pick:{pick[ident]}")
    x, y = np.array([node[:2] for node in nodes.values()], float).T
    ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.5, y.max() + 0.5))
    ax.axis("off")
    return ax
