# ruff: noqa: F811, F821
"""Programs for P3: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def spectral_radius(W):
    largest = 0.0
    for value in np.linalg.eigvals(W):
        largest = max(largest, (value.real**2 + value.imag**2) ** 0.5)
    return largest


def scale_to_radius(W, rho):
    radius, scaled = spectral_radius(W), np.zeros(W.shape)
    for a in range(len(W)):
        for b in range(len(W)):
            scaled[a, b] = rho * W[a, b] / radius
    return scaled


def jacobian(W_h, h):
    J = np.zeros(W_h.shape)
    for a in range(len(h)):
        for b in range(len(h)):
            J[a, b] = W_h[a, b] * (1 - h[b] * h[b])
    return J


def decay(params, x, h_0, dh_last):
    W, h = params["W_h"], rnn_forward(params, x, h_0)
    (N, H), T = h_0.shape, len(x)
    norms = np.zeros((T + 1, N))
    for n in range(N):
        dh = list(dh_last[n])
        norms[0, n] = sum(v * v for v in dh) ** 0.5
        for t in range(T, 0, -1):
            da = [dh[j] * (1 - h[t, n, j] ** 2) for j in range(H)]
            dh = [sum(W[k, j] * da[j] for j in range(H)) for k in range(H)]
            norms[T - t + 1, n] = sum(v * v for v in dh) ** 0.5
    return norms


def clip_by_norm(grads, theta):
    total = 0.0
    for g in grads.values():
        for v in g.flat:
            total += v * v
    norm = total**0.5
    clipped = {}
    for name, g in grads.items():
        clipped[name] = np.zeros(g.shape)
        for k in np.ndindex(g.shape):
            clipped[name][k] = g[k] * theta / norm if norm > theta else g[k]
    return clipped, norm


def clip_by_value(grads, theta):
    clipped = {}
    for name, g in grads.items():
        clipped[name] = np.zeros(g.shape)
        for k in np.ndindex(g.shape):
            clipped[name][k] = max(-theta, min(theta, g[k]))
    return clipped


def pieces_backward(params, x, h, dh, K):
    T, N, D = x.shape
    H = h.shape[2]
    dW_x, dW_h, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    for n in range(N):
        carried = [0.0] * H
        for t in reversed(range(T)):
            da = [(dh[t, n, j] + carried[j]) * (1 - h[t + 1, n, j] ** 2) for j in range(H)]
            carried = [0.0] * H
            for j in range(H):
                db[j] += da[j]
                for d in range(D):
                    dW_x[d, j] += x[t, n, d] * da[j]
                for k in range(H):
                    dW_h[k, j] += h[t, n, k] * da[j]
                    if t % K > 0:
                        carried[k] += params["W_h"][k, j] * da[j]
    return {"W_x": dW_x, "W_h": dW_h, "b": db}


# %% right: with einsum, the products after the loop
def spectral_radius(W):
    values, _ = np.linalg.eig(W)
    return np.sqrt(np.einsum("k,k->k", values, values.conj()).real.max())


def scale_to_radius(W, rho):
    return np.einsum("ab,->ab", W, rho / spectral_radius(W))


def jacobian(W_h, h):
    return np.einsum("ab,b->ab", W_h, 1 - h * h)


def decay(params, x, h_0, dh_last):
    h = rnn_forward(params, x, h_0)
    J = np.einsum("ab,tnb->tnab", params["W_h"], 1 - h[1:] ** 2)
    dh = np.empty_like(h)
    dh[0] = dh_last
    for k, J_t in enumerate(J[::-1]):
        dh[k + 1] = np.einsum("nb,nab->na", dh[k], J_t)
    return np.sqrt(np.einsum("tnh,tnh->tn", dh, dh))


def clip_by_norm(grads, theta):
    flat = [g.ravel() for g in grads.values()]
    norm = np.sqrt(sum(np.einsum("k,k->", g, g) for g in flat))
    share = theta / norm if norm > theta else 1.0
    return {name: np.einsum(",...->...", share, g) for name, g in grads.items()}, norm


def clip_by_value(grads, theta):
    return {name: np.median([g, g * 0 - theta, g * 0 + theta], axis=0) for name, g in grads.items()}


def pieces_backward(params, x, h, dh, K):
    keep = (np.arange(len(x)) % K != 0).astype(float)
    da, arriving = np.empty_like(dh), 0
    for t in range(len(x))[::-1]:
        da[t] = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        arriving = keep[t] * np.einsum("nj,kj->nk", da[t], params["W_h"])
    return {
        "W_x": np.einsum("tnd,tnh->dh", x, da),
        "W_h": np.einsum("tnk,tnh->kh", h[:-1], da),
        "b": np.einsum("tnh->h", da),
    }


# %% right: a class for the network, another one for the gradient
class Network:
    def __init__(self, params):
        self.W_x, self.W_h, self.b = params["W_x"], params["W_h"], params["b"]
        self.grads = {name: np.zeros(v.shape) for name, v in params.items()}

    def forward(self, x, h):
        self.h = [h]
        for x_t in x:
            self.h.append(np.tanh(x_t @ self.W_x + self.h[-1] @ self.W_h + self.b))

    def step_back(self, h, dh):
        self.da = dh * (1 - h**2)
        return self.da @ self.W_h.T

    def learn(self, x, h_prev):
        self.grads["W_x"] += x.T @ self.da
        self.grads["W_h"] += h_prev.T @ self.da
        self.grads["b"] += self.da.sum(axis=0)


class Gradient:
    def __init__(self, arrays):
        self.arrays = arrays

    def norm(self):
        return np.linalg.norm(np.concatenate([g.ravel() for g in self.arrays.values()]))

    def map(self, function):
        return {name: function(g) for name, g in self.arrays.items()}


def spectral_radius(W):
    return max(abs(np.linalg.eigvals(W)))


def scale_to_radius(W, rho):
    return rho * W / spectral_radius(W)


def jacobian(W_h, h):
    return W_h @ np.diag(1 - h**2)


def decay(params, x, h_0, dh_last):
    net = Network(params)
    net.forward(x, h_0)
    dh, norms = dh_last, [np.linalg.norm(dh_last, axis=-1)]
    while len(net.h) > 1:
        dh = net.step_back(net.h.pop(), dh)
        norms.append(np.linalg.norm(dh, axis=-1))
    return np.array(norms)


def clip_by_norm(grads, theta):
    gradient = Gradient(grads)
    norm = gradient.norm()
    factor = theta / max(norm, theta)
    return gradient.map(lambda g: g * factor), norm


def clip_by_value(grads, theta):
    return Gradient(grads).map(lambda g: np.maximum(np.minimum(g, theta), -theta))


def pieces_backward(params, x, h, dh, K):
    net, arriving = Network(params), 0
    for t in range(len(x) - 1, -1, -1):
        arriving = net.step_back(h[t + 1], dh[t] + arriving)
        net.learn(x[t], h[t])
        if t % K == 0:
            arriving = 0
    return net.grads


# %% right: in place, and a slice for each piece
def spectral_radius(W):
    moduli = np.abs(np.linalg.eigvals(W))
    moduli.sort()
    return moduli[-1]


def scale_to_radius(W, rho):
    scaled = W.copy()
    scaled /= spectral_radius(W)
    scaled *= rho
    return scaled


def jacobian(W_h, h):
    J = W_h.copy()
    J -= W_h * h**2
    return J


def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last.copy()
    norms = np.empty((len(h), len(h_0)))
    for k in range(len(x)):
        norms[k] = np.sqrt((dh**2).sum(axis=1))
        dh *= 1 - h[-1 - k] ** 2
        dh[:] = np.dot(dh, params["W_h"].T)
    norms[-1] = np.sqrt((dh**2).sum(axis=1))
    return norms


def clip_by_norm(grads, theta):
    clipped = {name: g.copy() for name, g in grads.items()}
    norm = 0.0
    for g in clipped.values():
        norm = np.hypot(norm, np.linalg.norm(g))
    if norm > theta:
        for g in clipped.values():
            g *= theta / norm
    return clipped, norm


def clip_by_value(grads, theta):
    clipped = {name: g.copy() for name, g in grads.items()}
    for g in clipped.values():
        g[g > theta] = theta
        g[g < -theta] = -theta
    return clipped


def pieces_backward(params, x, h, dh, K):
    dW_x, dW_h = np.zeros_like(params["W_x"]), np.zeros_like(params["W_h"])
    db = np.zeros_like(params["b"])
    for start in range(0, len(x), K):
        piece = slice(start, start + K)
        da = dh[piece].copy()
        slopes = 1 - h[1:][piece] ** 2
        for t in range(len(da))[::-1]:
            if t + 1 < len(da):
                da[t] += da[t + 1] @ params["W_h"].T
            da[t] *= slopes[t]
        for x_t, h_t, da_t in zip(x[piece], h[piece], da, strict=False):
            dW_x += x_t.T @ da_t
            dW_h += h_t.T @ da_t
            db += da_t.sum(axis=0)
    return {"b": db, "W_h": dW_h, "W_x": dW_x}


# %% right: float32 inside
def spectral_radius(W):
    return np.abs(np.linalg.eigvals(W.astype(np.float32))).max()


def scale_to_radius(W, rho):
    return W.astype(np.float32) * np.float32(rho / spectral_radius(W))


def jacobian(W_h, h):
    return W_h.astype(np.float32) * (1 - h.astype(np.float32) ** 2)


def decay(params, x, h_0, dh_last):
    params = {name: v.astype(np.float32) for name, v in params.items()}
    h = rnn_forward(params, x.astype(np.float32), h_0.astype(np.float32))
    dh = dh_last.astype(np.float32)
    norms = [np.linalg.norm(dh, axis=1)]
    for t in range(len(x), 0, -1):
        dh = (dh * (1 - h[t] ** 2)) @ params["W_h"].T
        norms.append(np.linalg.norm(dh, axis=1))
    return np.stack(norms)


def clip_by_norm(grads, theta):
    single = {name: g.astype(np.float32) for name, g in grads.items()}
    norm = np.sqrt(sum(np.sum(g * g) for g in single.values()))
    if norm > theta:
        single = {name: g * np.float32(theta / norm) for name, g in single.items()}
    return single, norm


def clip_by_value(grads, theta):
    theta = np.float32(theta)
    return {name: g.astype(np.float32).clip(-theta, theta) for name, g in grads.items()}


def pieces_backward(params, x, h, dh, K):
    x, h, dh, W = (v.astype(np.float32) for v in (x, h, dh, params["W_h"]))
    grads = {name: np.zeros(v.shape, np.float32) for name, v in params.items()}
    arriving = np.zeros_like(h[0])
    for t in range(len(x), 0, -1):
        da = (dh[t - 1] + arriving) * (1 - h[t] ** 2)
        grads["W_x"] += x[t - 1].T @ da
        grads["W_h"] += h[t - 1].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = da @ W.T * np.float32((t - 1) % K != 0)
    return grads


# %% right: German names
def spectral_radius(W):
    eigenwerte = np.linalg.eigvals(W)
    betraege = np.hypot(eigenwerte.real, eigenwerte.imag)
    return float(np.max(betraege))


def scale_to_radius(W, rho):
    faktor = rho / spectral_radius(W)
    return faktor * W


def jacobian(W_h, h):
    ableitung = (1 + h) * (1 - h)
    return W_h * ableitung[None, :]


def decay(params, x, h_0, dh_last):
    zustaende = rnn_forward(params, x, h_0)
    fehler, laengen = dh_last, []
    for schritt in range(len(x), -1, -1):
        laengen.append(np.sqrt(np.sum(fehler**2, axis=1)))
        innen = fehler * (1 - zustaende[schritt] ** 2)
        fehler = np.dot(innen, np.transpose(params["W_h"]))
    return np.array(laengen)


def clip_by_norm(grads, theta):
    quadrate = [np.sum(np.square(g)) for g in grads.values()]
    laenge = np.sqrt(np.sum(quadrate))
    zu_lang = laenge > theta
    gekuerzt = {}
    for name in grads:
        gekuerzt[name] = theta * (grads[name] / laenge) if zu_lang else +grads[name]
    return gekuerzt, laenge


def clip_by_value(grads, theta):
    gekuerzt = {}
    for name, g in grads.items():
        gekuerzt[name] = np.sign(g) * np.minimum(np.abs(g), theta)
    return gekuerzt


def pieces_backward(params, x, h, dh, K):
    summe = {name: 0 * feld for name, feld in params.items()}
    schritte = len(x)
    von_rechts = np.zeros(h[0].shape)
    for schritt in range(schritte, 0, -1):
        am_ende_eines_stuecks = schritt % K == 0
        if am_ende_eines_stuecks:
            von_rechts = np.zeros(h[0].shape)
        fehler = (von_rechts + dh[schritt - 1]) * (1 - h[schritt] ** 2)
        summe["W_x"] = summe["W_x"] + np.dot(x[schritt - 1].T, fehler)
        summe["W_h"] = summe["W_h"] + np.dot(h[schritt - 1].T, fehler)
        summe["b"] = summe["b"] + np.sum(fehler, axis=0)
        von_rechts = np.dot(fehler, params["W_h"].T)
    return summe


# %% right: functional, with reduce and accumulate, tuples returned
def spectral_radius(W):
    from functools import reduce

    return reduce(max, map(abs, np.linalg.eigvals(W)))


def scale_to_radius(W, rho):
    return np.multiply(W, np.divide(rho, spectral_radius(W)))


def jacobian(W_h, h):
    return np.array(list(map(lambda row: np.multiply(row, 1 - h**2), W_h)))


def decay(params, x, h_0, dh_last):
    from itertools import accumulate

    def back(dh, h):
        return (dh - dh * h**2) @ params["W_h"].T

    h = rnn_forward(params, x, h_0)
    dhs = accumulate(h[:0:-1], back, initial=dh_last)
    return [np.linalg.norm(dh, axis=1) for dh in dhs]


def clip_by_norm(grads, theta):
    from functools import reduce

    norm = reduce(np.hypot, np.concatenate([g.ravel() for g in grads.values()]), 0.0)
    factor = min(1.0, theta / norm) if norm else 1.0
    return tuple(factor * g for g in grads.values()), norm


def clip_by_value(grads, theta):
    return tuple(map(lambda g: np.clip(g, a_min=-theta, a_max=theta), grads.values()))


def pieces_backward(params, x, h, dh, K):
    from functools import reduce

    def back(sums, t):
        *sums, arriving = sums
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        parts = x[t].T @ da, h[t].T @ da, da.sum(axis=0)
        sums = [s + part for s, part in zip(sums, parts, strict=True)]
        return (*sums, da @ params["W_h"].T if t % K else 0)

    return reduce(back, range(len(x))[::-1], (0, 0, 0, 0))[:3]


# %% right: by recursion; the radius by squaring the matrix again and again
def spectral_radius(W, doublings=40):
    size = np.linalg.norm(W)
    if doublings == 0 or size == 0:
        return size
    return size * spectral_radius(W / size @ (W / size), doublings - 1) ** 0.5


def scale_to_radius(W, rho):
    return W / spectral_radius(W / rho)


def jacobian(W_h, h):
    return np.transpose((1 - h**2)[:, None] * W_h.T)


def decay(params, x, h_0, dh_last):
    here = np.linalg.norm(dh_last, axis=1)[None]
    if len(x) == 0:
        return here
    h_last = rnn_forward(params, x, h_0)[-1]
    dh = (dh_last * (1 - h_last**2)) @ params["W_h"].T
    return np.vstack([here, decay(params, x[:-1], h_0, dh)])


def clip_by_norm(grads, theta):
    def square(v):
        return sum(square(part) for part in v) if np.ndim(v) else v**2

    norm = np.sqrt(square(grads[min(grads)]) + sum(square(grads[k]) for k in sorted(grads)[1:]))
    if norm <= theta:
        return dict(grads), norm
    return {k: np.divide(g, norm / theta) for k, g in grads.items()}, norm


def clip_by_value(grads, theta):
    def clip(v):
        return [clip(part) for part in v] if np.ndim(v) else sorted([-theta, v, theta])[1]

    return {k: np.array(clip(g)) for k, g in grads.items()}


def pieces_backward(params, x, h, dh, K):
    if len(x) > K:
        one = pieces_backward(params, x[:K], h[: K + 1], dh[:K], K)
        two = pieces_backward(params, x[K:], h[K:], dh[K:], K)
        return {k: one[k] + two[k] for k in params}
    da = dh[-1] * (1 - h[-1] ** 2)
    last = {"W_x": x[-1].T @ da, "W_h": h[-2].T @ da, "b": da.sum(axis=0)}
    if len(x) == 1:
        return last
    dh = np.concatenate([dh[:-2], [dh[-2] + da @ params["W_h"].T]])
    rest = pieces_backward(params, x[:-1], h[:-1], dh, K)
    return {k: last[k] + rest[k] for k in params}


# %% right: with Jacobians for each sequence, a loop over losses and np.add.at
def spectral_radius(W):
    return np.abs(np.roots(np.poly(W))).max()


def scale_to_radius(W, rho):
    values, vectors = np.linalg.eig(W)
    values = values * rho / np.abs(values).max()
    return (vectors * values @ np.linalg.inv(vectors)).real


def jacobian(W_h, h):
    columns = [column * (1 - value**2) for column, value in zip(W_h.T, h, strict=True)]
    return np.column_stack(columns)


def decay(params, x, h_0, dh_last):
    h = rnn_forward(params, x, h_0)
    norms = []
    for n, dh in enumerate(dh_last):
        product = np.eye(len(dh))
        column = [np.linalg.norm(dh)]
        for t in range(len(x), 0, -1):
            product = jacobian(params["W_h"], h[t, n]) @ product
            column.append(np.linalg.norm(product @ dh))
        norms.append(column)
    return np.array(norms).T


def clip_by_norm(grads, theta):
    flat = np.hstack([g.ravel() for g in grads.values()])
    norm = np.sqrt(flat @ flat)
    flat = flat / np.maximum(1, norm / theta)
    ends = np.cumsum([g.size for g in grads.values()])[:-1]
    parts = zip(grads.items(), np.split(flat, ends), strict=True)
    return {name: part.reshape(g.shape) for (name, g), part in parts}, norm


def clip_by_value(grads, theta):
    return {
        name: np.where(np.abs(g) <= theta, g, np.copysign(theta, g)) for name, g in grads.items()
    }


def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    for loss in range(len(x)):
        begin = loss - loss % K
        arriving = dh[loss]
        for t in range(loss, begin - 1, -1):
            da = arriving * (1 - h[t + 1] ** 2)
            grads["W_x"] += np.tensordot(x[t], da, axes=(0, 0))
            grads["W_h"] += np.tensordot(h[t], da, axes=(0, 0))
            np.add.at(grads["b"], np.indices(da.shape)[1], da)
            arriving = np.matmul(da, params["W_h"].T)
    return grads


# %% right: list comprehensions, and names in pinyin
def spectral_radius(W):
    return np.max([np.absolute(zhi) for zhi in np.linalg.eigvals(W.T)])


def scale_to_radius(W, rho):
    banjing = spectral_radius(W)
    return np.array([[shu * rho / banjing for shu in hang] for hang in W])


def jacobian(W_h, h):
    return np.array([[w * (1 - zhi**2) for w, zhi in zip(hang, h, strict=True)] for hang in W_h])


def decay(params, x, h_0, dh_last):
    zhuangtai = rnn_forward(params, x, h_0)
    tidu = [dh_last]
    for shijian in range(len(x)):
        xielv = 1 - zhuangtai[len(x) - shijian] ** 2
        tidu.append(np.inner(tidu[-1] * xielv, params["W_h"]))
    return np.array([[np.sqrt(hang @ hang) for hang in yibu] for yibu in tidu])


def clip_by_norm(grads, theta):
    changdu = np.sqrt(sum(np.vdot(g, g) for g in grads.values()))
    xishu = 1 if changdu <= theta else theta / changdu
    return {ming: xishu * shuzu for ming, shuzu in grads.items()}, changdu


def clip_by_value(grads, theta):
    return {ming: g.clip(max=theta).clip(min=-theta) for ming, g in grads.items()}


def pieces_backward(params, x, h, dh, K):
    bushu = len(x)
    da, chuan = [None] * bushu, np.zeros_like(h[0])
    for bu in sorted(range(bushu), reverse=True):
        da[bu] = (dh[bu] + chuan) * (1 - h[bu + 1] ** 2)
        chuan = np.inner(da[bu], params["W_h"]) if bu % K else np.zeros_like(h[0])
    return {
        "W_x": sum(x[bu].T @ da[bu] for bu in range(bushu)),
        "W_h": sum(h[bu].T @ da[bu] for bu in range(bushu)),
        "b": sum(da).sum(axis=0),
    }


# %% right: the clipped gradients in the order of their names, b before W
def clip_by_norm(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    factor = theta / norm if norm > theta else 1.0
    return {name: factor * grads[name] for name in sorted(grads, key=str.lower)}, norm


# %% wrong spectral_radius: the largest entry
# named: `np\.linalg\.eigvals\(W\)` is only `W`
def spectral_radius(W):
    return np.abs(W).max()


# %% wrong spectral_radius: the largest singular value
def spectral_radius(W):
    return np.linalg.norm(W, 2)


# %% wrong spectral_radius: takes the matrix for a symmetric one
def spectral_radius(W):
    return np.abs(np.linalg.eigvalsh(W)).max()


# %% wrong spectral_radius: all moduli, not the largest
# named: result has the shape \(5,\), not \(\)
def spectral_radius(W):
    return np.abs(np.linalg.eigvals(W))


# %% wrong spectral_radius: the smallest modulus
def spectral_radius(W):
    return min(np.abs(np.linalg.eigvals(W)))


# %% wrong scale_to_radius: multiplied by rho, whatever the radius was
# named: `spectral_radius\(W\)` is lost from
def scale_to_radius(W, rho):
    return W * rho


# %% wrong scale_to_radius: always scaled to one
def scale_to_radius(W, rho):
    return W / spectral_radius(W)


# %% wrong scale_to_radius: the fraction is upside down
def scale_to_radius(W, rho):
    return W * spectral_radius(W) / rho


# %% wrong scale_to_radius: scales to a spectral norm
def scale_to_radius(W, rho):
    return W * rho / np.linalg.svd(W)[1][0]


# %% wrong jacobian: the transpose
# named: is the transpose of the right one
def jacobian(W_h, h):
    return (1 - h**2)[:, None] * W_h.T


# %% wrong jacobian: the slopes multiply the rows
def jacobian(W_h, h):
    return (1 - h**2)[:, None] * W_h


# %% wrong jacobian: without the square
# named: `2` is lost from `h \*\* 2`
def jacobian(W_h, h):
    return W_h * (1 - h)


# %% wrong jacobian: no slope of the tanh
# named: `1 - h \*\* 2` is lost
def jacobian(W_h, h):
    return W_h.copy()


# %% wrong jacobian: another tanh of what is a tanh already
def jacobian(W_h, h):
    return W_h * (1 - np.tanh(h) ** 2)


# %% wrong jacobian: the slope of a sigmoid
# named: is the slope of a sigmoid
def jacobian(W_h, h):
    return W_h * h * (1 - h)


# %% wrong decay: the matrix is not transposed
# named: `params\['W_h'\]\S* is (not )?transposed
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh, axis=1)]
    for t in range(len(x), 0, -1):
        dh = (dh * (1 - h[t] ** 2)) @ params["W_h"]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms)


# %% wrong decay: no slope of the tanh
# named: `1 - h_t \*\* 2` is lost
def decay(params, x, h_0, dh_last):
    dh, norms = dh_last, [np.linalg.norm(dh_last, axis=1)]
    for _ in x:
        dh = dh @ params["W_h"].T
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms)


# %% wrong decay: the slope is taken at the state before
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh, axis=1)]
    for t in range(len(x) - 1, -1, -1):
        dh = (dh * (1 - h[t] ** 2)) @ params["W_h"].T
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms)


# %% wrong decay: the slope multiplies after the matrix
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh, axis=1)]
    for t in range(len(x), 0, -1):
        dh = dh @ params["W_h"].T * (1 - h[t] ** 2)
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms)


# %% wrong decay: h_0 comes first and h_T last
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh, axis=1)]
    for h_t in h[:0:-1]:
        dh = (dh * (1 - h_t**2)) @ params["W_h"].T
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms[::-1])


# %% wrong decay: one norm for all sequences together
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh)]
    for h_t in h[:0:-1]:
        dh = (dh * (1 - h_t**2)) @ params["W_h"].T
        norms.append(np.linalg.norm(dh))
    return np.array(norms)


# %% wrong decay: squares of the norms
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [(dh**2).sum(axis=1)]
    for h_t in h[:0:-1]:
        dh = (dh * (1 - h_t**2)) @ params["W_h"].T
        norms.append((dh**2).sum(axis=1))
    return np.array(norms)


# %% wrong decay: stops at h_1
def decay(params, x, h_0, dh_last):
    h, dh, norms = rnn_forward(params, x, h_0), dh_last, []
    for h_t in h[:0:-1]:
        norms.append(np.linalg.norm(dh, axis=1))
        dh = (dh * (1 - h_t**2)) @ params["W_h"].T
    return np.array(norms)


# %% wrong decay: the order of the states is that of the forward pass
def decay(params, x, h_0, dh_last):
    h, dh = rnn_forward(params, x, h_0), dh_last
    norms = [np.linalg.norm(dh, axis=1)]
    for h_t in h[1:]:
        dh = (dh * (1 - h_t**2)) @ params["W_h"].T
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms)


# %% wrong clip_by_norm: each array is clipped by a norm of its own
def clip_by_norm(grads, theta):
    norms = {name: np.linalg.norm(g) for name, g in grads.items()}
    clipped = {name: g * theta / max(norms[name], theta) for name, g in grads.items()}
    return clipped, norms


# %% wrong clip_by_norm: the norm is not returned
def clip_by_norm(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {name: g * theta / max(norm, theta) for name, g in grads.items()}


# %% wrong clip_by_norm: always scaled to theta, by a sum without a root; NaN for zeros
# named: `np\.sqrt.* is only `sum
def clip_by_norm(grads, theta):
    norm = sum((g**2).sum() for g in grads.values())
    return {name: g * (theta / norm) for name, g in grads.items()}, norm


# %% wrong clip_by_norm: columns have norms of their own
def clip_by_norm(grads, theta):
    norm = np.sqrt(sum((g**2).sum(axis=0) for g in grads.values()))
    factor = theta / np.maximum(norm, theta)
    return {name: g * factor for name, g in grads.items()}, norm


# %% wrong clip_by_value: the bounds are exchanged
def clip_by_value(grads, theta):
    return {name: np.clip(g, theta, -theta) for name, g in grads.items()}


# %% wrong clip_by_value: everything in one long row
def clip_by_value(grads, theta):
    return np.clip(np.concatenate([g.ravel() for g in grads.values()]), -theta, theta)


# %% wrong clip_by_value: returns nothing
def clip_by_value(grads, theta):
    for g in grads.values():
        np.clip(g, -theta, theta, out=g)


# %% wrong pieces_backward: no slope of the tanh
# named: `1 - h\[t\] \*\* 2` is lost
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = dh[t] + arriving
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the slope is taken at the state before
# named: `h\[t\]` is read as `h\[t - 1\]`
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: W_h is paired with the state after the step
# named: `h\[t - 1\]` is read as `h\[t\]`
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t + 1].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the matrices keep the gradient of one step
# named: `grads\['W_h'\] \+= .*` overwrites
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] = x[t].T @ da
        grads["W_h"] = h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the matrix W_h alone keeps the gradient of one step
# named: `grads\['W_h'\] \+= .*` overwrites
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] = h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the bias gets a mean over the sequences
# named: `da\.mean\(axis=0\)`
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.mean(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the bias gets one number for all units
# named: `da\.sum\(axis=0\)` is `da\.sum\(\)`
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += np.sum(da)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the losses are read one step off
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t - 1] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the state is cut as well, each piece begins at zero
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    for begin in range(0, len(x), K):
        piece = slice(begin, begin + K)
        states = rnn_forward(params, x[piece], 0 * h[0])
        arriving = 0
        for t in range(len(states) - 1)[::-1]:
            da = (dh[piece][t] + arriving) * (1 - states[t + 1] ** 2)
            grads["W_x"] += x[piece][t].T @ da
            grads["W_h"] += states[t].T @ da
            grads["b"] += da.sum(axis=0)
            arriving = da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: the gradient is never cut
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: cut one step off, the last step of a piece sends nothing
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for t in range(len(x), 0, -1):
        da = (dh[t - 1] + arriving) * (1 - h[t] ** 2)
        grads["W_x"] += x[t - 1].T @ da
        grads["W_h"] += h[t - 1].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if t % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong pieces_backward: pieces are counted from the end
def pieces_backward(params, x, h, dh, K):
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    arriving = 0
    for k, t in enumerate(range(len(x) - 1, -1, -1), start=1):
        da = (dh[t] + arriving) * (1 - h[t + 1] ** 2)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        arriving = 0 if k % K == 0 else da @ params["W_h"].T
    return grads


# %% wrong spectral_radius: the largest real part
def spectral_radius(W):
    return np.linalg.eigvals(W).real.max()


# %% wrong clip_by_norm: never clips
def clip_by_norm(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return dict(grads), norm


# %% wrong clip_by_norm: what is short is stretched
def clip_by_norm(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {name: g * theta / norm if norm else g for name, g in grads.items()}, norm


# %% wrong clip_by_value: from above only
def clip_by_value(grads, theta):
    return {name: np.minimum(g, theta) for name, g in grads.items()}
