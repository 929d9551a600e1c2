"""Figures: one table of colours, one style, functions that take arrays and `ax` and return `ax`.

Importing this module sets the style, book.mplstyle. Draw with `colour` and the functions below,
then hand the figure to `show`.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from . import page
from .checks import expect
from .page import COLOURS

plt.style.use("lstm_lib.book")


def colour(name):
    """The matplotlib colour of a quantity; in the page it follows light and dark.

    Example: `ax.plot(f, color=plots.colour("f"))`.
    """
    expect(name in COLOURS, "colour", f"one of {', '.join(COLOURS)}", repr(name))
    return COLOURS[name][0]


def show(fig, *, alt, caption, name):
    """Show a figure: SVG in the built page, a bitmap with its alternative text in a notebook.

    Args: `fig`, at most 4.6 inches wide; `alt`, what it shows, for readers who do not see it;
    `caption`, text with `code` between backticks and $formulas$; `name`, its label for {numref}.

    Example: `show(fig, name="fig-decay", caption="...", alt="...")`.
    """
    page.check_words(name, alt=alt, caption=caption)
    picture = page.svg if page.static() else page.png
    page.emit(picture(fig, name, alt), caption, name)


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
        bar.spines[:].set(visible=True, color=colour("muted"), linewidth=0.5)
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
