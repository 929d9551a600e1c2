"""The exam's answers once more, from what stands on the paper, sharing no line with the library.

Each function has the name of a question and takes what is given, as `read` finds it, and the text.
"""

import re
from math import exp, log, sqrt, tanh

import numpy as np


def read(paper):
    """The named numbers of a question or an answer: LaTeX name -> array, symbols as integers."""
    rows = re.findall(r"^(.*?) &= (.*?)(?: \\\\)?$", paper, re.M)
    return {name: _number(text) for name, text in rows}


def _number(text):
    if text.startswith(r"\text"):
        return np.array(["abc".index(k) for k in text[6:-1].split(", ")])
    text = text.removeprefix(r"\begin{bmatrix}").removesuffix(r"\end{bmatrix}")
    rows = [re.split(r"&|,\\ ", row.strip("() ")) for row in text.split(r" \\ ")]
    array = np.array(rows, float)
    return array if len(array) > 1 else array[0] if array.size > 1 else array[0, 0]


def integers(pattern, text):
    return [int(k) for k in re.search(pattern, text).groups()]


def slope(f, *at):
    """Gradient of f by each of its arguments, by the complex step."""
    grads = []
    for k, v in enumerate(at):
        grad = np.zeros(v.shape)
        for index in np.ndindex(v.shape):
            moved = v.astype(complex)
            moved[index] += 1e-30j
            grad[index] = f(*at[:k], moved, *at[k + 1 :]).imag / 1e-30
        grads.append(grad)
    return grads


def sigma(a):
    return 1 / (1 + np.exp(-a))


def logit(s):
    return np.log(s / (1 - s))


def softmax(u):
    return np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)


def losses(u, y):
    return -np.log(np.stack([softmax(row)[k] for row, k in zip(u, y, strict=True)]))


def moved_tanh(h, a):
    """A tanh whose value is h where a is 0."""
    return np.tanh(np.arctanh(h) + a)


def times(row, W):
    return np.array([sum(row[j] * W[j, k] for j in range(len(row))) for k in range(W.shape[1])])


def error(a, b):
    return np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max())


def one_step(g, asks):
    h = np.array([tanh(v) for v in g["W_{xh}"][g["x"][0]]])
    u = times(h, g["W_{hy}"])
    p = [exp(v) / sum(map(exp, u)) for v in u]
    return {"h": h, "u": u, "p": p, "l": -log(p[g["y"][0]])}


def one_step_back(g, asks):
    h, du = g["h"], g["p"].copy()
    du[g["y"][0]] -= 1
    dh = times(du, g["W_{hy}"].T)
    da = dh / np.cosh(np.arctanh(h)) ** 2
    dW_x = np.zeros((2, 2))
    dW_x[g["x"][0]] = da
    dW_hy = [[a * b for b in du] for a in h]
    return {"du": du, "dh": dh, "da": da, "dW_{hy}": dW_hy, "dW_{xh}": dW_x}


def softmax_of_two_rows(g, asks):
    def L(u):
        return losses(u, g["y"]).mean()

    return {"p": softmax(g["u"]), "L": L(g["u"]), "du": slope(L, g["u"])[0]}


def central_difference(g, asks):
    v, eps = float(g["v"]), float(g[r"\varepsilon"])
    D, exact = (tanh(v + eps) - tanh(v - eps)) / (2 * eps), 1 - tanh(v) ** 2
    return {"D": D, "L'": exact, "D - L'": D - exact}


def node_with_two_readers(g, asks):
    a, s, t = g["a"], sigma(g["a"]), np.tanh(g["a"])
    slopes = {
        r"\sigma(a) \odot \tanh(a)": s * (1 - s) * t + s * (1 - t**2),
        r"a \odot \sigma(a)": s + a * s * (1 - s),
        r"a \odot \tanh(a)": t + a * (1 - t**2),
    }
    return {"da": g["dh"] * slopes[re.search(r"\$h = (.*?)\$", asks)[1]]}


def slip_in_one_step(g, asks):
    a, h = g["a"], np.tanh(g["a"])
    du = softmax(times(h, g["W_{hy}"]))
    du[g["y"][0]] -= 1
    dh = g["W_{hy}"] @ du
    da = dh * (1 - h**2)
    names = {"a": a[None], "h": h[None], "p": du[None], "y": 0, "dh": dh[None]}
    target, formula = re.search("`(.*?) = (.*?)`", asks).groups()
    names |= {"du": du[None], "da": da[None]}
    wrong = eval(formula, names)
    errors = {"db": 0.0, "dW_{hy}": 0.0, "db_y": 0.0}
    if target == "da":
        errors["db"] = error(wrong, da)
    elif target == "du":
        errors = dict.fromkeys(errors, 2.0)
        assert formula == "y - p"
    else:
        errors["dW_{hy}"] = error(wrong, np.outer(h, du))
    return {f"e({k})": v for k, v in errors.items()}


def run_rnn(g, W_h=None, start=(0.0, 0.0), past=True):
    h = [np.array(start)]
    for k in g["x"]:
        old = h[-1] if past else np.zeros(2)
        h.append(np.tanh(g["W_{xh}"][k] + times(old, g["W_{hh}"] if W_h is None else W_h)))
    return h


def rnn_three_steps(g, asks):
    return {f"h_{t}": h for t, h in enumerate(run_rnn(g)) if t}


def paths_to_a_weight(g, asks):
    j, k = integers(r"steps (\d+) and (\d+)", asks)
    (m,) = integers(r"through \$h_{(\d+)}", asks)
    paths = [range(copy, loss + 1) for loss in (j, k) for copy in range(1, loss + 1)]
    through = sum(m in path for path in paths)
    return {r"\text{paths}": len(paths), rf"\text{{through }} h_{{{m}}}": through}


def cell_with_a_shortcut(g, asks):
    (k,) = integers(r"W_(\d)\$", asks)
    (lag,) = integers(r"h_{t\+(\d+)}", asks)

    def ways(left):
        return 1 if left == 0 else sum(ways(left - jump) for jump in (1, k) if jump <= left)

    return {r"\text{paths}": ways(lag)}


def wrong_forward_pass(g, asks):
    slips = {
        "transpose": {"W_h": g["W_{hh}"].T},
        "every step": {"past": False},
        "starts from": {"start": (1.0, 0.0)},
    }
    slip = next(v for k, v in slips.items() if k in asks)
    right, wrong = run_rnn(g), run_rnn(g, **slip)
    t = next(t for t in (1, 2, 3) if not np.allclose(right[t], wrong[t]))
    return {
        r"\text{first wrong step}": t,
        rf"h_{t}\text{{, right}}": right[t],
        rf"h_{t}\text{{, wrong}}": wrong[t],
    }


def last_loss_only(g, asks):
    W_h, W_hy, h_2 = g["W_{hh}"], g["W_{hy}"], g["h_2"]
    du = g["p_3"] - np.eye(2)[g["y_3"][0]]

    def L(h_2, h_3, a_3, W_h):
        a = a_3 + h_2 @ W_h - g["h_2"] @ g["W_{hh}"]
        return (du * ((moved_tanh(g["h_3"], a) + h_3) @ W_hy)).sum()

    zero = np.zeros(2)
    dh_2, dh_3, da_3, dW = slope(L, h_2, zero, zero, W_h)
    return {"du_3": du, "dh_3": dh_3, "da_3": da_3, "dh_2": dh_2, r"h_2^\top da_3": dW}


def through_three_steps(g, cut=False):
    """dh_0 to dh_3 and dW_hh of the printed states, moved one at a time."""
    printed = [np.zeros(2), *(g[f"h_{t}"] for t in (1, 2, 3))]

    def L(h_0, h_1, h_2, h_3, W):
        h, total = h_0, 0
        for t, moved in enumerate((h_1, h_2, h_3), 1):
            old = printed[2] if cut and t == 3 else h
            a = old @ W - printed[t - 1] @ g["W_{hh}"]
            h = moved_tanh(printed[t], a) + moved
            total = total + (g[f"e_{t}"] * h).sum()
        return total

    zero = np.zeros(2)
    *dh, dW = slope(L, zero, zero, zero, zero, g["W_{hh}"])
    return {f"dh_{t}": v for t, v in enumerate(dh)} | {"dW_{hh}": dW}


def three_steps_back(g, asks):
    return through_three_steps(g)


def in_pieces(g, asks):
    cut = through_three_steps(g, cut=True)
    del cut["dh_0"]
    return cut | {r"dW_{hh}\text{, full}": through_three_steps(g)["dW_{hh}"]}


def weighted_loss(g, asks):
    def L(u):
        return (g["w"] * losses(u, g["y"])).sum() / g["w"].sum()

    du = slope(L, g["u"])[0]
    return {"L": L(g["u"]), "du": du, r"\text{factor}": g["w"].sum() / 3}


def leaky_cell(g, asks):
    def L(h, a):
        n = moved_tanh(g["n_t"], a + h @ g["W_{hh}"])
        return (g["dh_t"] * ((1 - g[r"\alpha"]) * h + g[r"\alpha"] * n)).sum()

    dh, da = slope(L, np.zeros(2), np.zeros(2))
    return {"da_t": da, r"\text{to } h_{t-1}": dh}


ROAD = {"dx", "dW_x", "dW_h", "db", "dh_0"}
WRONG = {  # words of the question, and the tensors that are wrong
    "nothing is sent from step t": ROAD,
    "tanh' is taken from h_{t-1}": ROAD,
    "what arrives at the last state": ROAD,
    "db sums dh": {"db"},
    "the parameters' gradient is that of one step": {"dW_x", "dW_h", "db"},
    "dc_t misses": ROAD | {"dc_0"},
    "is multiplied by tanh'(c_t)": ROAD | {"dc_0"},
    "lacks the factor f (1 - f)": ROAD | {"dc_0"},
    "dW_h pairs da_t with h_t": {"dW_h"},
    "h_t is o c": ROAD | {"dc_0"},
    "tanh(c_t) goes on": ROAD | {"dc_0"},
}


def eigenvalues(g, asks):
    (a, b), (c, d) = g["W_{hh}"]
    half, square = (a + d) / 2, ((a + d) / 2) ** 2 - (a * d - b * c)
    root = sqrt(abs(square))
    parts = {r"\operatorname{Re} \lambda": [half - root, half + root]}
    if square < 0:
        parts = {
            r"\operatorname{Re} \lambda": [half, half],
            r"\operatorname{Im} \lambda": [-root, root],
        }
    radius = sqrt(half**2 + root**2) if square < 0 else abs(half) + root
    total = a * a + b * b + c * c + d * d
    s = sqrt((total + sqrt(total**2 - 4 * (a * d - b * c) ** 2)) / 2)
    return {**parts, r"\rho": radius, "s": s}


def clipping(g, asks):
    whole = np.append(g["dW"], g["db"])
    norm = sqrt(sum(v * v for v in whole))
    short = whole * min(1, 5 / norm)
    cut = np.array([max(-3, min(3, v)) for v in whole])
    named = {}
    for k, v in (("(a)", short), ("(b)", cut)):
        named |= {rf"\text{{{k} }} dW": v[:4].reshape(2, 2), rf"\text{{{k} }} db": v[4:]}
    cosine = sum(cut * whole) / (norm * sqrt(sum(cut**2)))
    return {r"\text{norm}": norm, r"\text{cosine of (b)}": cosine} | named


def steps_to_a_thousandth(g, asks):
    (a, b), _ = g["W_{hh}"]
    factor, steps = sqrt(a * a + b * b), 0
    while factor**steps > 1e-3:
        steps += 1
    return {
        r"\text{factor}": factor,
        r"\ln 0.001 / \ln(\text{factor})": log(0.001) / log(factor),
        r"\text{steps}": steps,
    }


def longer_before_shorter(g, asks):
    W = g["W_{hh}"]
    lengths = {
        rf"\text{{{k} back}}": sqrt(sum(np.linalg.matrix_power(W, k)[:, 1] ** 2))
        for k in (1, 2, 10)
    }
    return lengths | {r"\rho": np.abs(W.diagonal()).max()}


def lstm_two_steps(g, asks):
    h, c, named = np.zeros(2), np.zeros(2), {}
    for t, k in enumerate(g["x"][:2], 1):
        i, f = sigma(g["W_{xi}"][k]), sigma(times(h, g["W_{hf}"]) + g["b_f"])
        n, o = np.tanh(g["W_{xg}"][k] + times(h, g["W_{hg}"])), sigma(times(h, g["W_{ho}"]))
        c = f * c + i * n
        h = o * np.tanh(c)
        named |= {f"i_{t}": i, f"f_{t}": f, f"g_{t}": n, f"o_{t}": o, f"c_{t}": c, f"h_{t}": h}
    for unasked in ("f_1", "o_1", "i_2"):
        del named[unasked]
    return named


def half_life(g, asks):
    f = sigma(g["b_f"])
    found = -log(2) / log(f)
    assert abs(f**found - 0.5) < 1e-12
    wanted = -log(2 ** (1 / g["n"]) - 1)
    assert abs(sigma(wanted) ** g["n"] - 0.5) < 1e-12
    return {"f": f, r"\text{half-life}": found, r"b_f\text{ for } n": wanted}


def parameter_counts(g, asks):
    D, H, V = (int(g[k]) for k in "DHV")
    one = D * H + H * H + H
    return {
        r"\text{RNN}": one,
        r"\text{LSTM}": 4 * one,
        r"\text{GRU}": 3 * one,
        r"\text{readout}": H * V + V,
    }


def biases_that_hold(g, asks):
    n, b_f = int(g["n"]), logit(g["q"] ** (1 / g["n"]))
    f, kept, written = sigma(b_f), 1.0, 0.0
    for _ in range(n):
        kept, written = f * kept, f * written + 1
    assert abs(kept - g["q"]) < 1e-12
    i = g[r"\delta"] / written
    return {"f": f, "b_f": b_f, "i": i, "b_i": logit(i)}


def blocks_in_another_order(g, asks):
    k = g["x"][0]
    a = {"i": g["W_{xi}"][k], "f": g["b_f"], "g": g["W_{xg}"][k], "o": np.zeros(2)}
    first, second = re.search("blocks of (.) and (.) exchanged", asks).groups()
    named = {}
    for how in ("right", "wrong"):
        c = sigma(a["i"]) * np.tanh(a["g"])
        named[rf"c_1\text{{, {how}}}"] = c
        named[rf"h_1\text{{, {how}}}"] = sigma(a["o"]) * np.tanh(c)
        a[first], a[second] = a[second], a[first]
    return named


def lstm_step_back(g, asks):
    shown = g[r"\tanh c_t"]
    still = g["f_t"] * g["c_{t-1}"] + g["i_t"] * g["g_t"]

    def L(a_i, a_f, a_g, a_o, old, new):
        i, f, o = (sigma(logit(g[f"{k}_t"]) + a) for k, a in (("i", a_i), ("f", a_f), ("o", a_o)))
        c = f * (g["c_{t-1}"] + old) + i * moved_tanh(g["g_t"], a_g) + new
        h = o * (shown + (1 - shown**2) * (c - still))
        return (g["dh_t"] * h + g["dc_t'"] * c).sum()

    found = slope(L, *np.zeros((6, 2)))
    names = "da_i", "da_f", "da_g", "da_o", r"\text{to } c_{t-1}", "dc_t"
    return dict(zip(names, found, strict=True))


def cell_road_alone(g, asks):
    own = {t: g[f"e_{t}"] * g[f"o_{t}"] * (1 - g[rf"\tanh c_{t}"] ** 2) for t in (1, 2, 3)}
    f_2, f_3 = g["f_2"], g["f_3"]
    return {
        "dc_3": own[3],
        "dc_2": own[2] + f_3 * own[3],
        "dc_1": own[1] + f_2 * own[2] + f_2 * f_3 * own[3],
    }


def variant_of_the_lstm(g, asks):
    coupled, plain = "as much as it writes" in asks, "without a tanh" in asks
    sees_old, sees_new = "see the old cell" in asks, "see the new cell" in asks

    def cell(a_f, a_g, old, new):
        see = g["p"] * (old - g["c_{t-1}"]) if sees_old else 0
        f, n = sigma(logit(g["f_t"]) + a_f + see), moved_tanh(g["g_t"], a_g)
        return f * old + (1 - f if coupled else g["i_t"]) * n + new

    zero = np.zeros(2)
    still = cell(zero, zero, g["c_{t-1}"], zero)

    def L(a_f, a_g, a_o, old, new):
        c = cell(a_f, a_g, old, new)
        o = sigma(logit(g["o_t"]) + a_o + (g["p"] * (c - still) if sees_new else 0))
        return (g["dh_t"] * o * (c if plain else np.tanh(c)) + g["dc_t'"] * c).sum()

    found = slope(L, zero, zero, zero, g["c_{t-1}"], zero)
    names = "da_f", "da_g", "da_o", r"\text{to } c_{t-1}", "dc_t"
    return dict(zip(names, found, strict=True))


def direct_path(g, asks):
    left = g["f_2"] * g["f_3"]
    half = -log(2) / np.log(np.sqrt(left))
    return {r"f_2 \odot f_3": left, r"\text{half-life}": half}


def jacobian_of_one_unit(g, asks):
    i, f, o = (sigma(g[k]) for k in ("b_i", "b_f", "b_o"))
    n = tanh(g["w"] * g["h_{t-1}"])
    kappa = o / np.cosh(f * g["c_{t-1}"] + i * n) ** 2
    M = i * (1 - n * n) * g["w"]
    J = np.array([[f, f * kappa], [M, M * kappa]])
    (other,) = (v for v in np.linalg.eigvals(J) if abs(v) == np.abs(np.linalg.eigvals(J)).max())
    return {"J": J, r"\lambda": other, "f": f}


def what_a_forget_bias_promises(g, asks):
    (n,) = integers(r"after (\d+) steps", asks)
    (b,) = integers(r"\$1\$ and \$(\d)\$", asks)
    left = {x: 1.0 for x in (0, 1, b)}
    for _ in range(n):
        left = {x: v / (1 + exp(-x)) for x, v in left.items()}
    return {rf"b_f = {x}\text{{: }} \sigma(b_f)^{{{n}}}": v for x, v in left.items()}


def first_loss(g, asks):
    excess = g["L"] - log(g["V"])
    return {
        r"\ln V": log(g["V"]),
        "s": sqrt(2 * excess),
        r"\text{loss}": log(g["V"]) + excess / 4,
    }


def gru_two_steps(g, asks):
    h, named = np.zeros(2), {}
    for t, k in enumerate(g["x"][:2], 1):
        z, r = sigma(g["W_{xz}"][k]), sigma(times(h, g["W_{hr}"]))
        n = np.tanh(g["W_{xn}"][k] + times(r * h, g["W_{hn}"]))
        h = n + z * (h - n)
        named |= {f"z_{t}": z, f"r_{t}": r, f"n_{t}": n, f"h_{t}": h}
    del named["r_1"]
    return named


def gru_step_back(g, asks):
    h_0, r_0 = g["h_{t-1}"], g["r_t"]

    def L(a_r, a_z, a_n, q, h):
        r = sigma(logit(r_0) + a_r + (h - h_0) @ g["W_{hr}"])
        z, q = sigma(logit(g["z_t"]) + a_z), r * h + q
        n = moved_tanh(g["n_t"], a_n + (q - r_0 * h_0) @ g["W_{hn}"])
        return (g["dh_t"] * (z * h + (1 - z) * n)).sum()

    found = slope(L, *np.zeros((4, 2)), h_0)
    names = "da_r", "da_z", "da_n", "dq", r"\text{to } h_{t-1}"
    return dict(zip(names, found, strict=True))


def other_forms_of_the_gru(g, asks):
    h, zero = g["h_{t-1}"], np.zeros(2)
    if "after the product" in asks:
        m_0 = times(h, g["W_{hn}"])

        def L(a_n, a_r, moved):
            m = m_0 + moved @ g["W_{hn}"]
            a = a_n + sigma(logit(g["r_t"]) + a_r) * m - g["r_t"] * m_0
            return (g["dh_t"] * (1 - g["z_t"]) * moved_tanh(g["n_t"], a)).sum()

        names = "da_n", "da_r", r"\text{through } m_t"
    else:

        def L(a_n, a_z, old):
            z, n = sigma(logit(g["z_t"]) + a_z), moved_tanh(g["n_t"], a_n)
            return (g["dh_t"] * ((1 - z) * (h + old) + z * n)).sum()

        names = "da_n", "da_z", r"\text{direct}"
    return dict(zip(names, slope(L, zero, zero, zero), strict=True))


def place_of_the_reset(g, asks):
    r, h = g["r_t"], g["h_{t-1}"]
    forms = {
        "before": lambda W: sum(r[j] * h[j] * W[j] for j in (0, 1)),
        "after": lambda W: r * sum(h[j] * W[j] for j in (0, 1)),
    }
    named = {}
    for k, f in forms.items():
        named[rf"\text{{{k}}}"] = f(g["W_{hn}"])
        grad = slope(lambda W, f=f: (g["da_n"] * f(W)).sum(), g["W_{hn}"])[0]
        named[rf"dW_{{hn}}\text{{, {k}}}"] = grad
    return named
