"""Figures: one table of colours, one style, one way into the page.

Importing this module sets the book's matplotlib style. Draw with `colour` and the functions below
(each takes arrays and `ax` and returns `ax`), then hand the figure to `show`.
"""

import html
import io
import os
import re

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

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
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": colour("muted"),
    "axes.labelcolor": colour("ink"),
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.prop_cycle": plt.cycler(color=[colour(k) for k in ("accent", "grad", "o", "g", "c")]),
    "font.size": 10,
    "grid.color": colour("grid"),
    "xtick.color": colour("muted"),
    "ytick.color": colour("muted"),
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "text.color": colour("ink"),
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "stix",  # as wide as Times, which every reader's machine has
    "svg.fonttype": "none",
    "svg.hashsalt": "figure",
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
    """`text` as HTML: everything is literal, but `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _check_figure(fig, name):
    if not isinstance(fig, Figure):
        raise ValueError(f"{name}: expected a matplotlib Figure; got {type(fig).__name__}")
    if fig.get_figwidth() > MAX_WIDTH:
        raise ValueError(
            f"{name}: expected a figure at most {MAX_WIDTH} inches wide, or its text "
            f"is too small on a phone; got {fig.get_figwidth()}"
        )
    for text in fig.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text.get_fontsize() < MIN_FONT:
            raise ValueError(
                f"{name}: expected text of at least {MIN_FONT} points; got "
                f"{text.get_fontsize():g} for {text.get_text()!r}"
            )


def _shrink(tag, name):
    """One tag of matplotlib's SVG with colours as variables and short numbers."""

    def variable(match):
        if match[0] not in _NAME_OF:
            raise ValueError(f"{name}: {match[0]} is not in plots.COLOURS; use plots.colour(...)")
        return f"var(--c-{_NAME_OF[match[0]]})"

    def family(match):
        kind = next((k for k in ("STIX", "Mono") if k in match[0]), None)
        return f"font-family: var(--f-{kind.lower()})" if kind else ""

    tag = re.sub(r"(?<=: )#[0-9a-f]{6}", variable, tag)
    tag = re.sub(r"font-family: [^;\"]*", family, tag)
    tag = re.sub(r"(\d\.\d\d)\d+", r"\1", tag)
    return re.sub(r"\s+", " ", tag.replace("xlink:href", "href"))


def svg(fig, name, alt, pick=lambda gid: None):
    """`fig` as an SVG element whose ids start with `name`; closes `fig`.

    `pick(gid)` may return the attributes of a clickable region for an artist's gid.
    """
    _check_figure(fig, name)
    out = io.StringIO()
    with plt.rc_context({k: STYLE[k] for k in ("svg.fonttype", "svg.hashsalt")}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        fig.savefig(out, format="svg", transparent=True, metadata=nothing)
    plt.close(fig)
    text = re.sub(
        r"<!--.*?-->|<defs>\s*<style.*?</defs>|<metadata>.*?</metadata>",
        "",
        out.getvalue().split("<svg", 1)[1],
        flags=re.S,
    )
    head, text = text.split(">", 1)
    if "<image" in text:
        raise ValueError(f"{name}: holds a bitmap (imshow?); draw cells with plots.heat")
    used = {
        old: f"{name}-{k}"
        for k, old in enumerate(dict.fromkeys(re.findall(r'(?:href="|url\()#([^")]+)', text)))
    }

    def rename(match):
        gid = html.unescape(match[1])
        return f' id="{used[gid]}"' if gid in used else pick(gid) or ""

    text = re.sub(r' id="([^"]*)"', rename, text)
    text = re.sub(r'(href="|url\()#([^")]+)', lambda m: f"{m[1]}#{used[m[2]]}", text)
    text = re.sub(r"<[^>]+>", lambda m: _shrink(m[0], name), text)
    text = re.sub(r">\s+<", "><", re.sub(r"<g\s*>\s*</g>", "", text)).strip()
    box = re.search(r'viewBox="[^"]*"', head)[0]
    role = "group" if "data-pick" in text else "img"
    return f'<svg {box} role="{role}" aria-label="{html.escape(alt)}">{text}'


def png(fig, alt):
    """`fig` as an `img` element for a live notebook; closes `fig`."""
    import base64

    out = io.BytesIO()
    fig.savefig(out, format="png", dpi=160, facecolor=colour("paper"))
    plt.close(fig)
    width = round(fig.get_figwidth() * 110)
    data = base64.b64encode(out.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" width="{width}" src="data:image/png;base64,{data}">'


def show(fig, *, alt, caption, name):
    """Show a figure: SVG in the built page, a bitmap with its alternative text in a notebook.

    Args: `fig`, at most 4.6 inches wide; `alt`, what it shows, for readers who do not see it;
    `caption`, plain text, with `code` between backticks; `name`, its label for {numref}.

    Example: `show(fig, name="fig-decay", caption="...", alt="...")`.
    """
    check_words(name, alt=alt, caption=caption)
    _check_figure(fig, name)
    emit(svg(fig, name, alt) if static() else png(fig, alt), caption, name)


def emit(body, caption, name):
    """Display the HTML `body` with its caption; book/_ext/figures.py numbers it in the page."""
    display(
        {
            "text/html": f'<figure id="{name}"><div class="figure">{body}</div>'
            f"<figcaption>{inline(caption)}</figcaption></figure>",
            "text/plain": f"{name}: {caption}",
        },
        raw=True,
    )
