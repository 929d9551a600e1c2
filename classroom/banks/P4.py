# ruff: noqa: F811, F821
"""Programs for P4: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def lstm_forward(params, x, h_0, c_0):
    (T, N, D), H = x.shape, h_0.shape[1]
    h, c = np.zeros((T + 1, N, H)), np.zeros((T + 1, N, H))
    h[0], c[0] = h_0, c_0
    gates = {k: np.zeros((T, N, H)) for k in "ifgo"}
    for t in range(T):
        for n in range(N):
            for j in range(H):
                for block, k in enumerate("ifgo"):
                    column = block * H + j
                    a = params["b"][column]
                    for d in range(D):
                        a += x[t, n, d] * params["W_x"][d, column]
                    for m in range(H):
                        a += h[t, n, m] * params["W_h"][m, column]
                    gates[k][t, n, j] = np.tanh(a) if k == "g" else 1 / (1 + np.exp(-a))
                i, f, g, o = (gates[k][t, n, j] for k in "ifgo")
                c[t + 1, n, j] = f * c[t, n, j] + i * g
                h[t + 1, n, j] = o * np.tanh(c[t + 1, n, j])
    return h, c, gates


def to_joined(params):
    (D, columns), H = params["W_x"].shape, len(params["W_h"])
    W = np.zeros((H + D, columns))
    for k in range(columns):
        for m in range(H):
            W[m, k] = params["W_h"][m, k]
        for d in range(D):
            W[H + d, k] = params["W_x"][d, k]
    return {"W": W, "b": params["b"]}


def joined_forward(joined, x, h_0, c_0):
    H = h_0.shape[1]
    params = {"W_h": joined["W"][:H], "W_x": joined["W"][H:], "b": joined["b"]}
    h, c, _ = lstm_forward(params, x, h_0, c_0)
    return h, c


def to_source(params):
    D, H = len(params["W_x"]), len(params["W_h"])
    d = {}
    for block, k in enumerate(["i", "f", "c", "o"]):
        d["W" + k], d["b" + k] = np.zeros((H + D, H)), np.zeros((1, H))
        for j in range(H):
            d["b" + k][0, j] = params["b"][block * H + j]
            for m in range(H + D):
                row = params["W_h"][m] if m < H else params["W_x"][m - H]
                d["W" + k][m, j] = row[block * H + j]
    return d


def from_source(d):
    Z, H = d["Wf"].shape
    W_x, W_h, b = np.zeros((Z - H, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    for block, k in enumerate(["i", "f", "c", "o"]):
        for j in range(H):
            column = block * H + j
            b[column] = d["b" + k][0][j]
            for m in range(Z):
                if m < H:
                    W_h[m, column] = d["W" + k][m, j]
                else:
                    W_x[m - H, column] = d["W" + k][m, j]
    return {"W_x": W_x, "W_h": W_h, "b": b}


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    rows, D = weight_ih.shape
    H = weight_hh.shape[1]
    W_x, W_h, b = np.zeros((D, rows)), np.zeros((H, rows)), np.zeros(rows)
    for k in range(rows):
        b[k] = bias_ih[k] + bias_hh[k]
        for d in range(D):
            W_x[d, k] = weight_ih[k, d]
        for m in range(H):
            W_h[m, k] = weight_hh[k, m]
    return {"W_x": W_x, "W_h": W_h, "b": b}


# %% right: with einsum, the blocks on an axis of their own
def blocks(v):
    return v.reshape(*v.shape[:-1], 4, -1)


def lstm_forward(params, x, h_0, c_0):
    W_h = blocks(params["W_h"])
    moved = np.einsum("tnd,dkh->tknh", x, blocks(params["W_x"]))
    moved += blocks(params["b"])[:, None, :]
    h, c = (np.empty((len(x) + 1, *v.shape)) for v in (h_0, c_0))
    h[0], c[0], s = h_0, c_0, np.empty_like(moved)
    for t in range(len(x)):
        s[t] = sigmoid(moved[t] + np.einsum("nj,jkh->knh", h[t], W_h))
        s[t, 2] = np.tanh(moved[t, 2] + np.einsum("nj,jh->nh", h[t], W_h[:, 2]))
        c[t + 1] = np.einsum("knh,knh->nh", s[t, :2][::-1], np.stack([c[t], s[t, 2]]))
        h[t + 1] = s[t, 3] * np.tanh(c[t + 1])
    return h, c, dict(zip("ifgo", np.moveaxis(s, 1, 0), strict=True))


def to_joined(params):
    return {"W": np.vstack((params["W_h"], params["W_x"])), "b": params["b"].copy()}


def joined_forward(joined, x, h_0, c_0):
    h, c, W = [h_0], [c_0], blocks(joined["W"])
    for t in range(len(x)):
        z = np.concatenate((h[t], x[t]), axis=-1)
        a = np.einsum("nz,zkh->knh", z, W) + blocks(joined["b"])[:, None]
        i, f, o = sigmoid(a[[0, 1, 3]])
        c.append(f * c[t] + i * np.tanh(a[2]))
        h.append(o * np.tanh(c[t + 1]))
    return np.array(h), np.array(c)


def to_source(params):
    W = blocks(np.vstack((params["W_h"], params["W_x"])))
    b = blocks(params["b"])
    place = {"i": 0, "f": 1, "c": 2, "o": 3}
    d = {f"W{k}": W[:, p] for k, p in place.items()}
    return d | {f"b{k}": b[None, p] for k, p in place.items()}


def from_source(d):
    W = np.stack([d["Wi"], d["Wf"], d["Wc"], d["Wo"]], axis=1)
    b = np.stack([d["bi"], d["bf"], d["bc"], d["bo"]], axis=1)
    H = W.shape[-1]
    W = W.reshape(len(W), 4 * H)
    return {"W_h": W[:H], "W_x": W[H:], "b": b.reshape(4 * H)}


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {
        "W_x": np.einsum("kd->dk", weight_ih),
        "W_h": np.einsum("kh->hk", weight_hh),
        "b": np.stack([bias_ih, bias_hh]).sum(axis=0),
    }


# %% right: a class, its cell called step by step
class LSTM:
    def __init__(self, W_x, W_h, b):
        self.W_x, self.W_h, self.b = W_x, W_h, b
        self.history = {k: [] for k in "ifgo"}

    @classmethod
    def of_joined(cls, joined, H):
        return cls(joined["W"][H:], joined["W"][:H], joined["b"])

    @classmethod
    def of_source(cls, d):
        H = d["bf"].size
        columns = [d["Wi"], d["Wf"], d["Wc"], d["Wo"]]
        W = np.concatenate(columns, axis=1)
        b = np.concatenate([d["bi"], d["bf"], d["bc"], d["bo"]], axis=1)
        return cls(W[H:], W[:H], b.ravel())

    def block(self, k):
        H = len(self.W_h)
        at = slice("ifgo".index(k) * H, ("ifgo".index(k) + 1) * H)
        return self.W_x[:, at], self.W_h[:, at], self.b[at]

    def gate(self, k, x, h):
        W_x, W_h, b = self.block(k)
        out = (np.tanh if k == "g" else sigmoid)(x @ W_x + h @ W_h + b)
        self.history[k].append(out)
        return out

    def __call__(self, x, h, c):
        i, f, g, o = (self.gate(k, x, h) for k in "ifgo")
        c = f * c + i * g
        return o * np.tanh(c), c

    def run(self, x, h, c):
        states = [(h, c)]
        for x_t in x:
            states.append(self(x_t, *states[-1]))
        return tuple(np.array(each) for each in zip(*states, strict=True))

    def joined(self):
        return np.r_[self.W_h, self.W_x]

    def params(self):
        return {"W_x": self.W_x, "W_h": self.W_h, "b": self.b}


def lstm_forward(params, x, h_0, c_0):
    cell = LSTM(**params)
    h, c = cell.run(x, h_0, c_0)
    return h, c, {k: np.array(v) for k, v in cell.history.items()}


def to_joined(params):
    return {"W": LSTM(**params).joined(), "b": params["b"]}


def joined_forward(joined, x, h_0, c_0):
    return LSTM.of_joined(joined, h_0.shape[1]).run(x, h_0, c_0)


def to_source(params):
    cell, d = LSTM(**params), {}
    for theirs, ours in zip("fico", "figo", strict=True):
        W_x, W_h, b = cell.block(ours)
        d["W" + theirs] = np.r_[W_h, W_x]
        d["b" + theirs] = b.reshape(1, -1)
    return d


def from_source(d):
    return LSTM.of_source(d).params()


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return LSTM(weight_ih.T, weight_hh.T, np.add(bias_ih, bias_hh)).params()


# %% right: in place, into arrays made before
def lstm_forward(params, x, h_0, c_0):
    T, (N, H) = len(x), h_0.shape
    a, h, c = x @ params["W_x"], np.zeros((T + 1, N, H)), np.zeros((T + 1, N, H))
    a += params["b"]
    h[0] += h_0
    c[0] += c_0
    for t in range(T):
        a[t] += h[t] @ params["W_h"]
        a[t, :, 2 * H : 3 * H] *= 2  # tanh a = 2 sigmoid 2a - 1
        a[t] *= 0.5
        np.tanh(a[t], out=a[t])
        a[t] += 1
        a[t] /= 2
        a[t, :, 2 * H : 3 * H] *= 2
        a[t, :, 2 * H : 3 * H] -= 1
        c[t + 1] = a[t, :, H : 2 * H]
        c[t + 1] *= c[t]
        c[t + 1] += a[t, :, :H] * a[t, :, 2 * H : 3 * H]
        np.tanh(c[t + 1], out=h[t + 1])
        h[t + 1] *= a[t, :, 3 * H :]
    return h, c, {k: a[:, :, n * H : (n + 1) * H] for n, k in enumerate("ifgo")}


def to_joined(params):
    H, D = len(params["W_h"]), len(params["W_x"])
    joined = {"W": np.empty((H + D, 4 * H)), "b": np.empty(4 * H)}
    joined["W"][:H], joined["W"][H:] = params["W_h"], params["W_x"]
    joined["b"][:] = params["b"]
    return joined


def joined_forward(joined, x, h_0, c_0):
    (T, N, D), H = x.shape, h_0.shape[1]
    z, c = np.zeros((T + 1, N, H + D)), np.zeros((T + 1, N, H))
    z[:T, :, H:], z[0, :, :H], c[0] = x, h_0, c_0
    for t in range(T):
        a = z[t] @ joined["W"]
        a += joined["b"]
        a[:, : 2 * H] = sigmoid(a[:, : 2 * H])
        c[t + 1] = a[:, H : 2 * H] * c[t] + a[:, :H] * np.tanh(a[:, 2 * H : -H])
        z[t + 1, :, :H] = sigmoid(a[:, -H:]) * np.tanh(c[t + 1])
    return z[:, :, :H], c


def to_source(params):
    H, d = len(params["W_h"]), {}
    for n, k in enumerate("ifco"):
        d["W" + k] = np.empty((H + len(params["W_x"]), H))
        d["W" + k][:H] = params["W_h"][:, n * H : (n + 1) * H]
        d["W" + k][H:] = params["W_x"][:, n * H : (n + 1) * H]
        d["b" + k] = params["b"][None, n * H : (n + 1) * H]
    return d


def from_source(d):
    Z, H = d["Wo"].shape
    params = {"W_x": np.empty((Z - H, 4 * H)), "W_h": np.empty((H, 4 * H)), "b": np.empty(4 * H)}
    for n, k in enumerate("ifco"):
        at = np.s_[n * H : (n + 1) * H]
        params["W_x"][:, at] = d["W" + k][H:]
        params["W_h"][:, at] = d["W" + k][:H]
        params["b"][at] = d["b" + k]
    return params


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    bias_ih += bias_hh
    return {"W_x": weight_ih.transpose(), "W_h": weight_hh.transpose(), "b": bias_ih}


# %% right: float32 inside
def lstm_forward(params, x, h_0, c_0):
    p = {k: v.astype(np.float32) for k, v in params.items()}
    h, c, gates = [h_0.astype("f4")], [c_0.astype("f4")], []
    for x_t in np.float32(x):
        a = x_t @ p["W_x"] + h[-1] @ p["W_h"] + p["b"]
        i, f, g, o = np.split(a, 4, axis=-1)
        i, f, o, g = *(1 / (1 + np.exp(-v)) for v in (i, f, o)), np.tanh(g)
        c.append(f * c[-1] + i * g)
        h.append(o * np.tanh(c[-1]))
        gates.append((i, f, g, o))
    i, f, g, o = np.swapaxes(gates, 0, 1)
    return np.stack(h), np.stack(c), {"i": i, "f": f, "g": g, "o": o}


def joined_forward(joined, x, h_0, c_0):
    W, b = (joined[k].astype("f4") for k in "Wb")
    H = h_0.shape[1]
    h, c, _ = lstm_forward({"W_h": W[:H], "W_x": W[H:], "b": b}, x, h_0, c_0)
    return h, c


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x, W_h, b = (np.float32(v) for v in (weight_ih.T, weight_hh.T, bias_ih + bias_hh))
    return {"W_x": W_x, "W_h": W_h, "b": b}


# %% right: German names, by recursion
def tor(a, k):
    breite = a.shape[-1] // 4
    block = a[..., "ifgo".index(k) * breite :][..., :breite]
    return np.tanh(block) if k == "g" else sigmoid(block)


def lstm_forward(params, x, h_0, c_0):
    def ab_hier(eingaben, zustand, zelle):
        if not len(eingaben):
            return [zustand], [zelle], {k: [] for k in "ifgo"}
        a = eingaben[0] @ params["W_x"] + zustand @ params["W_h"] + params["b"]
        tore = {k: tor(a, k) for k in "ifgo"}
        neue_zelle = tore["f"] * zelle + tore["i"] * tore["g"]
        neuer_zustand = tore["o"] * np.tanh(neue_zelle)
        zustaende, zellen, spaeter = ab_hier(eingaben[1:], neuer_zustand, neue_zelle)
        verlauf = {k: [tore[k], *spaeter[k]] for k in "ifgo"}
        return [zustand, *zustaende], [zelle, *zellen], verlauf

    zustaende, zellen, verlauf = ab_hier(x, h_0, c_0)
    return np.stack(zustaende), np.stack(zellen), {k: np.stack(v) for k, v in verlauf.items()}


def to_joined(params):
    oben, unten = params["W_h"], params["W_x"]
    return dict(W=np.append(oben, unten, axis=0), b=params["b"])


def joined_forward(joined, x, h_0, c_0):
    def weiter(t):
        if t == 0:
            return [h_0], [c_0]
        zustaende, zellen = weiter(t - 1)
        zeile = np.append(zustaende[-1], x[t - 1], axis=1)
        a = zeile @ joined["W"] + joined["b"]
        zelle = tor(a, "f") * zellen[-1] + tor(a, "i") * tor(a, "g")
        return [*zustaende, tor(a, "o") * np.tanh(zelle)], [*zellen, zelle]

    return weiter(len(x))


def to_source(params):
    matrix = to_joined(params)["W"]
    i, f, g, o = np.hsplit(np.vstack([matrix, params["b"]]), 4)
    woerterbuch = {}
    for name, spalten in dict(f=f, i=i, c=g, o=o).items():
        woerterbuch["W" + name], woerterbuch["b" + name] = spalten[:-1], spalten[-1:]
    return woerterbuch


def from_source(d):
    spalten = [np.vstack([d["W" + name], d["b" + name]]) for name in "ifco"]
    *matrix, schwelle = np.hstack(spalten)
    breite = len(schwelle) // 4
    return {"W_h": np.array(matrix[:breite]), "W_x": np.array(matrix[breite:]), "b": schwelle}


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    spalten = np.hstack([weight_ih, weight_hh, (bias_ih + bias_hh)[:, None]]).T
    eingaenge = weight_ih.shape[1]
    return {"W_x": spalten[:eingaenge], "W_h": spalten[eingaenge:-1], "b": spalten[-1]}


# %% right: functional, with reduce; tuples come back
def lstm_forward(params, x, h_0, c_0):
    from functools import reduce

    def step(so_far, x_t):
        h, c, gates = so_far
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        a_i, a_f, a_g, a_o = np.array_split(a, 4, axis=1)
        now = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c_t = now[1] * c[-1] + now[0] * now[2]
        return (*h, now[3] * np.tanh(c_t)), (*c, c_t), (*gates, now)

    h, c, gates = reduce(step, x, ((h_0,), (c_0,), ()))
    return np.array(h), np.array(c), tuple(map(np.array, zip(*gates, strict=True)))


def to_joined(params):
    return np.concatenate([params[k] for k in ("W_h", "W_x")]), params["b"]


def joined_forward(joined, x, h_0, c_0):
    from itertools import accumulate

    def step(state, x_t):
        a_i, a_f, a_g, a_o = np.split(np.c_[state[0], x_t] @ joined["W"] + joined["b"], 4, axis=1)
        c = sigmoid(a_f) * state[1] + sigmoid(a_i) * np.tanh(a_g)
        return sigmoid(a_o) * np.tanh(c), c

    h, c = zip(*accumulate(x, step, initial=(h_0, c_0)), strict=True)
    return np.array(h), np.array(c)


def to_source(params):
    cut = {k: np.split(v, 4, axis=-1) for k, v in params.items()}
    W = map(lambda h, x: np.concatenate([h, x]), cut["W_h"], cut["W_x"])
    b = map(np.atleast_2d, cut["b"])
    return dict(zip(("Wi", "Wf", "Wc", "Wo"), W, strict=True)) | dict(
        zip(("bi", "bf", "bc", "bo"), b, strict=True)
    )


def from_source(d):
    from functools import reduce

    W, b = (reduce(lambda u, v: np.append(u, v, axis=1), [d[n + k] for k in "ifco"]) for n in "Wb")
    return W[b.size // 4 :], W[: b.size // 4], np.squeeze(b, axis=0)


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, sum((bias_ih, bias_hh))


# %% right: gate by gate, four matrices each with a name
def four(v):
    H = v.shape[-1] // 4
    return v[..., :H], v[..., H : 2 * H], v[..., 2 * H : 3 * H], v[..., 3 * H :]


def sig(v):
    return np.exp(-np.logaddexp(0, -v))


def lstm_forward(params, x, h_0, c_0):
    W_xi, W_xf, W_xg, W_xo = four(params["W_x"])
    W_hi, W_hf, W_hg, W_ho = four(params["W_h"])
    b_i, b_f, b_g, b_o = four(params["b"])
    h, c, gates = [h_0], [c_0], {"i": [], "f": [], "g": [], "o": []}
    for x_t in x:
        h_t, c_t = h[-1], c[-1]
        i_t = sig(np.dot(x_t, W_xi) + np.dot(h_t, W_hi) + b_i)
        f_t = sig(np.dot(x_t, W_xf) + np.dot(h_t, W_hf) + b_f)
        g_t = np.tanh(np.dot(x_t, W_xg) + np.dot(h_t, W_hg) + b_g)
        o_t = sig(np.dot(x_t, W_xo) + np.dot(h_t, W_ho) + b_o)
        c_t = np.multiply(f_t, c_t) + np.multiply(i_t, g_t)
        h_t = np.multiply(o_t, np.tanh(c_t))
        h.append(h_t)
        c.append(c_t)
        for k, v in (("i", i_t), ("f", f_t), ("g", g_t), ("o", o_t)):
            gates[k].append(v)
    return h, c, gates


def to_joined(params):
    return {"W": np.hstack([params["W_h"].T, params["W_x"].T]).T, "b": params["b"]}


def joined_forward(joined, x, h_0, c_0):
    W_i, W_f, W_g, W_o = four(joined["W"])
    b_i, b_f, b_g, b_o = four(joined["b"])
    hs, cs, h, c = [h_0], [c_0], h_0, c_0
    for x_t in x:
        z = np.concatenate([h, x_t], axis=1)
        c = sig(z @ W_f + b_f) * c + sig(z @ W_i + b_i) * np.tanh(z @ W_g + b_g)
        h = sig(z @ W_o + b_o) * np.tanh(c)
        hs.append(h)
        cs.append(c)
    return hs, cs


def to_source(params):
    W_i, W_f, W_g, W_o = four(to_joined(params)["W"])
    b_i, b_f, b_g, b_o = four(params["b"][np.newaxis, :])
    matrices = {"Wf": W_f, "Wi": W_i, "Wc": W_g, "Wo": W_o}
    return {**matrices, "bf": b_f, "bi": b_i, "bc": b_g, "bo": b_o}


def from_source(d):
    H = d["Wf"].shape[1]
    W_h = np.hstack([d["Wi"][:H], d["Wf"][:H], d["Wc"][:H], d["Wo"][:H]])
    W_x = np.hstack([d["Wi"][H:], d["Wf"][H:], d["Wc"][H:], d["Wo"][H:]])
    b = np.hstack([d["bi"][0], d["bf"][0], d["bc"][0], d["bo"][0]])
    return {"b": b, "W_h": W_h, "W_x": W_x}


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    W_i, W_f, W_g, W_o = np.split(weight_ih, 4)
    U_i, U_f, U_g, U_o = np.split(weight_hh, 4)
    return {
        "W_x": np.hstack([W_i.T, W_f.T, W_g.T, W_o.T]),
        "W_h": np.hstack([U_i.T, U_f.T, U_g.T, U_o.T]),
        "b": bias_hh + bias_ih,
    }


# %% right: one sequence of the batch after the other, Chinese names
def lstm_forward(params, x, h_0, c_0):
    quan_x, quan_h, pianzhi = params["W_x"], params["W_h"], params["b"]
    suoyou = []
    for n in range(x.shape[1]):
        zhuangtai, xibao, men = [h_0[n]], [c_0[n]], []
        for shuru in x[:, n]:
            a = quan_x.T @ shuru + quan_h.T @ zhuangtai[-1] + pianzhi
            shuru_men, yiwang_men, houxuan, shuchu_men = a.reshape(4, -1)
            men.append([sigmoid(shuru_men), sigmoid(yiwang_men)])
            men[-1] += [np.tanh(houxuan), sigmoid(shuchu_men)]
            xibao.append(men[-1][1] * xibao[-1] + men[-1][0] * men[-1][2])
            zhuangtai.append(men[-1][3] * np.tanh(xibao[-1]))
        suoyou.append((np.array(zhuangtai), np.array(xibao), np.array(men)))
    h, c, men = (np.stack(v, axis=1) for v in zip(*suoyou, strict=True))
    return h, c, {k: men[:, :, j] for j, k in enumerate("ifgo")}


def to_joined(params):
    hang = [*params["W_h"], *params["W_x"]]
    return {"W": np.array(hang), "b": params["b"]}


def joined_forward(joined, x, h_0, c_0):
    T, N, _ = x.shape
    h, c = np.array([h_0] * (T + 1)), np.array([c_0] * (T + 1))
    for n in range(N):
        for t in range(T):
            a = np.append(h[t, n], x[t, n]) @ joined["W"] + joined["b"]
            shuru_men, yiwang_men, houxuan, shuchu_men = a.reshape(4, -1)
            c[t + 1, n] = sigmoid(yiwang_men) * c[t, n] + sigmoid(shuru_men) * np.tanh(houxuan)
            h[t + 1, n] = sigmoid(shuchu_men) * np.tanh(c[t + 1, n])
    return h, c


def from_source(d):
    H = d["bf"].shape[1]
    shunxu = ("i", "f", "c", "o")
    shang = np.hstack([d[f"W{k}"][:H] for k in shunxu])
    xia = np.hstack([d[f"W{k}"][H:] for k in shunxu])
    return {"W_x": xia, "W_h": shang, "b": np.concatenate([d[f"b{k}"].flatten() for k in shunxu])}


# %% right: translations as products with matrices of 0 and 1
def lift(rows, start, count):
    """The matrix that puts `count` rows at `start` among `rows`."""
    return np.eye(rows)[:, start : start + count]


def to_joined(params):
    H, D = len(params["W_h"]), len(params["W_x"])
    W = lift(H + D, 0, H) @ params["W_h"] + lift(H + D, H, D) @ params["W_x"]
    return {"W": W, "b": params["b"]}


def to_source(params):
    W, H = to_joined(params)["W"], len(params["W_h"])
    d = {}
    for k, name in enumerate("ifco"):
        d["W" + name] = W @ lift(4 * H, k * H, H)
        d["b" + name] = params["b"][None] @ lift(4 * H, k * H, H)
    return d


def from_source(d):
    Z, H = d["Wf"].shape
    W = sum(d["W" + name] @ lift(4 * H, k * H, H).T for k, name in enumerate("ifco"))
    b = sum(d["b" + name] @ lift(4 * H, k * H, H).T for k, name in enumerate("ifco"))
    return {"W_x": lift(Z, H, Z - H).T @ W, "W_h": lift(Z, 0, H).T @ W, "b": b[0]}


def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    one = np.eye(len(bias_ih))
    return {"W_x": weight_ih.T @ one, "W_h": weight_hh.T @ one, "b": one @ (bias_ih + bias_hh)}


# %% wrong lstm_forward: input gate and forget gate exchanged
# named: `a_i` and `a_f` have changed places
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        f, i, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the blocks are read in the order i, f, o, g
# named: `a_g` and `a_o` have changed places
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, o, g = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: no tanh on the way out
# named: `np\.tanh\(c\[-1\]\)` is only `c\[-1\]`
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * c[-1])
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the bias is forgotten
# named: `params\['b'\]` is lost
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        i, f, g, o = np.split(x_t @ params["W_x"] + h[-1] @ params["W_h"], 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the candidate has no tanh
# named: `np\.tanh\(a_g\)` is only `a_g`
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": g, "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: all four blocks go through the sigmoid
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(sigmoid(a), 4, axis=1)
        c.append(f * c[-1] + i * g)
        h.append(o * np.tanh(c[-1]))
        for k, v in zip("ifgo", (i, f, g, o), strict=True):
            gates[k].append(v)
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the candidate is added to the input gate
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] + now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: tanh(c) is carried on
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(np.tanh(now["f"] * c[-1] + now["i"] * now["g"]))
        h.append(now["o"] * c[-1])
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the input gate lets everything in
# named: `i` is lost from `i \* g`
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the states start at zero
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [np.zeros_like(h_0)], [np.zeros_like(c_0)], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c.append(now["f"] * c[-1] + now["i"] * now["g"])
        h.append(now["o"] * np.tanh(c[-1]))
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the gates come back before their sigmoid
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [h_0], [c_0], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
        for k, v in zip("ifgo", (i, f, g, o), strict=True):
            gates[k].append(v)
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong lstm_forward: the initial states are not in front
def lstm_forward(params, x, h_0, c_0):
    h, c, gates = [], [], {k: [] for k in "ifgo"}
    for x_t in x:
        a = x_t @ params["W_x"] + h_0 @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        now = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        c_0 = now["f"] * c_0 + now["i"] * now["g"]
        h_0 = now["o"] * np.tanh(c_0)
        h.append(h_0)
        c.append(c_0)
        for k in gates:
            gates[k].append(now[k])
    return np.stack(h), np.stack(c), {k: np.stack(v) for k, v in gates.items()}


# %% wrong to_joined: the rows of x come first
# named: `params\['W_h'\]` and `params\['W_x'\]` have changed places
def to_joined(params):
    return {"W": np.vstack([params["W_x"], params["W_h"]]), "b": params["b"]}


# %% wrong to_joined: the transpose, as PyTorch has it
def to_joined(params):
    return {"W": np.hstack([params["W_h"].T, params["W_x"].T]), "b": params["b"]}


# %% wrong to_joined: the bias is lost
# named: b is zero
def to_joined(params):
    W = np.vstack([params["W_h"], params["W_x"]])
    return {"W": W, "b": np.zeros(W.shape[1])}


# %% wrong joined_forward: x stands before h
# named: `h\[-1\]` and `x_t` have changed places
def joined_forward(joined, x, h_0, c_0):
    h, c = [h_0], [c_0]
    for x_t in x:
        i, f, g, o = np.split(np.hstack([x_t, h[-1]]) @ joined["W"] + joined["b"], 4, axis=1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h), np.stack(c)


# %% wrong joined_forward: the bias is forgotten
# named: `joined\['b'\]` is lost
def joined_forward(joined, x, h_0, c_0):
    h, c = [h_0], [c_0]
    for x_t in x:
        i, f, g, o = np.split(np.hstack([h[-1], x_t]) @ joined["W"], 4, axis=1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h), np.stack(c)


# %% wrong joined_forward: the blocks are read in the source's order f, i, c, o
# named: `i` and `f` have changed places
def joined_forward(joined, x, h_0, c_0):
    h, c = [h_0], [c_0]
    for x_t in x:
        f, i, g, o = np.split(np.hstack([h[-1], x_t]) @ joined["W"] + joined["b"], 4, axis=1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h), np.stack(c)


# %% wrong joined_forward: every step reads the initial h
def joined_forward(joined, x, h_0, c_0):
    h, c = [h_0], [c_0]
    for x_t in x:
        i, f, g, o = np.split(np.hstack([h_0, x_t]) @ joined["W"] + joined["b"], 4, axis=1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h), np.stack(c)


# %% wrong joined_forward: h is made of the cell state before the step
def joined_forward(joined, x, h_0, c_0):
    h, c = [h_0], [c_0]
    for x_t in x:
        i, f, g, o = np.split(np.hstack([h[-1], x_t]) @ joined["W"] + joined["b"], 4, axis=1)
        h.append(sigmoid(o) * np.tanh(c[-1]))
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
    return np.stack(h), np.stack(c)


# %% wrong to_source: the names in the source's order, f before i
def to_source(params):
    W = np.split(np.vstack([params["W_h"], params["W_x"]]), 4, axis=1)
    b = np.split(params["b"].reshape(1, -1), 4, axis=1)
    d = {}
    for k, name in enumerate("fico"):
        d["W" + name], d["b" + name] = W[k], b[k]
    return d


# %% wrong to_source: the rows of x come first
def to_source(params):
    W = np.split(np.vstack([params["W_x"], params["W_h"]]), 4, axis=1)
    b = np.split(params["b"].reshape(1, -1), 4, axis=1)
    d = {}
    for k, name in enumerate("ifco"):
        d["W" + name], d["b" + name] = W[k], b[k]
    return d


# %% wrong to_source: the biases have one axis
# named: bf has the shape \(\d+,\), not \(1, \d+\)
def to_source(params):
    W = np.split(np.vstack([params["W_h"], params["W_x"]]), 4, axis=1)
    d = {}
    for k, (name, b) in enumerate(zip("ifco", np.split(params["b"], 4), strict=True)):
        d["W" + name], d["b" + name] = W[k], b
    return d


# %% wrong to_source: every fourth column, not blocks
def to_source(params):
    W, b = np.vstack([params["W_h"], params["W_x"]]), params["b"][None]
    d = {}
    for k, name in enumerate("ifco"):
        d["W" + name], d["b" + name] = W[:, k::4], b[:, k::4]
    return d


# %% wrong to_source: the candidate keeps our name g
# named: got no Wc, bc
def to_source(params):
    W = np.split(np.vstack([params["W_h"], params["W_x"]]), 4, axis=1)
    b = np.split(params["b"][None], 4, axis=1)
    d = {}
    for k, name in enumerate("ifgo"):
        d["W" + name], d["b" + name] = W[k], b[k]
    return d


# %% wrong from_source: the blocks stand in the order f, i, c, o
def from_source(d):
    W = np.hstack([d["W" + k] for k in "fico"])
    b = np.hstack([d["b" + k] for k in "fico"])[0]
    H = len(b) // 4
    return {"W_x": W[H:], "W_h": W[:H], "b": b}


# %% wrong from_source: the first rows are taken for those of x
def from_source(d):
    W = np.hstack([d["W" + k] for k in "ifco"])
    b = np.hstack([d["b" + k] for k in "ifco"])[0]
    D = len(W) - len(b) // 4
    return {"W_x": W[:D], "W_h": W[D:], "b": b}


# %% wrong from_source: the bias keeps its two axes
# named: b has the shape \(1, \d+\)
def from_source(d):
    W = np.hstack([d["W" + k] for k in "ifco"])
    b = np.hstack([d["b" + k] for k in "ifco"])
    H = b.shape[1] // 4
    return {"W_x": W[H:], "W_h": W[:H], "b": b}


# %% wrong from_pytorch: one of the two biases is dropped
# named: `bias_hh` is lost
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_x": weight_ih.T, "W_h": weight_hh.T, "b": bias_ih}


# %% wrong from_pytorch: the biases are averaged
# named: b is 0\.5 times the right one
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_x": weight_ih.T, "W_h": weight_hh.T, "b": (bias_ih + bias_hh) / 2}


# %% wrong from_pytorch: the input's weights are not transposed
# named: `weight_ih` is not transposed
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_x": weight_ih, "W_h": weight_hh.T, "b": bias_ih + bias_hh}


# %% wrong from_pytorch: reshaped, where it must be transposed
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    W_x, W_h = (W.reshape(-1, len(W)) for W in (weight_ih, weight_hh))
    return {"W_x": W_x, "W_h": W_h, "b": bias_ih + bias_hh}


# %% wrong from_pytorch: the two matrices are exchanged
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_x": weight_hh.T, "W_h": weight_ih.T, "b": bias_ih + bias_hh}


# %% wrong from_pytorch: the blocks are put into the source's order
def from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    arrays = weight_ih.T, weight_hh.T, bias_ih + bias_hh
    parts = [np.split(v, 4, axis=-1) for v in arrays]
    W_x, W_h, b = (np.concatenate([f, i, g, o], axis=-1) for i, f, g, o in parts)
    return {"W_x": W_x, "W_h": W_h, "b": b}
