# ruff: noqa: F811, F821
"""Programs for P2: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def rnn_forward(params, x, h_0):
    (T, N, D), H = x.shape, h_0.shape[1]
    h = np.zeros((T + 1, N, H))
    h[0] = h_0
    for t in range(T):
        for n in range(N):
            for j in range(H):
                a = params["b"][j]
                for d in range(D):
                    a += x[t, n, d] * params["W_x"][d, j]
                for i in range(H):
                    a += h[t, n, i] * params["W_h"][i, j]
                h[t + 1, n, j] = np.tanh(a)
    return h


def readout_loss(output, h, y, w):
    W, b = output["W_hy"], output["b_y"]
    (T, N), (H, K) = y.shape, W.shape
    L, total = 0.0, 0.0
    dW, db, dh = np.zeros((H, K)), np.zeros(K), np.zeros((T, N, H))
    for t in range(T):
        for n in range(N):
            total += w[t, n]
    for t in range(T):
        for n in range(N):
            p = softmax(h[t + 1, n] @ W + b)
            L -= w[t, n] * np.log(p[y[t, n]]) / total
            for k in range(K):
                du = w[t, n] / total * (p[k] - (k == y[t, n]))
                db[k] += du
                for j in range(H):
                    dW[j, k] += h[t + 1, n, j] * du
                    dh[t, n, j] += W[j, k] * du
    return L, {"W_hy": dW, "b_y": db}, dh


def rnn_backward(params, x, h, dh, dh_last):
    (T, N, D), H = x.shape, h.shape[2]
    grads = {k: np.zeros(v.shape) for k, v in params.items()}
    grads["x"], arriving = np.zeros(x.shape), dh_last
    for t in range(T - 1, -1, -1):
        before = np.zeros((N, H))
        for n in range(N):
            for j in range(H):
                da = (dh[t, n, j] + arriving[n, j]) * (1 - h[t + 1, n, j] ** 2)
                grads["b"][j] += da
                for d in range(D):
                    grads["W_x"][d, j] += x[t, n, d] * da
                    grads["x"][t, n, d] += params["W_x"][d, j] * da
                for i in range(H):
                    grads["W_h"][i, j] += h[t, n, i] * da
                    before[n, i] += params["W_h"][i, j] * da
        arriving = before
    grads["h_0"] = arriving
    return grads


def largest_error(backward, params, x, h_0, dh, dh_last):
    h = rnn_forward(params, x, h_0)
    grads = backward(params, x, h, dh, dh_last)
    worst = 0.0
    for name in ("W_x", "W_h", "b", "x", "h_0"):
        at = {"W_x": params["W_x"], "W_h": params["W_h"], "b": params["b"], "x": x, "h_0": h_0}

        def loss(v, name=name, at=at):
            now = {**at, name: v}
            states = rnn_forward(now, now["x"], now["h_0"])
            return np.sum(dh * states[1:]) + np.sum(dh_last * states[-1])

        error = relative_error(grads[name], central(loss, at[name]))
        if error > worst:
            worst = error
    return worst


# %% right: with einsum, the products of all steps at once
def rnn_forward(params, x, h_0):
    moved = np.einsum("tnd,dh->tnh", x, params["W_x"]) + params["b"]
    h = np.empty((len(x) + 1, *h_0.shape))
    h[0] = h_0
    for t, a in enumerate(moved):
        h[t + 1] = np.tanh(a + np.einsum("ni,ij->nj", h[t], params["W_h"]))
    return h


def readout_loss(output, h, y, w):
    u = np.einsum("tnh,hk->tnk", h[1:], output["W_hy"]) + output["b_y"]
    log_p = u - np.logaddexp.reduce(u, axis=2, keepdims=True)
    target = y[:, :, None] == np.arange(u.shape[2])
    share = w / np.sum(w)
    L = -np.einsum("tn,tnk,tnk->", share, target, log_p)
    du = np.einsum("tn,tnk->tnk", share, np.exp(log_p) - target)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": np.einsum("tnk->k", du)}
    return L, grads, np.einsum("tnk,hk->tnh", du, output["W_hy"])


def rnn_backward(params, x, h, dh, dh_last):
    da = np.empty_like(dh)
    for t in range(len(x))[::-1]:
        da[t] = (dh[t] + dh_last) * (1 - h[t + 1] ** 2)
        dh_last = np.einsum("nj,ij->ni", da[t], params["W_h"])
    return {
        "W_x": np.einsum("tnd,tnh->dh", x, da),
        "W_h": np.einsum("tni,tnj->ij", h[:-1], da),
        "b": np.einsum("tnh->h", da),
        "x": np.einsum("tnh,dh->tnd", da, params["W_x"]),
        "h_0": dh_last,
    }


def largest_error(backward, params, x, h_0, dh, dh_last):
    weights = dh.copy()
    weights[-1] += dh_last

    def loss(W_x, W_h, b, x, h_0):
        h = rnn_forward({"W_x": W_x, "W_h": W_h, "b": b}, x, h_0)
        return np.einsum("tnh,tnh->", weights, h[1:])

    at = {**params, "x": x, "h_0": h_0}
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    return np.max(
        [
            relative_error(grads[k], central(lambda v, k=k: loss(**{**at, k: v}), at[k]))
            for k in ("W_x", "W_h", "b", "x", "h_0")
        ]
    )


# %% right: a class that remembers its run
class Network:
    def __init__(self, params):
        self.W_x, self.W_h, self.b = params["W_x"], params["W_h"], params["b"]
        self.dW_x = np.zeros_like(self.W_x)
        self.dW_h = np.zeros_like(self.W_h)
        self.db = np.zeros_like(self.b)

    def step(self, x, h):
        return np.tanh(np.dot(x, self.W_x) + np.dot(h, self.W_h) + self.b)

    def run(self, x, h_0):
        self.h = [h_0]
        for x_t in x:
            self.h.append(self.step(x_t, self.h[-1]))
        return np.array(self.h)

    def step_back(self, x, h_before, h, dh):
        da = dh * (1 - h * h)
        self.dW_x += np.dot(x.T, da)
        self.dW_h += np.dot(h_before.T, da)
        self.db += da.sum(0)
        return np.dot(da, self.W_x.T), np.dot(da, self.W_h.T)


class Readout:
    def __init__(self, output):
        self.W, self.b = output["W_hy"], output["b_y"]

    def loss(self, h, y, w):
        self.h, self.y, self.share = h, y, w / w.sum()
        self.p = softmax(h @ self.W + self.b)
        mine = np.take_along_axis(self.p, y[..., None], axis=-1)[..., 0]
        return -np.sum(self.share * np.log(mine))

    def backward(self):
        du = self.p.copy()
        t, n = np.indices(self.y.shape)
        du[t, n, self.y] -= 1
        du *= self.share[..., None]
        dW = np.tensordot(self.h, du, axes=([0, 1], [0, 1]))
        return {"W_hy": dW, "b_y": du.sum((0, 1))}, du @ self.W.T


def rnn_forward(params, x, h_0):
    return Network(params).run(x, h_0)


def readout_loss(output, h, y, w):
    readout = Readout(output)
    L = readout.loss(h[1:], y, w)
    grads, dh = readout.backward()
    return L, grads, dh


def rnn_backward(params, x, h, dh, dh_last):
    net, dx, carried = Network(params), [], dh_last
    for t in range(len(x), 0, -1):
        dx_t, carried = net.step_back(x[t - 1], h[t - 1], h[t], carried + dh[t - 1])
        dx.append(dx_t)
    dx = np.array(dx[::-1])
    return {"W_x": net.dW_x, "W_h": net.dW_h, "b": net.db, "x": dx, "h_0": carried}


class Tester:
    def __init__(self, params, x, h_0, dh, dh_last):
        self.at = {k: v.copy() for k, v in {**params, "x": x, "h_0": h_0}.items()}
        self.dh, self.dh_last = dh, dh_last

    def loss(self):
        h = rnn_forward(self.at, self.at["x"], self.at["h_0"])
        return (self.dh * h[1:]).sum() + (self.dh_last * h[-1]).sum()

    def numeric(self, name, eps=1e-5):
        v = self.at[name]
        dv = np.empty(v.shape)
        for k in np.ndindex(v.shape):
            old, values = v[k], []
            for sign in (1, -1):
                v[k] = old + sign * eps
                values.append(self.loss())
            v[k] = old
            dv[k] = (values[0] - values[1]) / (2 * eps)
        return dv


def largest_error(backward, params, x, h_0, dh, dh_last):
    tester = Tester(params, x, h_0, dh, dh_last)
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    return max(relative_error(grads[name], tester.numeric(name)) for name in tester.at)


# %% right: in place, on copies of its own
def rnn_forward(params, x, h_0):
    h = np.concatenate([h_0[None], np.zeros((len(x), *h_0.shape))])
    for t in range(1, len(x) + 1):
        np.matmul(x[t - 1], params["W_x"], out=h[t])
        h[t] += h[t - 1] @ params["W_h"]
        h[t] += params["b"]
        np.tanh(h[t], out=h[t])
    return h


def readout_loss(output, h, y, w):
    T, N = y.shape
    w = w / w.sum()
    states = h[1:].reshape(T * N, -1)
    u = states @ output["W_hy"]
    u += output["b_y"]
    u -= u.max(axis=1)[:, None]
    rows, y = np.arange(T * N), y.ravel()
    L = w.ravel() @ (np.log(np.exp(u).sum(axis=1)) - u[rows, y])
    np.exp(u, out=u)
    u /= u.sum(axis=1)[:, None]
    u[rows, y] -= 1
    u *= w.reshape(-1, 1)
    return L, {"W_hy": states.T @ u, "b_y": u.sum(axis=0)}, (u @ output["W_hy"].T).reshape(T, N, -1)


def rnn_backward(params, x, h, dh, dh_last):
    dh = dh.copy()
    dh[-1] += dh_last
    for t in range(len(x), 0, -1):
        dh[t - 1] *= 1 - h[t] ** 2
        if t > 1:
            dh[t - 2] += dh[t - 1] @ params["W_h"].T
    da = dh.reshape(-1, dh.shape[2])
    return {
        "W_x": x.reshape(-1, x.shape[2]).T @ da,
        "W_h": h[:-1].reshape(-1, h.shape[2]).T @ da,
        "b": da.sum(axis=0),
        "x": dh @ params["W_x"].T,
        "h_0": dh[0] @ params["W_h"].T,
    }


# %% right: float32 inside
def readout_loss(output, h, y, w):
    W, b = (output[k].astype(np.float32) for k in ("W_hy", "b_y"))
    h, w = h[1:].astype(np.float32), w.astype(np.float32)
    p = softmax(h @ W + b)
    one_hot = np.eye(len(b), dtype=np.float32)[y]
    L = -(w * np.log((p * one_hot).sum(axis=-1))).sum() / w.sum()
    du = (p - one_hot) * (w / w.sum())[..., None]
    dW = sum(h_t.T @ du_t for h_t, du_t in zip(h, du, strict=True))
    return L, {"W_hy": dW, "b_y": du.sum(axis=(0, 1))}, du @ W.T


def rnn_backward(params, x, h, dh, dh_last):
    W_x, W_h = params["W_x"].astype("f4"), params["W_h"].astype("f4")
    x, h, dh, carried = (v.astype("f4") for v in (x, h, dh, dh_last))
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h), "f4")
    dx = []
    for x_t, before, now, dh_t in zip(x[::-1], h[-2::-1], h[:0:-1], dh[::-1], strict=True):
        da = (carried + dh_t) * (1 - now) * (1 + now)
        dW_x += x_t.T @ da
        dW_h += before.T @ da
        db += da.sum(axis=0)
        dx.insert(0, da @ W_x.T)
        carried = da @ W_h.T
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "x": np.stack(dx), "h_0": carried}


# %% right: German names, by recursion
def rnn_forward(params, x, h_0):
    def zustaende(eingaben, zustand):
        if len(eingaben) == 0:
            return [zustand]
        netz = eingaben[0] @ params["W_x"] + zustand @ params["W_h"] + params["b"]
        return [zustand, *zustaende(eingaben[1:], np.tanh(netz))]

    return np.stack(zustaende(x, h_0))


def readout_loss(output, h, y, w):
    anteile = w / w.sum()
    verlust, gewichte, schwelle, senden = 0, 0, 0, []
    for zustand, ziel, anteil in zip(h[1:], y, anteile, strict=True):
        wahrscheinlich = softmax(zustand @ output["W_hy"] + output["b_y"])
        zeilen = np.arange(len(ziel))
        verlust = verlust - anteil @ np.log(wahrscheinlich[zeilen, ziel])
        fehler = wahrscheinlich * anteil[:, None]
        fehler[zeilen, ziel] -= anteil
        gewichte = gewichte + zustand.T @ fehler
        schwelle = schwelle + fehler.sum(axis=0)
        senden.append(fehler @ output["W_hy"].T)
    return verlust, {"W_hy": gewichte, "b_y": schwelle}, senden


def rnn_backward(params, x, h, dh, dh_last):
    def rueckwaerts(t):
        """Was bei h_t ankommt, und die Summen der Schritte danach."""
        if t == len(x):
            return dh_last, {k: np.zeros_like(v) for k, v in params.items()}, []
        ankunft, summen, dx = rueckwaerts(t + 1)
        fehler = (dh[t] + ankunft) * (1 - h[t + 1] ** 2)
        summen["W_x"] += x[t].T @ fehler
        summen["W_h"] += h[t].T @ fehler
        summen["b"] += fehler.sum(axis=0)
        return fehler @ params["W_h"].T, summen, [fehler @ params["W_x"].T, *dx]

    ankunft, summen, dx = rueckwaerts(0)
    return dict(summen, x=np.stack(dx), h_0=ankunft)


def largest_error(backward, params, x, h_0, dh, dh_last):
    def verlust(stelle):
        h = rnn_forward(stelle, stelle["x"], stelle["h_0"])
        return np.vdot(dh, h[1:]) + np.vdot(dh_last, h[-1])

    def groesster(namen):
        if not namen:
            return 0.0
        name, *rest = namen
        numerisch = central(lambda v: verlust(stelle | {name: v}), stelle[name])
        return max(relative_error(analytisch[name], numerisch), groesster(rest))

    stelle = params | {"x": x, "h_0": h_0}
    analytisch = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    return groesster(list(stelle))


# %% right: functional, with accumulate and reduce; tuples come back
def rnn_forward(params, x, h_0):
    from itertools import accumulate

    def step(h, x_t):
        return np.tanh(x_t @ params["W_x"] + h @ params["W_h"] + params["b"])

    return np.array(list(accumulate(x, step, initial=h_0)))


def readout_loss(output, h, y, w):
    from functools import reduce

    def one(total, step):
        h_t, y_t, w_t = step
        u = h_t @ output["W_hy"] + output["b_y"]
        p = softmax(u)
        hot = np.eye(len(output["b_y"]))[y_t]
        du = w_t[:, None] / w.sum() * (p - hot)
        L = -(w_t / w.sum()) @ np.log((p * hot).sum(1))
        new = L, h_t.T @ du, du.sum(0), [du @ output["W_hy"].T]
        return tuple(a + b for a, b in zip(total, new, strict=True))

    steps = zip(h[1:], y, w, strict=True)
    L, dW, db, dh = reduce(one, steps, (0.0, 0.0, 0.0, []))
    return L, (dW, db), np.array(dh)


def rnn_backward(params, x, h, dh, dh_last):
    from functools import reduce

    def back(so_far, t):
        carried, das = so_far
        da = (carried + dh[t]) * (1 - h[t + 1] ** 2)
        return da @ params["W_h"].T, [da, *das]

    dh_0, das = reduce(back, reversed(range(len(x))), (dh_last, []))
    dW_x = sum(map(lambda a, b: a.T @ b, x, das))
    dW_h = sum(map(lambda a, b: a.T @ b, h[:-1], das))
    return dW_x, dW_h, sum(das).sum(0), np.array([da @ params["W_x"].T for da in das]), dh_0


# %% right: one matrix on [x, h, 1]
def whole(params):
    return np.vstack([params["W_x"], params["W_h"], params["b"]])


def row(x_t, h_t):
    return np.hstack([x_t, h_t, np.ones((len(x_t), 1))])


def rnn_forward(params, x, h_0):
    W, h = whole(params), [h_0]
    for x_t in x:
        h += [np.tanh(row(x_t, h[-1]) @ W)]
    return np.stack(h, axis=0)


def readout_loss(output, h, y, w):
    W = np.vstack([output["W_hy"], output["b_y"]])
    z = np.concatenate([h[1:], np.ones((*y.shape, 1))], axis=-1)
    p, share = softmax(z @ W), w / w.sum()
    du = p * share[..., None]
    np.add.at(du, (*np.indices(y.shape), y), -share)
    mine = p.reshape(y.size, -1)[range(y.size), y.ravel()]
    L = -share.ravel() @ np.log(mine)
    dW = np.tensordot(z, du, 2 * [[0, 1]])
    return L, {"W_hy": dW[:-1], "b_y": dW[-1]}, (du @ W.T)[..., :-1]


def rnn_backward(params, x, h, dh, dh_last):
    W, D = whole(params), x.shape[2]
    dW, dx = np.zeros(W.shape), np.zeros(x.shape)
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + dh_last) / np.cosh(np.arctanh(h[t + 1])) ** 2
        dW += row(x[t], h[t]).T @ da
        dz = da @ W.T
        dx[t], dh_last = dz[:, :D], dz[:, D:-1]
    return {"W_x": dW[:D], "W_h": dW[D:-1], "b": dW[-1], "x": dx, "h_0": dh_last}


# %% right: the Jacobians of all steps, multiplied
def rnn_backward(params, x, h, dh, dh_last):
    T, N, H = dh.shape
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    grads |= {"x": np.zeros_like(x), "h_0": np.zeros((N, H))}
    for n in range(N):
        J = [np.diag(1 - h[t, n] ** 2) @ params["W_h"].T for t in range(1, T + 1)]
        for t in range(T + 1):  # what all later losses send to h_t
            product, total = np.eye(H), np.zeros(H)
            for s in range(t, T + 1):
                if s > t:
                    product = J[s - 1] @ product
                sent = (s > 0) * dh[s - 1, n] + (s == T) * dh_last[n]
                total += sent @ product
            if t == 0:
                grads["h_0"][n] = total
                continue
            da = total * (1 - h[t, n] ** 2)
            grads["W_x"] += np.outer(x[t - 1, n], da)
            grads["W_h"] += np.outer(h[t - 1, n], da)
            grads["b"] += da
            grads["x"][t - 1, n] = params["W_x"] @ da
    return grads


def largest_error(backward, params, x, h_0, dh, dh_last):
    h = rnn_forward(params, x, h_0)
    grads = backward(params, x, h, dh, dh_last)
    names = ["W_x", "W_h", "b", "x", "h_0"]
    arrays = [*(params[k] for k in names[:3]), x, h_0]
    theta = np.concatenate([v.ravel() for v in arrays])
    cuts = np.cumsum([v.size for v in arrays])[:-1]

    def loss(theta):
        parts = np.split(theta, cuts)
        at = {k: p.reshape(v.shape) for k, p, v in zip(names, parts, arrays, strict=True)}
        h = rnn_forward(at, at["x"], at["h_0"])
        return (dh * h[1:]).sum() + (dh_last * h[-1]).sum()

    numeric = np.split(central(loss, theta), cuts)
    return max(relative_error(grads[k].ravel(), v) for k, v in zip(names, numeric, strict=True))


# %% right: the gradient carried forwards, Chinese names
def rnn_forward(params, x, h_0):
    zhuangtai = [h_0]
    for shuru in x:
        xin = np.tanh(shuru @ params["W_x"] + zhuangtai[-1] @ params["W_h"] + params["b"])
        zhuangtai.append(xin)
    return zhuangtai


def readout_loss(output, h, y, w):
    quanzhong, pianzhi = output["W_hy"], output["b_y"]
    zong = w.sum()
    gailv = softmax(h[1:] @ quanzhong + pianzhi)
    biaoqian = np.zeros(gailv.shape)
    for t, n in np.ndindex(y.shape):
        biaoqian[t, n, y[t, n]] = 1
    sunshi = (w * -np.log(gailv[biaoqian == 1].reshape(y.shape))).sum() / zong
    tidu = (gailv - biaoqian) * w[:, :, np.newaxis] / zong
    d_quan = np.zeros(quanzhong.shape)
    for t in range(len(y)):
        d_quan += h[t + 1].T @ tidu[t]
    return sunshi, dict(W_hy=d_quan, b_y=tidu.sum(axis=0).sum(axis=0)), tidu @ quanzhong.T


def rnn_backward(params, x, h, dh, dh_last):
    """Each h_t's derivative by everything is kept; nothing goes back through time."""
    (T, N, D), H = x.shape, h.shape[2]
    tidu = {"W_x": np.zeros((D, H)), "W_h": np.zeros((H, H)), "b": np.zeros(H)}
    tidu |= {"x": np.zeros(x.shape), "h_0": np.zeros((N, H))}
    for n in range(N):
        yingxiang = {k: np.zeros((H, *v.shape)) for k, v in tidu.items() if k in params}
        yingxiang |= {"x": np.zeros((H, T, D)), "h_0": np.eye(H)}
        for t in range(T):
            for k, v in yingxiang.items():
                yingxiang[k] = np.tensordot(params["W_h"].T, v, axes=1)
            for j in range(H):
                yingxiang["W_x"][j, :, j] += x[t, n]
                yingxiang["W_h"][j, :, j] += h[t, n]
                yingxiang["b"][j, j] += 1
                yingxiang["x"][j, t] += params["W_x"][:, j]
            fasong = dh[t, n] + (dh_last[n] if t == T - 1 else 0)
            for k, v in yingxiang.items():
                yingxiang[k] = ((1 - h[t + 1, n] ** 2) * v.T).T
                bufen = np.tensordot(fasong, yingxiang[k], axes=1)
                if k == "x":
                    tidu[k][:, n] += bufen
                elif k == "h_0":
                    tidu[k][n] += bufen
                else:
                    tidu[k] += bufen
    return tidu


# %% right: arguments by name, and the complex step for the numbers
def rnn_backward(params, x, h, dh, dh_last):
    grads = dict.fromkeys(params, 0)
    dx = np.empty_like(x)
    for t in range(len(x), 0, -1):
        da = (1 - np.square(h[t])) * np.add(dh[t - 1], dh_last)
        step = {"W_x": x[t - 1].T @ da, "W_h": h[t - 1].T @ da, "b": np.ones(len(da)) @ da}
        grads = {k: grads[k] + step[k] for k in grads}
        dx[t - 1], dh_last = da @ params["W_x"].T, da @ params["W_h"].T
    return grads | dict(x=dx, h_0=dh_last)


def largest_error(backward, params, x, h_0, dh, dh_last):
    at = {**params, "x": x, "h_0": h_0}

    def loss(now):
        h = rnn_forward(params=now, x=now["x"], h_0=now["h_0"])
        return (dh * h[1:]).sum() + (dh_last * h[-1]).sum()

    h = rnn_forward(params=params, x=x, h_0=h_0)
    grads = backward(params=params, x=x, h=h, dh=dh, dh_last=dh_last)
    errors = {}
    for name, v in at.items():
        numeric = np.empty_like(v)
        for k in np.ndindex(*v.shape):
            moved = v + 0j
            moved[k] += 1e-20j
            numeric[k] = loss({**at, name: moved}).imag / 1e-20
        errors[name] = relative_error(grads[name], numeric)
    return sorted(errors.values())[-1]


# %% wrong rnn_forward: the bias is forgotten
# named: `params\['b'\]` is lost
def rnn_forward(params, x, h_0):
    h = [h_0]
    for x_t in x:
        h.append(np.tanh(x_t @ params["W_x"] + h[-1] @ params["W_h"]))
    return np.stack(h)


# %% wrong rnn_forward: the recurrent matrix is transposed
# named: rnn_forward: .*`params\['W_h'\]` is transposed
def rnn_forward(params, x, h_0):
    h = [h_0]
    for x_t in x:
        a = np.dot(x_t, params["W_x"]) + np.dot(params["W_h"], h[-1].T).T + params["b"]
        h.append(np.tanh(a))
    return np.array(h)


# %% wrong rnn_forward: no tanh
# named: `np\.tanh\(a_t\)` is only `a_t`
def rnn_forward(params, x, h_0):
    h = np.zeros((len(x) + 1, *h_0.shape))
    h[0] = h_0
    for t in range(len(x)):
        h[t + 1] = x[t] @ params["W_x"] + h[t] @ params["W_h"] + params["b"]
    return h


# %% wrong rnn_forward: every step starts from the initial state
def rnn_forward(params, x, h_0):
    h = [h_0]
    for x_t in x:
        h.append(np.tanh(x_t @ params["W_x"] + h_0 @ params["W_h"] + params["b"]))
    return np.stack(h)


# %% wrong rnn_forward: the initial state is not in front
def rnn_forward(params, x, h_0):
    h = []
    for x_t in x:
        h_0 = np.tanh(x_t @ params["W_x"] + h_0 @ params["W_h"] + params["b"])
        h.append(h_0)
    return np.stack(h)


# %% wrong rnn_forward: it starts at zero, whatever it is given
def rnn_forward(params, x, h_0):
    T, N, _ = x.shape
    h = np.zeros((T + 1, N, len(params["b"])))
    for t in range(1, T + 1):
        h[t] = np.tanh(x[t - 1] @ params["W_x"] + h[t - 1] @ params["W_h"] + params["b"])
    return h


# %% wrong rnn_forward: the initial state is overwritten by the later ones
def rnn_forward(params, x, h_0):
    h, h_t = [h_0], h_0
    for x_t in x:
        h_t[:] = np.tanh(x_t @ params["W_x"] + h_t @ params["W_h"] + params["b"])
        h.append(h_t)
    return np.stack(h)


# %% wrong readout_loss: the weights are not divided by their sum
# named: `w\.sum\(\)` is lost
def readout_loss(output, h, y, w):
    p = softmax(h[1:] @ output["W_hy"] + output["b_y"])
    hot = np.eye(p.shape[-1])[y]
    L = -(w * np.log((p * hot).sum(axis=-1))).sum()
    du = w[..., None] * (p - hot)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: divided by the number of targets, not by the sum of the weights
def readout_loss(output, h, y, w):
    p = softmax(h[1:] @ output["W_hy"] + output["b_y"])
    hot = np.eye(p.shape[-1])[y]
    L = -np.mean(w * np.log((p * hot).sum(axis=-1)))
    du = w[..., None] * (p - hot) / w.size
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: the gradient knows nothing of the weights
# named: `share\[\.\.\., None\]` is lost
def readout_loss(output, h, y, w):
    p = softmax(h[1:] @ output["W_hy"] + output["b_y"])
    hot = np.eye(p.shape[-1])[y]
    L = -(w * np.log((p * hot).sum(axis=-1))).sum() / w.sum()
    du = p - hot
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: the target is not subtracted
# named: `target` is lost
def readout_loss(output, h, y, w):
    p = softmax(h[1:] @ output["W_hy"] + output["b_y"])
    T, N = y.shape
    mine = p[np.arange(T)[:, None], np.arange(N), y]
    share = w / w.sum()
    du = p * share[..., None]
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum(axis=(0, 1))}
    return -(share * np.log(mine)).sum(), grads, du @ output["W_hy"].T


# %% wrong readout_loss: it reads the state before the step
def readout_loss(output, h, y, w):
    h = h[:-1]
    p = softmax(h @ output["W_hy"] + output["b_y"])
    hot, share = np.eye(p.shape[-1])[y], w / w.sum()
    L = -(share * np.log((p * hot).sum(axis=-1))).sum()
    du = share[..., None] * (p - hot)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h, du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: one number for the bias
# named: is `du\.sum\(\)`
def readout_loss(output, h, y, w):
    p = softmax(h[1:] @ output["W_hy"] + output["b_y"])
    hot, share = np.eye(p.shape[-1])[y], w / w.sum()
    L = -(share * np.log((p * hot).sum(axis=-1))).sum()
    du = share[..., None] * (p - hot)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum()}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: the softmax goes over the sequences
def readout_loss(output, h, y, w):
    u = h[1:] @ output["W_hy"] + output["b_y"]
    e = np.exp(u - u.max())
    p = e / e.sum(axis=1, keepdims=True)
    hot, share = np.eye(p.shape[-1])[y], w / w.sum()
    L = -(share * np.log((p * hot).sum(axis=-1))).sum()
    du = share[..., None] * (p - hot)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h[1:], du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T


# %% wrong readout_loss: the slope of the tanh is in dh already
def readout_loss(output, h, y, w):
    h = h[1:]
    p = softmax(h @ output["W_hy"] + output["b_y"])
    hot, share = np.eye(p.shape[-1])[y], w / w.sum()
    L = -(share * np.log((p * hot).sum(axis=-1))).sum()
    du = share[..., None] * (p - hot)
    grads = {"W_hy": np.einsum("tnh,tnk->hk", h, du), "b_y": du.sum(axis=(0, 1))}
    return L, grads, du @ output["W_hy"].T * (1 - h**2)


# %% wrong rnn_backward: what arrives from beyond is not used
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, carried = np.zeros_like(x), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        da = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        carried = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": carried}


# %% wrong rnn_backward: the step after sends nothing
# named: nothing is sent from step t
def rnn_backward(params, x, h, dh, dh_last):
    dh = dh.copy()
    dh[-1] += dh_last
    da = dh * (1 - h[1:] ** 2)
    return {
        "W_x": np.einsum("tnd,tnh->dh", x, da),
        "W_h": np.einsum("tni,tnj->ij", h[:-1], da),
        "b": da.sum(axis=(0, 1)),
        "x": da @ params["W_x"].T,
        "h_0": np.zeros_like(h[0]),
    }


# %% wrong rnn_backward: the loss of a step overwrites what the step after sends
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, dh_t = np.zeros_like(x), dh_last
    for t in reversed(range(len(x))):
        dh_t = dh[t] if t < len(x) - 1 else dh[t] + dh_t
        da = dh_t * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_t = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_t}


# %% wrong rnn_backward: the losses of the earlier steps are forgotten
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, dh_t = np.zeros_like(x), dh[-1] + dh_last
    for t in reversed(range(len(x))):
        da = dh_t * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_t = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_t}


# %% wrong rnn_backward: the slope is taken at the state before
# named: tanh' is taken from h_
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, carried = np.zeros_like(x), dh_last
    for t in reversed(range(len(x))):
        da = (dh[t] + carried) * (1 - h[t] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        carried = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": carried}


# %% wrong rnn_backward: no slope of the tanh
# named: `1 - h\[t\] \*\* 2` is lost
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, carried = np.zeros_like(x), dh_last
    for t in reversed(range(len(x))):
        da = dh[t] + carried
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        carried = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": carried}


# %% wrong rnn_backward: the tanh is taken twice in its slope
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, carried = np.zeros_like(x), dh_last
    for t in reversed(range(len(x))):
        da = (dh[t] + carried) * (1 - np.tanh(h[t + 1]) ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        carried = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": carried}


# %% wrong rnn_backward: the bias sums dh, not da
# named: db sums dh
def rnn_backward(params, x, h, dh, dh_last):
    dW_x, dW_h = np.zeros_like(params["W_x"]), np.zeros_like(params["W_h"])
    db, dx = np.zeros_like(params["b"]), np.zeros_like(x)
    for t in reversed(range(len(x))):
        dh_t = dh[t] + dh_last
        da = dh_t * (1 - h[t + 1] ** 2)
        dW_x += x[t].T @ da
        dW_h += h[t].T @ da
        db += dh_t.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_last = da @ params["W_h"].T
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "x": dx, "h_0": dh_last}


# %% wrong rnn_backward: the gradient of the parameters is that of one step
# named: that of one step
def rnn_backward(params, x, h, dh, dh_last):
    grads, dx = {}, np.zeros_like(x)
    for t in reversed(range(len(x))):
        da = (dh[t] + dh_last) * (1 - h[t + 1] ** 2)
        grads["W_x"] = x[t].T @ da
        grads["W_h"] = h[t].T @ da
        grads["b"] = da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_last = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_last}


# %% wrong rnn_backward: the recurrent weights see the state after the step
# named: `h\[t - 1\]` is read as `h\[t\]`
def rnn_backward(params, x, h, dh, dh_last):
    da, carried = np.zeros_like(dh), dh_last
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        carried = da[t] @ params["W_h"].T
    return {
        "W_x": np.einsum("tnd,tnh->dh", x, da),
        "W_h": np.einsum("tni,tnj->ij", h[1:], da),
        "b": da.sum(axis=(0, 1)),
        "x": da @ params["W_x"].T,
        "h_0": carried,
    }


# %% wrong rnn_backward: back through the matrix without its transpose
# named: `params\['W_h'\]\.T` is transposed
def rnn_backward(params, x, h, dh, dh_last):
    da, carried = np.zeros_like(dh), dh_last
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        carried = da[t] @ params["W_h"]
    return {
        "W_x": np.einsum("tnd,tnh->dh", x, da),
        "W_h": np.einsum("tni,tnj->ij", h[:-1], da),
        "b": da.sum(axis=(0, 1)),
        "x": da @ params["W_x"].T,
        "h_0": carried,
    }


# %% wrong rnn_backward: averaged over the sequences
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, N = np.zeros_like(x), x.shape[1]
    for t in reversed(range(len(x))):
        da = (dh[t] + dh_last) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da / N
        grads["W_h"] += h[t].T @ da / N
        grads["b"] += da.mean(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_last = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_last}


# %% wrong rnn_backward: the gradients are added onto the parameters
# named: `np\.zeros_like\(v\)` is only `v`
def rnn_backward(params, x, h, dh, dh_last):
    grads, dx = dict(params), np.zeros_like(x)
    for t in reversed(range(len(x))):
        da = (dh[t] + dh_last) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_last = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_last}


# %% wrong rnn_backward: the gradient of the first state stands for that of the initial one
def rnn_backward(params, x, h, dh, dh_last):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx, carried = np.zeros_like(x), dh_last
    for t in reversed(range(len(x))):
        dh_t = dh[t] + carried
        da = dh_t * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        carried = da @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_t}


# %% wrong largest_error: the loss leaves out what arrives from beyond
def largest_error(backward, params, x, h_0, dh, dh_last):
    at = {**params, "x": x, "h_0": h_0}
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    errors = []
    for name, v in at.items():

        def loss(v, name=name):
            now = {**at, name: v}
            return (dh * rnn_forward(now, now["x"], now["h_0"])[1:]).sum()

        errors.append(relative_error(grads[name], central(loss, v)))
    return max(errors)


# %% wrong largest_error: the loss knows the last state only
def largest_error(backward, params, x, h_0, dh, dh_last):
    at = {**params, "x": x, "h_0": h_0}
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    errors = []
    for name, v in at.items():

        def loss(v, name=name):
            now = {**at, name: v}
            return (dh_last * rnn_forward(now, now["x"], now["h_0"])[-1]).sum()

        errors.append(relative_error(grads[name], central(loss, v)))
    return max(errors)


# %% wrong largest_error: each loss is paired with the state before its step
def largest_error(backward, params, x, h_0, dh, dh_last):
    at = {**params, "x": x, "h_0": h_0}
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    errors = []
    for name, v in at.items():

        def loss(v, name=name):
            now = {**at, name: v}
            h = rnn_forward(now, now["x"], now["h_0"])
            return (dh * h[:-1]).sum() + (dh_last * h[-1]).sum()

        errors.append(relative_error(grads[name], central(loss, v)))
    return max(errors)


# %% wrong largest_error: all errors, not the largest
def largest_error(backward, params, x, h_0, dh, dh_last):
    at = {**params, "x": x, "h_0": h_0}
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    errors = {}
    for name, v in at.items():

        def loss(v, name=name):
            now = {**at, name: v}
            h = rnn_forward(now, now["x"], now["h_0"])
            return (dh * h[1:]).sum() + (dh_last * h[-1]).sum()

        errors[name] = relative_error(grads[name], central(loss, v))
    return errors


# %% wrong largest_error: only the gradient by x is compared
# named: whose W_x is half as large again
def largest_error(backward, params, x, h_0, dh, dh_last):
    def loss(v):
        h = rnn_forward(params, v, h_0)
        return (dh * h[1:]).sum() + (dh_last * h[-1]).sum()

    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    return relative_error(grads["x"], central(loss, x))


# %% wrong largest_error: the gradients by x and by the initial state are not compared
# named: whose x is half as large again
def largest_error(backward, params, x, h_0, dh, dh_last):
    grads = backward(params, x, rnn_forward(params, x, h_0), dh, dh_last)
    errors = []
    for name, v in params.items():

        def loss(v, name=name):
            h = rnn_forward({**params, name: v}, x, h_0)
            return (dh * h[1:]).sum() + (dh_last * h[-1]).sum()

        errors.append(relative_error(grads[name], central(loss, v)))
    return max(errors)
