"""Questions on the LSTM and the GRU, forward and backward, chapters 6 to 9."""

from math import log, sqrt

import numpy as np

from lstm_lib import bptt, functions, gradcheck, gru, lstm, readout, rnn

from .common import (
    DERIVE,
    EXPLAIN,
    HAND,
    Drawn,
    gru_run,
    lstm_run,
    nonzero,
    one_hot,
    pick,
    printed,
    question,
    tensors_hit,
    weights,
)

CELLS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}

# Chapter 6


def show_lstm(params, tokens):
    x, h = (
        lstm.Gates(*functions.blocks(params.W_x, 4)),
        lstm.Gates(*functions.blocks(params.W_h, 4)),
    )
    return {
        "x": tokens,
        "W_{xi}": x.i,
        "W_{xg}": x.g,
        "W_{hf}": h.f,
        "W_{hg}": h.g,
        "W_{ho}": h.o,
        "b_f": params.b[2:4],
    }


@question(6, HAND, 16, 20)
def lstm_two_steps(rng):
    params, tokens, run = lstm_run(rng)
    i, f, g, o = run.caches.gates
    c = run.caches.prev.c  # c[1] is c_1
    c_2 = f[1] * c[1] + i[1] * g[1]
    return Drawn(
        "Work out the first two steps of this LSTM from $h_0 = c_0 = 0$: $i_1$, $g_1$, $c_1$, "
        "$h_1$, then $f_2$, $g_2$, $o_2$, $c_2$, $h_2$. Weights and biases that are not given are "
        "zero.",
        show_lstm(params, tokens),
        {
            "i_1": i[0, 0],
            "g_1": g[0, 0],
            "c_1": c[1, 0],
            "h_1": run.h[0, 0],
            "f_2": f[1, 0],
            "g_2": g[1, 0],
            "o_2": o[1, 0],
            "c_2": c_2[0],
            "h_2": run.h[1, 0],
        },
        r"$c_t = f_t \odot c_{t-1} + i_t \odot g_t$, $h_t = o_t \odot \tanh c_t$. At step 1, "
        r"$o_1 = \sigma(0) = 0.5$, and $f_1$ does not matter, since $c_0 = 0$.",
    )


@question(6, HAND, 6, 8)
def half_life(rng):
    b, n = pick(rng, 0.5, 1.5, 2.5, 3.0, 4.0), pick(rng, 5, 10, 20, 50)
    f = functions.sigmoid(b)
    wanted = 2 ** (-1 / n)
    return Drawn(
        "A forget gate reads nothing but its bias. (a) Work out $f$ and its half-life in steps. "
        "(b) Which bias would have the half-life $n$?",
        {"b_f": b, "n": n},
        {
            "f": f,
            r"\text{half-life}": log(0.5) / log(f),
            r"b_f\text{ for } n": log(wanted / (1 - wanted)),
        },
        r"$f^k = \tfrac12$ at $k = \ln \tfrac12 / \ln f$, and $f = 2^{-1/n}$ is $\sigma(b)$ at "
        r"$b = \ln \frac{f}{1 - f}$.",
    )


@question(6, HAND, 8, 8)
def parameter_counts(rng):
    D, H, V = int(rng.integers(20, 70)), int(rng.integers(5, 40)) * 8, int(rng.integers(20, 70))

    def size(shapes):
        return sum(int(np.prod(shape)) for shape in shapes)

    counts = {rf"\text{{{name}}}": size(cell.shapes(D, H)) for name, cell in CELLS.items()}
    return Drawn(
        "How many parameters have a plain recurrent cell, an LSTM and a GRU with one bias per gate "
        "and unit, and how many the readout? Which of these numbers depend on the length of the "
        "sequence?",
        {"D": D, "H": H, "V": V},
        counts | {r"\text{readout}": size(readout.shapes(H, V))},
        "$H (D + H + 1)$ for each affine map into the units, one in the plain cell, four in the "
        "LSTM, three in the GRU; $V (H + 1)$ for the readout. None depends on $T$: all steps share "
        "them.",
    )


@question(6, DERIVE, 10, 12)
def biases_that_hold(rng):
    n, kept, written = pick(rng, 10, 20, 50), pick(rng, 0.5, 0.8, 0.9), pick(rng, 0.05, 0.1, 0.2)
    f = kept ** (1 / n)
    i = written * (1 - f) / (1 - kept)
    return Drawn(
        r"The gates $i$ and $f$ read nothing but their biases. After $n$ steps at least the share "
        r"$q$ of $c_0$ shall be left, and all that was written in between shall amount to at most "
        r"$\delta$ in each unit, whatever the candidate. Derive the smallest $b_f$ and, with it, "
        "the largest $b_i$.",
        {"n": n, "q": kept, r"\delta": written},
        {"f": f, "b_f": log(f / (1 - f)), "i": i, "b_i": log(i / (1 - i))},
        r"$c_n = f^n c_0 + \sum_k f^{n-k}\, i\, g_k$. The first condition is $f^n = q$. With "
        r"$|g| \le 1$ the sum is at most $i\, (1 - f^n) / (1 - f)$, which must be $\delta$. A gate "
        r"$s = \sigma(b)$ has the bias $b = \ln \frac{s}{1 - s}$.",
    )


@question(6, EXPLAIN, 10, 12)
def blocks_in_another_order(rng):
    params, tokens, run = lstm_run(rng)
    names, order = pick(rng, ("i and f", (1, 0, 2, 3)), ("g and o", (0, 1, 3, 2)))
    exchanged = [
        np.concatenate([functions.blocks(v, 4)[k] for k in order], axis=-1) for v in params
    ]
    wrong = bptt.forward(lstm, lstm.Params(*exchanged), one_hot(tokens))
    return Drawn(
        f"The parameters of this LSTM are loaded into a program with the blocks of {names} "
        "exchanged. Work out $c_1$ and $h_1$ from $h_0 = c_0 = 0$, as they should be and as they "
        "come out. Why does nothing stop the program, and would a gradient check notice? Weights "
        "and biases that are not given are zero.",
        show_lstm(params, tokens),
        {
            r"c_1\text{, right}": run.caches.prev.c[1, 0],
            r"h_1\text{, right}": run.h[0, 0],
            r"c_1\text{, wrong}": wrong.caches.prev.c[1, 0],
            r"h_1\text{, wrong}": wrong.h[0, 0],
        },
        "All blocks have one shape, so every shape fits. The program is a correct LSTM with other "
        "parameters and its gradient is right for them: a gradient check passes. Only the numbers "
        "of a worked example, or of the program that the parameters come from, can tell.",
    )


# Chapter 7


def lstm_step(rng):
    """The printed values of an LSTM's step 2 or 3, and random gradients that arrive there."""
    params, _, run = lstm_run(rng)
    t = int(rng.integers(1, 3))
    gates = lstm.Gates(*(printed(v[t]) for v in run.caches.gates))
    prev = lstm.State(*(printed(v[t]) for v in run.caches.prev))
    cache = lstm.Cache(None, prev, gates, printed(run.caches.tanh_c[t]))
    arriving = lstm.State(*printed(rng.uniform(-0.5, 0.5, size=(2, 1, 2))))
    given = {f"{k}_t": v[0] for k, v in gates._asdict().items()}
    given |= {"c_{t-1}": prev.c[0], r"\tanh c_t": cache.tanh_c[0]}
    return params, cache, arriving, given


@question(7, HAND, 16, 18)
def lstm_step_back(rng):
    params, cache, arriving, given = lstm_step(rng)
    local = lstm.local_derivatives(cache)
    da, dprev = lstm.recur_backward(params, arriving, local)
    da = dict(zip("ifgo", functions.blocks(da[0], 4), strict=True))
    return Drawn(
        "At a step of an LSTM arrive $dh_t$ and, from the next cell alone, $dc_t'$. Work out "
        "$dc_t$, the four $da$, and what is sent to $c_{t-1}$.",
        given | {"dh_t": arriving.h[0], "dc_t'": arriving.c[0]},
        {"dc_t": (arriving.c + arriving.h * local.h)[0]}
        | {f"da_{k}": v for k, v in da.items()}
        | {r"\text{to } c_{t-1}": dprev.c[0]},
        r"$dc_t = dc_t' + dh_t \odot o_t \odot (1 - \tanh^2 c_t)$; "
        r"$da_i = dc_t \odot g \odot i(1-i)$, $da_f = dc_t \odot c_{t-1} \odot f(1-f)$, "
        r"$da_g = dc_t \odot i \odot (1-g^2)$, $da_o = dh_t \odot \tanh c_t \odot o(1-o)$. "
        r"Along the cell goes $dc_t \odot f_t$.",
    )


@question(7, HAND, 12, 14)
def cell_road_alone(rng):
    _, _, run = lstm_run(rng)
    f, o, tanh_c = (printed(v[:, 0]) for v in (*run.caches.gates[1::2], run.caches.tanh_c))
    own = printed(rng.uniform(-0.5, 0.5, size=(3, 2)))
    dc, arriving = {}, np.zeros(2)
    for t in (2, 1, 0):
        zero = np.zeros(2)
        gates, prev = lstm.Gates(zero, f[t], zero, o[t]), lstm.State(zero, zero)
        local = lstm.local_derivatives(lstm.Cache(None, prev, gates, tanh_c[t]))
        dc[f"dc_{t + 1}"] = arriving + own[t] * local.h
        arriving = dc[f"dc_{t + 1}"] * local.c
    given = {"f_2": f[1], "f_3": f[2]}
    given |= {f"{k}_{t + 1}": v[t] for k, v in (("o", o), ("e", own)) for t in range(3)}
    given |= {rf"\tanh c_{t + 1}": tanh_c[t] for t in range(3)}
    return Drawn(
        "The first LSTM cut what its gates and its candidate send back to $h_{t-1}$, so that only "
        "the road along the cell is left. Do so here: the loss of step $t$ sends $e_t$ to $h_t$. "
        "Work out $dc_3$, $dc_2$ and $dc_1$. What would $dc_2$ receive besides without the cut?",
        given,
        dc,
        r"$dh_t = e_t$, and $dc_t = e_t \odot o_t \odot (1 - \tanh^2 c_t) + dc_{t+1} \odot "
        r"f_{t+1}$. Without the cut the four $da_3$ send $da_3 W_h^\top$ to $h_2$, and "
        r"$o_2 \odot (1 - \tanh^2 c_2)$ times that goes into $dc_2$.",
    )


VARIANTS = {  # what changes, and the backward lines that change
    "forgets as much as it writes, "
    r"$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot g_t$": (
        "coupled",
        r"$f_t$ stands in two products, once with a minus sign: "
        r"$da_f = dc_t \odot (c_{t-1} - g_t) \odot f_t(1-f_t)$, and "
        r"$da_g = dc_t \odot (1 - f_t) \odot (1 - g_t^2)$. The rest stays.",
    ),
    r"shows its cell without a tanh, $h_t = o_t \odot c_t$": (
        "plain",
        r"$dc_t = dc_t' + dh_t \odot o_t$ and $da_o = dh_t \odot c_t \odot o_t(1-o_t)$, "
        r"with $c_t = f_t \odot c_{t-1} + i_t \odot g_t$. The rest stays.",
    ),
    r"lets the forget gate see the old cell, $a_f = \dots + p \odot c_{t-1}$": (
        "sees old",
        r"$c_{t-1}$ has a second reader, $a_f$: what is sent to it is "
        r"$dc_t \odot f_t + da_f \odot p$. The rest stays.",
    ),
    r"lets the output gate see the new cell, $a_o = \dots + p \odot c_t$": (
        "sees new",
        r"$c_t$ has a third reader, $a_o$, which comes first on the way back: "
        r"$dc_t = dc_t' + dh_t \odot o_t \odot (1 - \tanh^2 c_t) + da_o \odot p$. "
        "The rest stays.",
    ),
}


def variant_back(variant, gates, c_prev, p, dh, dc):
    """dc_t, da_f, da_g, da_o and what is sent to c_{t-1}, in a variant of the LSTM."""
    i, f, g, o = gates
    written = 1 - f if variant == "coupled" else i
    c = f * c_prev + written * g
    out, slope = (c, 1) if variant == "plain" else (np.tanh(c), functions.dtanh(np.tanh(c)))
    da_o = dh * out * functions.dsigmoid(o)
    dc = dc + dh * o * slope + (da_o * p if variant == "sees new" else 0)
    da_f = dc * (c_prev - g if variant == "coupled" else c_prev) * functions.dsigmoid(f)
    da_g = dc * written * functions.dtanh(g)
    return dc, da_f, da_g, da_o, dc * f + (da_f * p if variant == "sees old" else 0)


@question(7, DERIVE, 16, 20)
def variant_of_the_lstm(rng):
    change = pick(rng, *VARIANTS)
    variant, why = VARIANTS[change]
    _, cache, arriving, given = lstm_step(rng)
    del given[r"\tanh c_t"]
    if variant == "coupled":
        del given["i_t"]
    p, dh, dc = nonzero(rng, 2), arriving.h[0], arriving.c[0]
    back = variant_back(variant, [v[0] for v in cache.gates], cache.prev.c[0], p, dh, dc)
    names = "dc_t", "da_f", "da_g", "da_o", r"\text{to } c_{t-1}"
    return Drawn(
        f"A variant of the LSTM {change}. List the readers of $c_t$ and of $f_t$, say which lines "
        "of the backward step change, and evaluate $dc_t$, $da_f$, $da_g$, $da_o$ and what is sent "
        "to $c_{t-1}$ along the cell and through gates that see it. $dc_t'$ is what arrives from "
        "the next cell alone.",
        given | {"dh_t": dh, "dc_t'": dc} | ({"p": p} if "sees" in variant else {}),
        dict(zip(names, back, strict=True)),
        why,
    )


@question(7, EXPLAIN, 10, 10)
def tensors_hit_lstm(rng):
    roads = "dc from t+1 dropped", "tanh' on the carried dc", "no sigma' on f"
    others = "h_t in dW_h", "no tanh on h", "tanh(c) carried on"
    return tensors_hit(rng, lstm, "the LSTM", *roads, *others)


# Chapter 8


@question(8, HAND, 8, 8)
def direct_path(rng):
    _, _, run = lstm_run(rng)
    f_2, f_3 = (printed(run.caches.gates.f[t, 0]) for t in (1, 2))
    product = f_2 * f_3
    return Drawn(
        "The forget gates of steps 2 and 3 of an LSTM are given. What does the direct path leave "
        "of a gradient on its way from $c_3$ to $c_1$, and which half-life would a gate have that "
        "kept as much in two equal steps? Which other ways lead from $c_1$ to $c_3$?",
        {"f_2": f_2, "f_3": f_3},
        {r"f_2 \odot f_3": product, r"\text{half-life}": 2 * log(0.5) / np.log(product)},
        r"The half-life is $2 \ln \tfrac12 / \ln(f_2 f_3)$. The other ways go by $h_1$ and by "
        "$h_2$: out through the output gate, and back into the cell through the gates and the "
        "candidate of the next step.",
    )


@question(8, DERIVE, 16, 20)
def jacobian_of_one_unit(rng):
    b, w = nonzero(rng, 3), float(nonzero(rng))
    params = lstm.Params(
        np.zeros((1, 4)), np.array([[0, 0, w, 0]]), np.array([b[0], b[1], 0, b[2]])
    )
    h, c = nonzero(rng, 2)

    def entry(state, field):
        new, _ = lstm.step(params, np.zeros((1, 1)), lstm.State(state[:1, None], state[1:, None]))
        return getattr(new, field).sum()

    columns = [
        gradcheck.complex_step(lambda v, k=k: entry(v, k), np.array([h, c]))[::-1] for k in "ch"
    ]
    J = np.stack(columns, axis=1)
    return Drawn(
        r"An LSTM with one unit has $i = \sigma(b_i)$, $f = \sigma(b_f)$, $o = \sigma(b_o)$ and "
        r"$g_t = \tanh(w h_{t-1})$. Derive the Jacobian $J$ of $(c_t, h_t)$ by "
        "$(c_{t-1}, h_{t-1})$, rows for the old state and columns for the new one, and evaluate "
        "it. Show that one of its eigenvalues is 0, and compare the other one with $f$.",
        {"b_i": b[0], "b_f": b[1], "b_o": b[2], "w": w, "c_{t-1}": c, "h_{t-1}": h},
        {"J": J, r"\lambda": np.trace(J), "f": functions.sigmoid(b[1])},
        r"With $\kappa = o\,(1 - \tanh^2 c_t)$ and $M = i\,(1 - g_t^2)\,w$: "
        r"$J = \begin{bmatrix} f & f \kappa \\ M & M \kappa \end{bmatrix}$. Its rows are multiples "
        r"of $(1, \kappa)$, so one eigenvalue is 0 and the other $f + M \kappa$: the forget gate, "
        "and the detour through $h$, which adds to it or takes from it as $w$ has its sign.",
    )


@question(8, EXPLAIN, 10, 10)
def what_a_forget_bias_promises(rng):
    n, b = pick(rng, 5, 8, 10), pick(rng, 3.0, 4.0, 5.0)
    left = {x: functions.sigmoid(x) ** n for x in (0.0, 1.0, b)}
    return Drawn(
        rf"Work out what the direct path of a cell leaves of a gradient after {n} steps if the "
        f"forget gate stays at $\\sigma(b_f)$, for $b_f = 0$, $1$ and ${b:g}$. Somebody concludes: "
        "the gradient of an LSTM cannot explode, and with a large bias it does not vanish. Name "
        "two things that the product of the forget gates leaves out, and one price of a large "
        "bias.",
        {},
        {rf"b_f = {x:g}\text{{: }} \sigma(b_f)^{{{n}}}": v for x, v in left.items()},
        "Left out: the ways through $h$, gates and candidate, three of the four blocks of the "
        "Jacobian, with which the gradient may well explode; and that the gates move with what is "
        "read and learned, so that one shut gate ends the path. The price: a cell that keeps "
        "everything is slow to forget, and what is written adds up until the tanh saturates.",
    )


@question(8, HAND, 6, 8)
def first_loss(rng):
    V, s = pick(rng, 27, 65, 96), rng.uniform(0.6, 1.6)
    L = np.round(log(V) + s * s / 2, 2)
    s = sqrt(2 * (L - log(V)))
    return Drawn(
        "A character model over $V$ symbols reports the loss $L$, in nats, before its first "
        "update. Which standard deviation $s$ have its logits, if they are normal and know nothing "
        "of the targets? Which first loss would follow from readout weights half as large?",
        {"V": V, "L": L},
        {r"\ln V": log(V), "s": s, r"\text{loss}": log(V) + s * s / 8},
        r"$L \approx \ln V + \tfrac12 s^2$. Half the weights halve $s$ and leave a quarter of the "
        "excess.",
    )


# Chapter 9


@question(9, HAND, 14, 18)
def gru_two_steps(rng):
    params, tokens, run = gru_run(rng)
    r, z, n = run.caches.gates
    x, h = (gru.Gates(*functions.blocks(v, 3)) for v in (params.W_x, params.W_h))
    return Drawn(
        r"Work out $z_1$, $n_1$, $h_1$ and $z_2$, $r_2$, $n_2$, $h_2$ of this GRU from $h_0 = 0$. "
        r"$z$ keeps, $h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t$, and the reset gate acts "
        "before the product. Weights and biases that are not given are zero.",
        {"x": tokens, "W_{xz}": x.z, "W_{xn}": x.n, "W_{hr}": h.r, "W_{hn}": h.n},
        {
            "z_1": z[0, 0],
            "n_1": n[0, 0],
            "h_1": run.h[0, 0],
            "z_2": z[1, 0],
            "r_2": r[1, 0],
            "n_2": n[1, 0],
            "h_2": run.h[1, 0],
        },
        r"$n_t = \tanh(x_t W_{xn} + (r_t \odot h_{t-1}) W_{hn})$. At step 1 the reset gate has "
        "nothing to act on.",
    )


def gru_step(rng):
    """Parameters and the printed values of a GRU's step 2 or 3, and a gradient that arrives."""
    params, _, run = gru_run(rng)
    t = int(rng.integers(1, 3))
    gates = gru.Gates(*(printed(v[t]) for v in run.caches.gates))
    h, dh = printed(run.caches.prev.h[t]), printed(rng.uniform(-0.5, 0.5, size=(1, 2)))
    W_h = gru.Gates(*functions.blocks(params.W_h, 3))
    given = {f"{k}_t": v[0] for k, v in gates._asdict().items()} | {"h_{t-1}": h[0]}
    return (
        params,
        gru.Cache(None, gru.State(h), gates),
        dh,
        given | {"W_{hn}": W_h.n, "dh_t": dh[0]},
    )


@question(9, HAND, 18, 22)
def gru_step_back(rng):
    params, cache, dh, given = gru_step(rng)
    da, dprev = gru.recur_backward(params, gru.State(dh), gru.local_derivatives(cache))
    da = gru.Gates(*functions.blocks(da[0], 3))
    W_h = gru.Gates(*functions.blocks(params.W_h, 3))
    return Drawn(
        "In a GRU with the reset gate before the product, $z$ keeps and reads the symbol only, "
        "$W_{hz} = 0$. Work out $da_n$, $dq$ of $q_t = r_t \\odot h_{t-1}$, $da_r$, $da_z$, and "
        "what the step sends to $h_{t-1}$.",
        given | {"W_{hr}": W_h.r},
        {
            "da_n": da.n,
            "dq": da.n @ W_h.n.T,
            "da_r": da.r,
            "da_z": da.z,
            r"\text{to } h_{t-1}": dprev.h[0],
        },
        r"$da_n = dh_t \odot (1-z) \odot (1-n^2)$, $dq = da_n W_{hn}^\top$, "
        r"$da_r = dq \odot h_{t-1} \odot r(1-r)$, $da_z = dh_t \odot (h_{t-1} - n) \odot z(1-z)$. "
        r"To $h_{t-1}$ go $dh_t \odot z + dq \odot r + da_r W_{hr}^\top$.",
    )


@question(9, DERIVE, 14, 16)
def other_forms_of_the_gru(rng):
    _, cache, dh, given = gru_step(rng)
    form = pick(rng, reset_after_the_product, update_gate_that_writes)
    return form([v[0] for v in cache.gates], cache.prev.h[0], dh[0], given)


def reset_after_the_product(gates, h, dh, given):
    (r, z, n), W = gates, given["W_{hn}"]
    da_n, m = dh * (1 - z) * functions.dtanh(n), h @ W
    return Drawn(
        r"Let the reset gate act after the product, $n_t = \tanh(x_t W_{xn} + r_t \odot m_t)$ "
        r"with $m_t = h_{t-1} W_{hn}$; $z$ keeps. List the readers of $r_t$ and $m_t$, derive "
        "$da_n$, $da_r$ and what reaches $h_{t-1}$ through $m_t$, and evaluate them.",
        given,
        {
            "da_n": da_n,
            "da_r": da_n * m * functions.dsigmoid(r),
            r"\text{through } m_t": (da_n * r) @ W.T,
        },
        r"$da_n = dh_t \odot (1-z) \odot (1-n^2)$. The product $r \odot m$ reads both: "
        r"$da_r = da_n \odot m \odot r(1-r)$, $dm = da_n \odot r$, and $dm\,W_{hn}^\top$ goes "
        "to $h_{t-1}$. Here the gate's share comes before the matrix, in the other form after.",
    )


def update_gate_that_writes(gates, h, dh, given):
    _, z, n = gates
    given = {name: v for name, v in given.items() if name not in ("r_t", "W_{hn}")}
    return Drawn(
        r"Let the update gate write, $h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t$. List the "
        "readers of $z_t$, derive $da_z$, $da_n$ and what goes directly from $h_t$ to $h_{t-1}$, "
        "and evaluate them. What has to be changed in the parameters, so that the cell computes "
        "what it computed when $z$ kept?",
        given,
        {
            "da_z": dh * (n - h) * functions.dsigmoid(z),
            "da_n": dh * z * functions.dtanh(n),
            r"\text{direct}": dh * (1 - z),
        },
        r"$z_t$ stands in both products, once with a minus sign: "
        r"$da_z = dh_t \odot (n - h_{t-1}) \odot z(1-z)$. $da_n = dh_t \odot z \odot (1-n^2)$, and "
        r"$dh_t \odot (1-z)$ goes directly. Since $1 - \sigma(a) = \sigma(-a)$, the signs of "
        "$W_{xz}$, $W_{hz}$ and $b_z$ have to be turned.",
    )


@question(9, EXPLAIN, 10, 10)
def place_of_the_reset(rng):
    W = pick(rng, weights(rng, 2, 2), np.diag(nonzero(rng, 2)))
    h, r = printed(rng.uniform(-0.9, 0.9, 2)), printed(rng.uniform(0.2, 0.9, 2))
    da = nonzero(rng, 2)
    same = "agree" if np.allclose((r * h) @ W, r * (h @ W)) else "differ"
    return Drawn(
        r"Work out what the state contributes to $a_n$ if the reset gate acts before the product, "
        r"$(r \odot h_{t-1}) W_{hn}$, and after it, $r \odot (h_{t-1} W_{hn})$. For which $W_{hn}$ "
        "are the two equal whatever $r$ is? With the given $da_n$ work out $dW_{hn}$ of this step "
        "in both forms: are cells that agree still equal after a step of gradient descent?",
        {"r_t": r, "h_{t-1}": h, "W_{hn}": W, "da_n": da},
        {
            r"\text{before}": (r * h) @ W,
            r"\text{after}": r * (h @ W),
            r"dW_{hn}\text{, before}": functions.outer(r * h, da),
            r"dW_{hn}\text{, after}": functions.outer(h, da * r),
        },
        rf"Here the two {same}. They do for every $r$ if and only if $W_{{hn}}$ is diagonal. The "
        "gradients $h_j r_j da_k$ and $h_j r_k da_k$ differ off the diagonal even then, so one "
        "step makes two different cells of them.",
    )
