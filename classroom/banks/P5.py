# ruff: noqa: F811, F821
"""Programs for P5: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    (T, N, D), H = x.shape, h_0.shape[1]
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx = np.zeros_like(x)
    from_h, from_c = dh_last.copy(), dc_last.copy()
    for t in range(T - 1, -1, -1):
        da = np.zeros((N, 4 * H))
        for n in range(N):
            for j in range(H):
                i, f, g, o = (gates[k][t, n, j] for k in "ifgo")
                s = np.tanh(c[t + 1, n, j])
                d = from_h[n, j] + dh[t, n, j]
                e = from_c[n, j] + d * o * (1 - s * s)
                da[n, j] = e * g * i * (1 - i)
                da[n, H + j] = e * c[t, n, j] * f * (1 - f)
                da[n, 2 * H + j] = e * i * (1 - g * g)
                da[n, 3 * H + j] = d * s * o * (1 - o)
                from_c[n, j] = e * f
        from_h = np.zeros((N, H))
        for n in range(N):
            for k in range(4 * H):
                grads["b"][k] += da[n, k]
                for m in range(D):
                    grads["W_x"][m, k] += x[t, n, m] * da[n, k]
                    dx[t, n, m] += params["W_x"][m, k] * da[n, k]
                for m in range(H):
                    grads["W_h"][m, k] += h[t, n, m] * da[n, k]
                    from_h[n, m] += params["W_h"][m, k] * da[n, k]
    return {**grads, "x": dx, "h_0": from_h, "c_0": from_c}


# %% right: with einsum, the products after the loop
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    i, f, g, o = (gates[k] for k in "ifgo")
    s = np.tanh(c[1:])
    slopes = np.stack([g * i * (1 - i), c[:-1] * f * (1 - f), i * (1 - g**2)])
    W_h = params["W_h"].reshape(h_0.shape[1], 4, -1)
    da = np.empty((len(x), 4, *h_0.shape))
    for t in range(len(x))[::-1]:
        dh_last = dh_last + dh[t]
        dc_last = dc_last + dh_last * o[t] * (1 - s[t] ** 2)
        da[t, :3] = dc_last * slopes[:, t]
        da[t, 3] = dh_last * s[t] * o[t] * (1 - o[t])
        dh_last = np.einsum("knj,hkj->nh", da[t], W_h)
        dc_last = dc_last * f[t]
    da = np.moveaxis(da, 1, 2).reshape(*x.shape[:2], -1)
    return {
        "W_x": np.einsum("tnd,tnk->dk", x, da),
        "W_h": np.einsum("tnh,tnk->hk", h[:-1], da),
        "b": np.einsum("tnk->k", da),
        "x": np.einsum("tnk,dk->tnd", da, params["W_x"]),
        "h_0": dh_last,
        "c_0": dc_last,
    }


# %% right: a class with its own forward pass
class LSTM:
    def __init__(self, params):
        self.W_x, self.W_h, self.b = params["W_x"], params["W_h"], params["b"]

    def forward(self, x, h, c):
        self.saved = []
        for x_t in x:
            a = x_t @ self.W_x + h @ self.W_h + self.b
            i, f, g, o = np.split(a, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            self.saved.append((x_t, h, c, i, f, g, o))
            c = f * c + i * g
            h = o * np.tanh(c)

    def backward(self, dh, dh_next, dc_next):
        self.dW_x, self.dW_h = 0 * self.W_x, 0 * self.W_h
        self.db, dx = 0 * self.b, []
        for dh_t in dh[::-1]:
            x, h, c, i, f, g, o = self.saved.pop()
            s = np.tanh(f * c + i * g)
            dh_t = dh_t + dh_next
            dc = dc_next + dh_t * o * (1 - s**2)
            parts = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2)
            da = np.hstack([*parts, dh_t * s * o * (1 - o)])
            self.dW_x += x.T @ da
            self.dW_h += h.T @ da
            self.db += np.ones(len(da)) @ da
            dx.insert(0, da @ self.W_x.T)
            dh_next, dc_next = da @ self.W_h.T, dc * f
        return np.array(dx), dh_next, dc_next


def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    net = LSTM(params)
    net.forward(x, h_0, c_0)
    dx, dh_0, dc_0 = net.backward(dh, dh_last, dc_last)
    grads = {"W_x": net.dW_x, "W_h": net.dW_h, "b": net.db}
    return {**grads, "x": dx, "h_0": dh_0, "c_0": dc_0}


# %% right: in place, and it overwrites what it was given
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    dW_x, dW_h = np.zeros(params["W_x"].shape), np.zeros(params["W_h"].shape)
    db, H = np.zeros(params["b"].shape), h_0.shape[1]
    for t in reversed(range(len(x))):
        da = np.empty((len(h_0), 4 * H))
        i, f, g, o = (gates[k][t] for k in "ifgo")
        dh_last += dh[t]
        s = np.tanh(c[t + 1])
        dc_last += dh_last * o * (1 - s**2)
        da[:, :H] = dc_last * g
        da[:, :H] *= i * (1 - i)
        da[:, H : 2 * H] = dc_last * c[t]
        da[:, H : 2 * H] *= f * (1 - f)
        da[:, 2 * H : 3 * H] = dc_last * i
        da[:, 2 * H : 3 * H] *= 1 - g**2
        da[:, 3 * H :] = dh_last * s
        da[:, 3 * H :] *= o * (1 - o)
        dW_x += x[t].T @ da
        dW_h += h[t].T @ da
        db += da.sum(0)
        x[t] = da @ params["W_x"].T
        dh_last[:] = da @ params["W_h"].T
        dc_last *= f
    return {"b": db, "W_h": dW_h, "W_x": dW_x, "c_0": dc_last, "h_0": dh_last, "x": x}


# %% right: float32 inside
double = lstm_backward


def lstm_backward(params, *rest):
    single = {k: v.astype(np.float32) for k, v in params.items()}
    return double(single, *(v.astype(np.float32) for v in rest))


# %% right: German names
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    zustand, zelle, tore = lstm_forward(params, x, h_0, c_0)
    summe = dict.fromkeys(("W_x", "W_h", "b"), 0.0)
    eingabe = []
    von_h, von_c = dh_last, dc_last
    for schritt in range(len(x) - 1, -1, -1):
        ein, vergiss, neu, aus = (tore[k][schritt] for k in "ifgo")
        gequetscht = np.tanh(zelle[schritt + 1])
        fehler = dh[schritt] + von_h
        zellfehler = fehler * aus / np.cosh(zelle[schritt + 1]) ** 2 + von_c
        spalten = [
            zellfehler * neu * ein * (1 - ein),
            zellfehler * zelle[schritt] * vergiss * (1 - vergiss),
            zellfehler * ein * (1 - neu) * (1 + neu),
            fehler * gequetscht * aus * (1 - aus),
        ]
        fehler = np.concatenate(spalten, axis=1)
        summe["W_x"] = summe["W_x"] + np.dot(x[schritt].T, fehler)
        summe["W_h"] = summe["W_h"] + np.dot(zustand[schritt].T, fehler)
        summe["b"] = summe["b"] + np.sum(fehler, axis=0)
        eingabe.append(np.dot(fehler, params["W_x"].T))
        von_h, von_c = np.dot(fehler, params["W_h"].T), zellfehler * vergiss
    return {**summe, "x": np.stack(eingabe[::-1]), "h_0": von_h, "c_0": von_c}


# %% right: by recursion, the last step first
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    if len(x) == 0:
        nothing = {k: np.zeros_like(v) for k, v in params.items()}
        return {**nothing, "x": np.zeros_like(x), "h_0": dh_last, "c_0": dc_last}
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    i, f, g, o = (gates[k][-1] for k in "ifgo")
    s, dh_t = np.tanh(c[-1]), dh_last + dh[-1]
    dc = dc_last + dh_t * o * (1 - s**2)
    slopes = [dc * g * i * (1 - i), dc * c[-2] * f * (1 - f), dc * i * (1 - g**2)]
    da = np.hstack([*slopes, dh_t * s * o * (1 - o)])
    rest = lstm_backward(params, x[:-1], h_0, c_0, dh[:-1], da @ params["W_h"].T, dc * f)
    rest["W_x"] = rest["W_x"] + x[-1].T @ da
    rest["W_h"] = rest["W_h"] + h[-2].T @ da
    rest["b"] = rest["b"] + da.sum(axis=0)
    rest["x"] = np.concatenate([rest["x"], da[None] @ params["W_x"].T])
    return rest


# %% right: concatenated, as the source article writes it
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    H = h_0.shape[1]
    W = np.vstack([params["W_h"], params["W_x"]])
    dW, db, dx = np.zeros_like(W), 0, []
    dh_next, dc_next = dh_last, dc_last
    for t in reversed(range(len(x))):
        i, f, g, o = (gates[k][t] for k in "ifgo")
        dh_t = dh[t] + dh_next
        do = dh_t * np.tanh(c[t + 1]) * o * (1 - o)
        dc = dc_next + dh_t * o * (1 - np.tanh(c[t + 1]) ** 2)
        df, di, dg = dc * c[t] * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2)
        da = np.hstack([di, df, dg, do])
        z = np.hstack([h[t], x[t]])
        dW += z.T @ da
        db = db + da.sum(axis=0)
        dz = da @ W.T
        dh_next, dc_next = dz[:, :H], f * dc
        dx.insert(0, dz[:, H:])
    grads = {"W_x": dW[H:], "W_h": dW[:H], "b": db}
    return grads | {"x": np.array(dx), "h_0": dh_next, "c_0": dc_next}


# %% right: a tuple, a helper for the step, matrices gate by gate
def one_step_back(parts, gates, c_prev, c, dh, dc):
    i, f, g, o = gates
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)]
    da.append(dh * np.tanh(c) * o * (1 - o))
    return da, dc * f, sum(d @ W.T for d, W in zip(da, parts, strict=True))


def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    W_x, W_h = (np.split(params[k], 4, axis=1) for k in ("W_x", "W_h"))
    dW_x, dW_h = ([np.zeros_like(part) for part in parts] for parts in (W_x, W_h))
    db, dx = [np.zeros(h_0.shape[1]) for _ in range(4)], np.zeros_like(x)
    for t in reversed(range(len(x))):
        at = [gates[k][t] for k in "ifgo"]
        da, dc_last, dh_last = one_step_back(W_h, at, c[t], c[t + 1], dh_last + dh[t], dc_last)
        for k in range(4):
            dW_x[k] += x[t].T @ da[k]
            dW_h[k] += h[t].T @ da[k]
            db[k] += da[k].sum(axis=0)
            dx[t] += da[k] @ W_x[k].T
    return np.hstack(dW_x), np.hstack(dW_h), np.hstack(db), dx, dh_last, dc_last


# %% right: one sequence of the batch after the other
together = lstm_backward


def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    each = [
        together(params, x[:, n], h_0[n], c_0[n], dh[:, n], dh_last[n], dc_last[n])
        for n in np.arange(x.shape[1])[:, None]
    ]
    summed = {k: np.sum([grads[k] for grads in each], axis=0) for k in params}
    axes = {"x": 1, "h_0": 0, "c_0": 0}
    return summed | {k: np.concatenate([g[k] for g in each], axis=a) for k, a in axes.items()}


# %% right: lstm_backward without frills, which the wrong ones below change
def lstm_backward(params, x, h_0, c_0, dh, dh_last, dc_last):
    h, c, gates = lstm_forward(params, x, h_0, c_0)
    dW_x, dW_h = np.zeros_like(params["W_x"]), np.zeros_like(params["W_h"])
    db, dx = np.zeros_like(params["b"]), np.zeros_like(x)
    dh_t, dc_t = dh_last, dc_last
    for t in reversed(range(len(x))):
        i, f, g, o = (gates[k][t] for k in "ifgo")
        s = np.tanh(c[t + 1])
        dh_t = dh_t + dh[t]
        dc_t = dc_t + dh_t * o * (1 - s**2)
        da_i = dc_t * g * i * (1 - i)
        da_f = dc_t * c[t] * f * (1 - f)
        da_g = dc_t * i * (1 - g**2)
        da_o = dh_t * s * o * (1 - o)
        da = np.hstack([da_i, da_f, da_g, da_o])
        dW_x += x[t].T @ da
        dW_h += h[t].T @ da
        db += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_t, dc_t = da @ params["W_h"].T, dc_t * f
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "x": dx, "h_0": dh_t, "c_0": dc_t}


# %% wrong lstm_backward: the gradient that comes from c of the step after is overwritten
# named: from c_
# -         dc_t = dc_t + dh_t * o * (1 - s**2)
# +         dc_t = dh_t * o * (1 - s**2)


# %% wrong lstm_backward: the gradient that comes from h of the step after is overwritten
# named: `dh_t` is lost from
# -         dh_t = dh_t + dh[t]
# +         dh_t = dh[t]


# %% wrong lstm_backward: the loss reaches the last state only
# -         dh_t = dh_t + dh[t]
# +         dh_t = dh_t + dh[t] * (t == len(x) - 1)


# %% wrong lstm_backward: nothing from beyond the last state
# named: from beyond the sequence is not used
# -     dh_t, dc_t = dh_last, dc_last
# +     dh_t, dc_t = 0 * dh_last, 0 * dc_last


# %% wrong lstm_backward: the slope of tanh is taken at c, not at its tanh
# -         dc_t = dc_t + dh_t * o * (1 - s**2)
# +         dc_t = dc_t + dh_t * o * (1 - c[t + 1] ** 2)


# %% wrong lstm_backward: no slope of tanh in front of the cell
# named: `1 - tanh_c \*\* 2` is lost
# -         dc_t = dc_t + dh_t * o * (1 - s**2)
# +         dc_t = dc_t + dh_t * o


# %% wrong lstm_backward: the candidate gets a sigmoid's slope
# named: `1 - g \*\* 2` is the slope of a sigmoid
# -         da_g = dc_t * i * (1 - g**2)
# +         da_g = dc_t * i * g * (1 - g)


# %% wrong lstm_backward: the forget gate reads the new cell state
# named: `c\[t\]` is read as `c\[t \+ 1\]`
# -         da_f = dc_t * c[t] * f * (1 - f)
# +         da_f = dc_t * c[t + 1] * f * (1 - f)


# %% wrong lstm_backward: the slope of the forget gate is lost
# named: `f \* \(1 - f\)` is lost
# -         da_f = dc_t * c[t] * f * (1 - f)
# +         da_f = dc_t * c[t]


# %% wrong lstm_backward: the input gate's slope is i, not i (1 - i)
# named: `1 - i` is lost
# -         da_i = dc_t * g * i * (1 - i)
# +         da_i = dc_t * g * i


# %% wrong lstm_backward: the blocks stand in the order i, f, o, g
# named: `da_g` and `da_o` have changed places
# -         da = np.hstack([da_i, da_f, da_g, da_o])
# +         da = np.hstack([da_i, da_f, da_o, da_g])


# %% wrong lstm_backward: the recurrent weights see the new state
# named: dW_h pairs da_t with h_t
# -         dW_h += h[t].T @ da
# +         dW_h += h[t + 1].T @ da


# %% wrong lstm_backward: the bias is averaged over the batch
# named: db is a mean
# -         db += da.sum(axis=0)
# +         db += da.mean(axis=0)


# %% wrong lstm_backward: the weights of the last step only
# named: overwrites; it must add
# -         dW_h += h[t].T @ da
# +         dW_h = h[t].T @ da


# %% wrong lstm_backward: the cell carries no forget gate
# named: `f` is lost from `dc_t \* f`
# -         dh_t, dc_t = da @ params["W_h"].T, dc_t * f
# +         dh_t, dc_t = da @ params["W_h"].T, dc_t


# %% wrong lstm_backward: the output gate's gradient comes from the cell's
# -         da_o = dh_t * s * o * (1 - o)
# +         da_o = dc_t * s * o * (1 - o)
