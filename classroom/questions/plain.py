"""Questions on one step, the plain recurrent network and its gradients, chapters 2 to 5."""

from math import ceil, log, sqrt

import numpy as np

from lstm_lib import bptt, functions, gradcheck, optim, readout, rnn, truncate

from .common import (
    DERIVE,
    EXPLAIN,
    HAND,
    Drawn,
    nonzero,
    one_hot,
    pick,
    printed,
    question,
    rnn_run,
    symbols,
    tensors_hit,
    weights,
)

# Chapter 2


@question(2, HAND, 10, 12)
def one_step(rng):
    W_x, W_hy, x, y = weights(rng, 2, 2), weights(rng, 2, 2), rng.integers(2), rng.integers(2)
    h = np.tanh(functions.affine(np.eye(2)[x], W_x, 0))
    u = functions.affine(h, W_hy, 0)
    return Drawn(
        r"One step without a past and without biases is $h = \tanh(x W_{xh})$, $u = h W_{hy}$, "
        r"$p = \operatorname{softmax}(u)$. Work out $h$, $u$, $p$ and the cross-entropy $l$.",
        {"x": np.array([x]), "y": np.array([y]), "W_{xh}": W_x, "W_{hy}": W_hy},
        {"h": h, "u": u, "p": functions.softmax(u), "l": functions.cross_entropy(u, np.array(y))},
        "The one-hot row picks a row of $W_{xh}$. The loss is minus the logarithm of the "
        "target's probability.",
    )


@question(2, HAND, 12, 14)
def one_step_back(rng):
    W_x, W_hy, x, y = weights(rng, 2, 2), weights(rng, 2, 2), rng.integers(2), rng.integers(2)
    h = printed(np.tanh(W_x[[x]]))
    p = printed(functions.softmax(h @ W_hy))
    du = p - np.eye(2)[[y]]
    dh, dW_hy, _ = functions.affine_backward(h, du, W_hy)
    da = dh * functions.dtanh(h)
    return Drawn(
        r"The step $h = \tanh(x W_{xh})$, $u = h W_{hy}$, $p = \operatorname{softmax}(u)$ has been "
        "run forwards. Go back: work out $du$, $dh$, $da$, $dW_{hy}$ and $dW_{xh}$ for the "
        "cross-entropy.",
        {"x": np.array([x]), "y": np.array([y]), "W_{hy}": W_hy, "h": h[0], "p": p[0]},
        {
            "du": du[0],
            "dh": dh[0],
            "da": da[0],
            "dW_{hy}": dW_hy,
            "dW_{xh}": functions.outer(np.eye(2)[[x]], da),
        },
        r"$du = p - y$, $dh = du\,W_{hy}^\top$, $da = dh \odot (1 - h^2)$; the parameters get "
        r"$h^\top du$ and $x^\top da$. The row of the symbol that was not read stays zero.",
    )


@question(2, HAND, 10, 12)
def softmax_of_two_rows(rng):
    u, y = weights(rng, 2, 3), rng.integers(3, size=2)
    L, du = readout.cross_entropy(u[None], y[None])
    return Drawn(
        "Two sequences, three symbols, one step: $u$ holds the logits, one row per sequence. Work "
        "out the probabilities, the mean cross-entropy $L$ and its gradient $du$.",
        {"u": u, "y": y},
        {"p": functions.softmax(u), "L": L, "du": du[0]},
        r"$du = \tfrac12 (p - y)$ with $y$ in one-hot rows: the gradient is that of the mean. Each "
        "row of it adds up to zero.",
    )


@question(2, HAND, 8, 10)
def central_difference(rng):
    v, eps = pick(rng, -1.0, -0.5, 0.5, 1.0), pick(rng, 0.2, 0.3, 0.4)
    estimate = gradcheck.central(np.tanh, np.array(v), eps)
    slope = functions.dtanh(np.tanh(v))
    return Drawn(
        r"$L(v) = \tanh v$. Work out the central difference $D$ at $v$ with the step "
        r"$\varepsilon$, the exact derivative $L'$ and the error $D - L'$. How large will the "
        r"error be, about, with a tenth of the step, and why does it not go on shrinking down to "
        r"$\varepsilon = 10^{-12}$?",
        {"v": v, r"\varepsilon": eps},
        {"D": estimate, "L'": slope, "D - L'": estimate - slope},
        r"The error is about $\tfrac16 \varepsilon^2 L'''(v)$, so a tenth of the step leaves a "
        r"hundredth of it. Rounding adds about $10^{-16} / \varepsilon$, which takes over below "
        r"$\varepsilon \approx 10^{-5}$ and is $10^{-4}$ at $10^{-12}$.",
    )


UNITS = {  # the product, the same in code, and da
    r"\sigma(a) \odot \tanh(a)": (
        lambda a: functions.sigmoid(a) * np.tanh(a),
        r"$s = \sigma(a)$, $g = \tanh(a)$: $da = dh \odot (s(1-s) \odot g + s \odot (1-g^2))$",
    ),
    r"a \odot \sigma(a)": (
        lambda a: a * functions.sigmoid(a),
        r"$s = \sigma(a)$: $da = dh \odot (s + a \odot s(1-s))$",
    ),
    r"a \odot \tanh(a)": (
        lambda a: a * np.tanh(a),
        r"$g = \tanh(a)$: $da = dh \odot (g + a \odot (1-g^2))$",
    ),
}


@question(2, DERIVE, 12, 12)
def node_with_two_readers(rng):
    unit = pick(rng, *UNITS)
    a, dh = nonzero(rng, 2), nonzero(rng, 2)
    f, why = UNITS[unit]
    return Drawn(
        f"A unit computes $h = {unit}$. List the readers of $a$, derive $da$ with the card, every "
        "derivative as a function of an output where that is possible, and evaluate it.",
        {"a": a, "dh": dh},
        {"da": gradcheck.complex_step(lambda a: (dh * f(a)).sum(), a)},
        "$a$ is read on two ways into the product, so two shares are added, each with the other "
        f"factor in front. With {why}.",
    )


SLIPS = {  # what stands there, what ought to, and the wrong du, da and left factor of dW_hy
    ("da = dh", "da = dh * (1 - h**2)"): lambda a, h, du, da, dh: (du, dh, h),
    ("da = dh * (1 - a**2)", "da = dh * (1 - h**2)"): lambda a, h, du, da, dh: (
        du,
        dh * functions.dtanh(a),
        h,
    ),
    ("du = y - p", "du = p - y"): lambda a, h, du, da, dh: (-du, -da, h),
    ("dW_hy = a.T @ du", "dW_hy = h.T @ du"): lambda a, h, du, da, dh: (du, da, a),
}


@question(2, EXPLAIN, 8, 8)
def slip_in_one_step(rng):
    wrong, right = pick(rng, *SLIPS)
    W_x, W_hy = nonzero(rng, 2, 2), weights(rng, 2, 2)
    a, y = W_x[[rng.integers(2)]], rng.integers(2)
    h = np.tanh(a)
    du = functions.softmax(h @ W_hy) - np.eye(2)[[y]]
    dh = du @ W_hy.T
    da = dh * functions.dtanh(h)
    slipped = SLIPS[wrong, right](a, h, du, da, dh)

    def tensors(du, da, left):
        return {"db": da[0], "dW_{hy}": left.T @ du, "db_y": du[0]}

    pairs = zip(tensors(*slipped).items(), tensors(du, da, h).values(), strict=True)
    return Drawn(
        f"In the backward pass of one step stands `{wrong}`. Which of $dW_{{xh}}$, $db$, "
        "$dW_{hy}$ and $db_y$ come out wrong, and why not the others? Which line would be right? "
        "The answer sheet gives the relative errors for the numbers below.",
        {"a": a[0], "y": np.array([y]), "W_{hy}": W_hy},
        {f"e({k})": gradcheck.relative_error(v, w) for (k, v), w in pairs},
        f"Right is `{right}`. An error spreads only further back, from the loss towards the input, "
        "and nothing reads a parameter's gradient. $dW_{xh}$ fares as $db$ does, since both are "
        "made of $da$. A wrong sign gives the relative error 2.",
    )


# Chapter 3


def show_rnn(params, tokens):
    return {"x": tokens, "W_{xh}": params.W_x, "W_{hh}": params.W_h}


@question(3, HAND, 12, 14)
def rnn_three_steps(rng):
    params, _, tokens, run = rnn_run(rng)
    return Drawn(
        r"Work out the three states of the cell $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh})$ from "
        "$h_0 = 0$.",
        show_rnn(params, tokens),
        {f"h_{t + 1}": run.h[t, 0] for t in range(3)},
        "The symbol picks a row of $W_{xh}$; the past enters as a row times $W_{hh}$.",
    )


@question(3, HAND, 6, 6)
def paths_to_a_weight(rng):
    m, j, k = (int(v) for v in np.sort(rng.choice(np.arange(2, 11), 3, replace=False)))
    return Drawn(
        f"Only the losses of the steps {j} and {k} count in a sequence of {k} steps. How many "
        f"paths lead from copies of $W_{{hh}}$ to them, and how many of these pass through "
        f"$h_{{{m}}}$?",
        {},
        {r"\text{paths}": j + k, rf"\text{{through }} h_{{{m}}}": 2 * m},
        f"The copy of step $s$ reaches a loss along the states from $h_s$ on. The loss of step {j} "
        f"has {j} copies before it, that of step {k} has {k}; through $h_{{{m}}}$ go the copies 1 "
        f"to {m}, to each of the two.",
    )


@question(3, DERIVE, 8, 10)
def cell_with_a_shortcut(rng):
    k, lag = int(rng.integers(2, 4)), int(rng.integers(6, 11))
    ways = [1]
    for m in range(1, lag + 1):
        ways.append(ways[m - 1] + (ways[m - k] if m >= k else 0))
    return Drawn(
        rf"Let the cell also read an older state, $a_t = x_t W_{{xh}} + h_{{t-1}} W_{{hh}} + "
        rf"h_{{t-{k}}} W_{k}$. List the readers of $h_t$, write down $dh_t$, and count the paths "
        rf"along the states from $h_{{t+{lag}}}$ back to $h_t$.",
        {},
        {r"\text{paths}": ways[-1]},
        r"Three readers: the readout, step $t+1$ and step "
        rf"$t+{k}$. So $dh_t = du_t W_{{hy}}^\top + da_{{t+1}} W_{{hh}}^\top + da_{{t+{k}}} "
        rf"W_{k}^\top$. The paths over a lag $m$ are $F_m = F_{{m-1}} + F_{{m-{k}}}$, with "
        r"$F_0 = 1$ and $F_m = 0$ for $m < 0$.",
    )


def _no_past(params, x):
    return np.concatenate([bptt.forward(rnn, params, x[t : t + 1]).h for t in range(len(x))])


FORWARD_SLIPS = {
    "multiplies by the transpose of $W_{hh}$": (
        lambda params, x: bptt.forward(rnn, params._replace(W_h=params.W_h.T), x).h,
        "at step 1 the product with $h_0 = 0$ vanishes, whatever the matrix",
    ),
    "starts every step from a state of zero": (
        _no_past,
        "step 1 starts from zero anyway; after it the network has no past",
    ),
    "starts from $h_0 = (1, 0)$": (
        lambda params, x: bptt.forward(rnn, params, x, rnn.State(np.array([[1.0, 0.0]]))).h,
        "the first row of $W_{hh}$ is added at step 1",
    ),
}


@question(3, EXPLAIN, 10, 12)
def wrong_forward_pass(rng):
    params, _, tokens, run = rnn_run(rng)
    slip = pick(rng, *FORWARD_SLIPS)
    f, reason = FORWARD_SLIPS[slip]
    h = f(params, one_hot(tokens))
    first = int(np.argmax(np.abs(h - run.h).max(axis=(1, 2)) > 0)) + 1
    return Drawn(
        rf"A program for $h_t = \tanh(x_t W_{{xh}} + h_{{t-1}} W_{{hh}})$ with $h_0 = 0$ {slip}. "
        "At which step is the state wrong for the first time, and why? Work out that state, right "
        "and wrong. Would a gradient check have found the mistake?",
        show_rnn(params, tokens),
        {
            r"\text{first wrong step}": first,
            rf"h_{first}\text{{, right}}": run.h[first - 1, 0],
            rf"h_{first}\text{{, wrong}}": h[first - 1, 0],
        },
        f"Step {first}: {reason}. A gradient check compares a backward pass with its own forward "
        "pass and finds nothing if the two belong together; only numbers from elsewhere can tell.",
    )


# Chapter 4


def back_run(rng):
    """Printed states and own gradients of an RNN, and the run that holds them."""
    params, _, tokens, run = rnn_run(rng)
    h, own = printed(run.h), printed(rng.uniform(-0.5, 0.5, size=(3, 1, 2)))
    prev = np.concatenate([np.zeros((1, 1, 2)), h[:-1]])
    caches = rnn.Cache(one_hot(tokens), rnn.State(prev), h)
    given = {"W_{hh}": params.W_h} | {f"h_{t + 1}": h[t, 0] for t in range(3)}
    given |= {f"e_{t + 1}": own[t, 0] for t in range(3)}
    return params, bptt.Run(h, rnn.State(h[-1]), caches), own, given


@question(4, HAND, 12, 14)
def last_loss_only(rng):
    params, W_hy, _, run = rnn_run(rng)
    h, y = printed(run.h[1:]), rng.integers(2)
    p = printed(functions.softmax(h[1] @ W_hy))
    du = p - np.eye(2)[[y]]
    dh = du @ W_hy.T
    da, dprev = rnn.recur_backward(params, rnn.State(dh), rnn.Local(functions.dtanh(h[1])))
    return Drawn(
        "In three steps only the loss of the last counts, $w = (0, 0, 1)$. Work out $du_3$, "
        "$dh_3$, $da_3$, $dh_2$, and what step 3 adds to $dW_{hh}$. Does the loss train step 1?",
        {
            "W_{hh}": params.W_h,
            "W_{hy}": W_hy,
            "h_2": h[0, 0],
            "h_3": h[1, 0],
            "p_3": p[0],
            "y_3": np.array([y]),
        },
        {
            "du_3": du[0],
            "dh_3": dh[0],
            "da_3": da[0],
            "dh_2": dprev.h[0],
            "h_2^\\top da_3": functions.outer(h[0], da),
        },
        r"The share of step 3 is 1, so $du_3 = p_3 - y_3$. $h_2$ has no loss of its own, and "
        r"$dh_2 = da_3 W_{hh}^\top$ is all that it gets. It goes on to step 1 in the same way: the "
        "last loss trains every step.",
    )


@question(4, HAND, 20, 25)
def three_steps_back(rng):
    params, run, own, given = back_run(rng)
    grads = bptt.backward(rnn, params, run, own)
    return Drawn(
        r"For a tanh cell, $e_t = \partial^{+} L / \partial h_t$ is what the loss of step $t$ "
        "sends to $h_t$. Work out $dh_3$, $dh_2$, $dh_1$, $dh_0$ and $dW_{hh}$; $h_0 = 0$.",
        given,
        {f"dh_{t}": grads.dstates[t].h[0] for t in (3, 2, 1, 0)} | {"dW_{hh}": grads.dparams.W_h},
        r"$da_t = dh_t \odot (1 - h_t^2)$ and $dh_{t-1} = e_{t-1} + da_t W_{hh}^\top$; "
        r"$h_0$ has no loss. $dW_{hh} = h_1^\top da_2 + h_2^\top da_3$; step 1 adds nothing, "
        "since $h_0 = 0$.",
    )


@question(4, HAND, 10, 10)
def weighted_loss(rng):
    u, y = weights(rng, 3, 2), symbols(rng)
    w = np.array(pick(rng, (1.0, 1.0, 0.0), (0.0, 1.0, 1.0), (2.0, 1.0, 1.0), (1.0, 0.0, 3.0)))
    L, du = readout.cross_entropy(u[:, None], y[:, None], w[:, None])
    return Drawn(
        r"One sequence of three steps has the logits $u$, one row per step, and the loss "
        r"$L = \sum_t w_t l_t / \sum_t w_t$. Work out $L$ and $du$. By which factor is the "
        "gradient wrong if a program divides it by $T$ instead?",
        {"u": u, "y": y, "w": w},
        {"L": L, "du": du[:, 0], r"\text{factor}": w.sum() / 3},
        r"$du_t = w_t (p_t - y_t) / \sum w$. Division by $T$ in the place of $\sum w$ multiplies "
        r"every gradient by $\sum w / T$.",
    )


@question(4, DERIVE, 14, 16)
def leaky_cell(rng):
    alpha, W_h, dh = pick(rng, 0.1, 0.2, 0.25, 0.5), weights(rng, 2, 2), nonzero(rng, 2)
    n = printed(np.tanh(rng.uniform(-1.5, 1.5, 2)))
    da = alpha * dh * functions.dtanh(n)
    return Drawn(
        r"A leaky cell keeps a part of its state: $h_t = (1 - \alpha) h_{t-1} + \alpha\, n_t$ with "
        r"$n_t = \tanh a_t$ and $a_t = x_t W_{xh} + h_{t-1} W_{hh}$. List the readers of "
        "$h_{t-1}$, derive $da_t$ and what step $t$ sends to $h_{t-1}$, and evaluate both.",
        {r"\alpha": alpha, "W_{hh}": W_h, "n_t": n, "dh_t": dh},
        {"da_t": da, r"\text{to } h_{t-1}": (1 - alpha) * dh + da @ W_h.T},
        r"Readers: the loss of step $t-1$, the sum directly, and $a_t$. "
        r"$da_t = \alpha\, dh_t \odot (1 - n_t^2)$, and the step sends "
        r"$(1 - \alpha)\, dh_t + da_t W_{hh}^\top$.",
    )


@question(4, EXPLAIN, 10, 10)
def tensors_hit_rnn(rng):
    roads = "dh from t+1 dropped, RNN", "tanh' of another layer", "last state's gradient lost"
    sums = "db before the tanh'", "dW overwritten"
    return tensors_hit(rng, rnn, "the plain recurrent network", *roads, *sums)


# Chapter 5


@question(5, HAND, 12, 12)
def eigenvalues(rng):
    radius = 1
    while np.isclose(radius, 1):
        W = weights(rng, 2, 2)
        lambdas = np.sort_complex(np.linalg.eigvals(W))
        radius = np.abs(lambdas).max()
    parts = {r"\operatorname{Re} \lambda": lambdas.real}
    if np.abs(lambdas.imag).max() > 1e-9:
        parts[r"\operatorname{Im} \lambda"] = lambdas.imag
    fate = "vanishes" if radius < 1 else "explodes, for almost every start"
    return Drawn(
        "A linear network without input sends its gradient back by "
        r"$dh_{t-1} = dh_t W_{hh}^\top$. Work out the eigenvalues of $W_{hh}$, its spectral radius "
        r"$\rho$ and its largest singular value $s$. What becomes of a gradient in the long run, "
        "and how much longer can a single step make it?",
        {"W_{hh}": W},
        {**parts, r"\rho": radius, "s": np.linalg.svd(W, compute_uv=False)[0]},
        r"From $\lambda^2 - \operatorname{tr} W\, \lambda + \det W = 0$, and $s^2$ is the larger "
        rf"eigenvalue of $W W^\top$. In the long run the gradient "
        rf"{fate}: that is $\rho$'s part. One step makes it at most $s$ times as long.",
    )


@question(5, HAND, 8, 10)
def clipping(rng):
    theta = 5.0
    dW, db = 2.0 * rng.integers(-3, 4, size=(2, 2)), np.array([6.0, -8.0]) * nonzero(rng, 2)
    (dW_c, db_c), norm = optim.clip_by_norm((dW, db), theta)
    dW_v, db_v = optim.clip_by_value((dW, db), 3.0)
    inner = (dW * dW_v).sum() + (db * db_v).sum()
    return Drawn(
        r"A gradient consists of two arrays. Clip it (a) by its norm to $\theta = 5$, (b) entry by "
        "entry to $[-3, 3]$. What is the cosine of the angle by which (b) turns it, and what that "
        "of (a)?",
        {"dW": dW, "db": db},
        {
            r"\text{norm}": norm,
            r"\text{(a) } dW": dW_c,
            r"\text{(a) } db": db_c,
            r"\text{(b) } dW": dW_v,
            r"\text{(b) } db": db_v,
            r"\text{cosine of (b)}": inner / (norm * sqrt((dW_v**2).sum() + (db_v**2).sum())),
        },
        "The norm is taken over all entries of both arrays, and one factor multiplies both, so (a) "
        "keeps the direction: its cosine is 1. If the norm is at most 5, nothing changes.",
    )


@question(5, HAND, 16, 20)
def in_pieces(rng):
    params, run, own, given = back_run(rng)
    whole = bptt.backward(rnn, params, run, own)
    cut = bptt.backward(rnn, params, run, own, carry=truncate.pieces(3, 2))
    return Drawn(
        "A program reads three steps in pieces of two: the state is carried from step 2 to step 3, "
        r"the gradient is not. For a tanh cell, with $e_t = \partial^{+} L / \partial h_t$ and "
        "$h_0 = 0$, work out $dh_3$, $dh_2$, $dh_1$ and $dW_{hh}$ as the program has them. Which "
        "terms of the full $dW_{hh}$ are missing?",
        given,
        {f"dh_{t}": cut.dstates[t].h[0] for t in (3, 2, 1)}
        | {"dW_{hh}": cut.dparams.W_h, r"dW_{hh}\text{, full}": whole.dparams.W_h},
        r"$dh_2 = e_2$, because $da_3 W_{hh}^\top$ is cut. What step 3 would have sent through "
        r"$a_2$ into $h_1^\top da_2$ is missing; $h_2^\top da_3$ stays, since it is made in its "
        "own piece.",
    )


@question(5, DERIVE, 10, 12)
def steps_to_a_thousandth(rng):
    a, b = (pick(rng, 0.3, 0.4, 0.5, 0.6) for _ in range(2))
    W = np.array([[a, b], [-b, a]])
    radius = np.abs(np.linalg.eigvals(W)).max()
    return Drawn(
        r"A linear network has the matrix $W_{hh}$ below. Show that $W_{hh} W_{hh}^\top$ is a "
        r"multiple of the identity, conclude by which factor each step back changes the length of "
        "a gradient, and find the number of steps after which at most a thousandth is left. What "
        "changes if a tanh is put in?",
        {"W_{hh}": W},
        {
            r"\text{factor}": radius,
            r"\ln 0.001 / \ln(\text{factor})": log(1e-3) / log(radius),
            r"\text{steps}": ceil(log(1e-3) / log(radius)),
        },
        r"$W_{hh} W_{hh}^\top = (a^2 + b^2) I$ with the entries $a$ and $b$, so every row becomes "
        r"$\sqrt{a^2 + b^2}$ times as long, in each step, whatever its direction. The slopes of a "
        "tanh are at most 1: the gradient can only vanish sooner.",
    )


@question(5, EXPLAIN, 10, 10)
def longer_before_shorter(rng):
    a, b = rng.permutation([0.5, 0.6, 0.8])[:2] * pick(rng, 1, -1)
    W = np.array([[a, pick(rng, 2.0, 3.0, 4.0)], [0, b]])
    row, lengths = np.array([0.0, 1.0]), {}
    for lag in range(1, 11):
        row = row @ W.T
        lengths[lag] = np.linalg.norm(row)
    return Drawn(
        "The gradient $(0, 1)$ arrives at the last state of a linear network, "
        r"$dh_{t-1} = dh_t W_{hh}^\top$. Give the spectral radius, work out the length of the "
        "gradient one and two steps back, and explain how it can be longer than 1. What is left "
        "after ten steps?",
        {"W_{hh}": W},
        {r"\rho": max(abs(a), abs(b))} | {rf"\text{{{k} back}}": lengths[k] for k in (1, 2, 10)},
        "The eigenvalues, on the diagonal, decide about the long run only. The matrix is not "
        "normal: its eigenvectors are almost parallel, and a row in which they nearly cancel "
        "grows while the cancellation is lost. A single step is bounded by the largest singular "
        "value, which no entry exceeds.",
    )
