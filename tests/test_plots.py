"""The colours are legible for every reader, and what leaves the figure path is fit for the page."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba

from lstm_lib import plots

PAPERS = (("#ffffff",), ("#121212", "#1a1a1a"))  # light; the range of dark pages
TOGETHER = ("ifgoch", "rznhx", "ifgox", ("c", "h", "x", "u", "grad"), ("pos", "neg"))
# Networks: the RNN is muted, with a small rate ink, the LSTM f, with chrono biases i, the GRU h.
TOGETHER += (("muted", "f", "h", "i", "c", "ink"), ("ink", "f", "h", "r"), "fihxr", "frn")

# OKLab (Ottosson 2020) from linear sRGB, and what a reader without red or green cones sees
# (Machado, Oliveira and Fernandes 2009, severity 1).
TO_LMS = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
TO_LAB = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}


def linear(colour):
    s = np.array(to_rgb(colour))
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    bright, dim = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def oklab(colour, sight):
    seen = np.clip(linear(colour) @ np.transpose(SIGHT[sight]), 0, 1)
    return np.cbrt(seen @ np.transpose(TO_LMS)) @ np.transpose(TO_LAB)


@pytest.fixture
def page(monkeypatch):
    """What the static build would put into the page, one text per figure."""
    monkeypatch.setenv("LSTM_LIB_STATIC", "1")
    shown = []
    monkeypatch.setattr("lstm_lib.page.display", lambda data, raw: shown.append(data["text/html"]))
    return shown


def line(color=None, **size):
    fig, ax = plt.subplots(**size)
    ax.plot([0, 1, 2], [1, 0.12345, 0.5], color=color, label="f")
    ax.set_title("decay < 1 of $W_{hf}$")
    ax.legend()
    return fig


def cells(ax):
    return np.reshape(ax.collections[0].get_array(), (-1, 4))


WORDS = {"alt": 'A "line" that falls.', "caption": "A line, `f < 1`.", "name": "fig-line"}


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("name", sorted(set(plots.COLOURS) - {"grid", "paper"}))
def test_every_colour_can_be_read_as_text_on_its_paper(name, mode):
    for paper in PAPERS[mode]:
        assert contrast(plots.COLOURS[name][mode], paper) >= 4.5


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("group", TOGETHER)
def test_colours_of_one_figure_stay_apart_for_colour_blind_readers(group, sight, mode):
    for a, b in itertools.combinations(group, 2):
        seen = [oklab(plots.COLOURS[k][mode], sight) for k in (a, b)]
        assert np.linalg.norm(seen[0] - seen[1]) >= 0.1, (a, b)


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("name", ["i", "f", "o", "r", "z", "grad", "accent", "pos", "neg"])
def test_numbers_in_cells_are_legible_on_the_strongest_tint(name, mode):
    fig, ax = plt.subplots()
    plots.heat([[1.0]], ax, name=name, numbers=".0f")
    alpha = cells(ax)[0, 3]
    plt.close(fig)
    paper, cell = (np.array(to_rgb(plots.COLOURS[k][mode])) for k in ("paper", name))
    assert contrast(plots.COLOURS["ink"][mode], alpha * cell + (1 - alpha) * paper) >= 4.5


def test_sentinels_are_distinct_lower_case_colours():
    light = [pair[0] for pair in plots.COLOURS.values()]
    assert len(set(light)) == len(light)
    assert all(re.fullmatch("#[0-9a-f]{6}", c) for pair in plots.COLOURS.values() for c in pair)


def test_an_unknown_colour_is_named():
    with pytest.raises(ValueError, match=r"expected one of i, f, .*got 'blue'"):
        plots.colour("blue")


def test_the_page_gets_an_svg_whose_colours_are_all_variables(page):
    plots.show(line(plots.colour("f")), **WORDS)
    (text,) = page
    assert text.startswith('<figure id="fig-line">')
    assert "<figcaption>A line, <code>f &lt; 1</code>.</figcaption>" in text
    assert 'aria-label="A &quot;line&quot; that falls."' in text
    assert "var(--c-f)" in text
    assert not re.search(r"(fill|stroke)[:=]\W*(#|rgb|black|white)", text)
    assert set(re.findall(r"var\(--c-(\w+)\)", text)) <= set(plots.COLOURS)
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)) > 1
    assert all(i.startswith("fig-line") for i in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(ids)
    assert "<style" not in text
    assert "<text" in text


def test_the_same_input_gives_the_same_bytes(page):
    for _ in range(2):
        plots.show(line(), **WORDS)
    assert page[0] == page[1]


def test_a_notebook_gets_a_bitmap_with_its_alternative_text(monkeypatch, page):
    monkeypatch.delenv("LSTM_LIB_STATIC")
    before = plt.get_fignums()
    plots.show(line(), **WORDS)
    assert '<img alt="A &quot;line&quot; that falls."' in page[0]
    assert "base64,iVBORw0KGgo" in page[0]
    assert "<svg" not in page[0]
    assert plt.get_fignums() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alt": ""}, "alt of fig-line: expected a text"),
        ({"alt": "decay.png"}, "alt of fig-line: expected a text"),
        ({"caption": None}, "caption of fig-line: expected a text"),
        ({"name": "Fig 1"}, "name: expected lower-case words joined by hyphens; got 'Fig 1'"),
    ],
)
def test_show_refuses_words_that_help_nobody(change, message, page):
    with pytest.raises(ValueError, match=message):
        plots.show(line(), **(WORDS | change))
    assert not page


def small_text():
    fig, ax = plt.subplots()
    ax.text(0, 0, "tiny", fontsize=6)
    return fig


def bitmap():
    fig, ax = plt.subplots()
    ax.imshow([[0, 1]])
    return fig


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: line("#1f77b4"), "#1f77b4 is not in plots.COLOURS"),
        (lambda: line(figsize=(8, 3)), "at most 4.6 inches .* got 8 inches"),
        (small_text, "got 4.6 inches, 6 points"),
        (bitmap, "expected no bitmap"),
        (lambda: plt.subplots()[1], "expected a matplotlib Figure; got Axes"),
    ],
)
def test_show_refuses_a_figure_that_would_not_do_on_the_page(draw, message, page):
    with pytest.raises(ValueError, match=message):
        plots.show(draw(), **WORDS)
    assert not page
    plt.close("all")


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_cells_run_from_paper_to_colour_and_nan_stays_empty(ax):
    plots.heat([[0, 0.5], [1, np.nan]], ax, name="f")
    rgba = cells(ax)
    np.testing.assert_allclose(rgba[:, 3], [0, 0.5, 1, 0])
    np.testing.assert_allclose(rgba[2], to_rgba(plots.colour("f")))


def test_signed_values_get_two_colours_and_written_numbers_a_minus(ax):
    plots.heat([[-2, 1]], ax, numbers=".1f", rows=["loss"], cols=["k", "t"])
    rgba = cells(ax)
    np.testing.assert_allclose(rgba[0, :3], to_rgb(plots.colour("neg")))
    np.testing.assert_allclose(rgba[1, :3], to_rgb(plots.colour("pos")))
    np.testing.assert_allclose(rgba[0, 3], 2 * rgba[1, 3])
    assert [t.get_text() for t in ax.texts] == ["\N{MINUS SIGN}2.0", "1.0"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["k", "t"]


@pytest.mark.parametrize(("values", "name"), [([1, 2], None), ([[-1, 1]], "f")])
def test_heat_names_what_it_cannot_draw(values, name, ax):
    with pytest.raises(ValueError, match="heat: expected a matrix"):
        plots.heat(values, ax, name=name)


def test_gates_have_a_row_per_unit_and_fixed_ends(ax):
    values = np.linspace(0, 0.5, 6).reshape(3, 2)  # (T, H)
    plots.gates(values, ax, "i", text="abc")
    rgba = cells(ax).reshape(2, 3, 4)
    np.testing.assert_allclose(rgba[..., 3], values.T)
    assert "".join(t.get_text() for t in ax.get_xticklabels()) == "abc"


def test_candidates_diverge(ax):
    plots.gates(np.array([[-0.5], [0.5]]), ax, "g")
    rgba = cells(ax)
    assert not np.array_equal(rgba[0, :3], rgba[1, :3])
    np.testing.assert_allclose(rgba[:, 3], 0.5)


def test_a_curve_is_the_median_and_its_band_the_range(ax):
    runs = np.array([[1.0, 2.0], [3.0, 2.5], [9.0, 8.0]])
    plots.curve_with_spread([0, 1], runs, ax, name="h")
    plots.curve_with_spread([0, 1], runs[0], ax, name="c")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [3.0, 2.5])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1.0, 9.0)
    assert len(ax.collections) == 1
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_decay_is_logarithmic_and_leaves_gaps_at_zero(ax):
    plots.decay([1.0, 0.1, 0.0], ax)
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 0.1, np.nan])


NODES = {"h1": (0, 0, "$h_1$", "h"), "h2": (1, 0, "$h_2$", "h"), "l2": (1, 1, "$l_2$", "grad")}
EDGES = [("h1", "h2"), ("h2", "l2", 0.2)]


def test_a_logarithmic_axis_has_no_exponents_too_small_to_read(page):
    fig, ax = plt.subplots()
    ax.loglog([1e-10, 1e-3, 1, 1e5], [1, 10, 100, 1000])
    ax.set_xticks([1e-10, 1e-3, 1, 1e5])
    plots.show(fig, name="fig-log", alt="four points", caption="On two logarithmic axes.")
    assert {"1e-10", "0.001", "1", "1e5", "10", "100"} <= set(
        re.findall(r">([^<>]+)</text>", page[0])
    )


def test_a_path_lights_its_edges_and_nodes_carry_regions(ax):
    plots.graph(NODES, EDGES, ax, paths=[("h2", "l2")], pick={"l2": "loss=2"})
    colours = [t.arrow_patch.get_edgecolor() for t in ax.texts if hasattr(t, "arrow_patch")]
    assert colours == [to_rgba(plots.colour(k)) for k in ("muted", "grad")]
    assert [t.get_gid() for t in ax.texts if t.get_text() in ("$h_1$", "$l_2$")] == [
        None,
        "pick:loss=2",
    ]


@pytest.mark.parametrize(
    ("edges", "paths", "got"), [([("h1", "x")], (), "x"), (EDGES, [("h1", "l2")], "l2")]
)
def test_graph_names_an_edge_that_leads_nowhere(edges, paths, got, ax):
    with pytest.raises(ValueError, match=f"graph: expected edges .* got .*{got}"):
        plots.graph(NODES, edges, ax, paths=paths)
