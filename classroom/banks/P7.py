# ruff: noqa: F811, F821
"""Programs for P7: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    pieces = []
    for piece in range(length // T):
        x, y = np.zeros((T, N), int), np.zeros((T, N), int)
        for t in range(T):
            for n in range(N):
                at = n * length + piece * T + t
                x[t, n], y[t, n] = tokens[at], tokens[at + 1]
        pieces.append((x, y))
    return pieces


def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    W, b = params["W_hy"], params["b_y"]
    (T, N, H), V = h.shape, len(b)
    loss, dh = 0.0, np.zeros(h.shape)
    dW, db = np.zeros(W.shape), np.zeros(V)
    for t in range(T):
        for n in range(N):
            u = [b[v] + sum(h[t, n, j] * W[j, v] for j in range(H)) for v in range(V)]
            total = sum(np.exp(u))
            loss -= (u[y[t, n]] - np.log(total)) / (T * N)
            for v in range(V):
                du = (np.exp(u[v]) / total - (v == y[t, n])) / (T * N)
                db[v] += du
                for j in range(H):
                    dW[j, v] += h[t, n, j] * du
                    dh[t, n, j] += W[j, v] * du
    zero = np.zeros((N, H))
    grads, _ = backward(params, dh, (zero, zero), cache)
    grads["W_hy"], grads["b_y"] = dW, db
    return loss, grads, last


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    M, S, new = {}, {}, {}
    for name, g in grads.items():
        M[name], S[name], new[name] = np.zeros(g.shape), np.zeros(g.shape), np.zeros(g.shape)
        for k in np.ndindex(g.shape):
            m = beta1 * state["M"][name][k] + (1 - beta1) * g[k]
            s = beta2 * state["S"][name][k] + (1 - beta2) * g[k] ** 2
            step = m / (1 - beta1**t) / ((s / (1 - beta2**t)) ** 0.5 + eps)
            M[name][k], S[name][k], new[name][k] = m, s, params[name][k] - lr * step
    return new, {"M": M, "S": S, "t": t}


def sample(params, state, token, length, temperature, rng):
    drawn = np.zeros(length, int)
    for k in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        V = len(params["b_y"])
        u = [h[0, 0] @ params["W_hy"][:, v] + params["b_y"][v] for v in range(V)]
        e = [np.exp((v - max(u)) / temperature) for v in u]
        token = rng.choice(V, p=[v / sum(e) for v in e])
        drawn[k] = token
    return drawn


def smoothed(loss, previous, rate=0.001):
    return previous - rate * previous + rate * loss


# %% right: with einsum and one-hot rows
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    k = length // T
    starts = length * np.arange(N) + T * np.arange(k)[:, None, None] + np.arange(T)[:, None]
    return list(zip(tokens[starts], tokens[starts + 1], strict=True))


def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    u = np.einsum("tnh,hv->tnv", h, params["W_hy"]) + params["b_y"]
    one_hot = np.eye(u.shape[-1])[y]
    u = u - u.max(axis=-1, keepdims=True)
    log_p = u - np.log(np.einsum("tnv->tn", np.exp(u)))[..., None]
    loss = -np.einsum("tnv,tnv->", one_hot, log_p) / y.size
    du = (np.exp(log_p) - one_hot) / y.size
    dh = np.einsum("tnv,hv->tnh", du, params["W_hy"])
    grads, _ = backward(params, dh, (0 * last[0], 0 * last[1]), cache)
    grads |= {"W_hy": np.einsum("tnh,tnv->hv", h, du), "b_y": np.einsum("tnv->v", du)}
    return loss, grads, last


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    def mix(beta, old, new):
        return {k: np.einsum("s,s...->...", [beta, 1 - beta], [old[k], new[k]]) for k in new}

    M = mix(beta1, state["M"], grads)
    S = mix(beta2, state["S"], {k: g**2 for k, g in grads.items()})
    t = 1 + state["t"]
    hats = {k: (M[k] / (1 - beta1**t), S[k] / (1 - beta2**t)) for k in M}
    new = {k: params[k] - lr * m / (np.sqrt(s) + eps) for k, (m, s) in hats.items()}
    return new, {"M": M, "S": S, "t": t}


def sample(params, state, token, length, temperature, rng):
    drawn = []
    while len(drawn) < length:
        h, state, _ = forward(params, np.full((1, 1), token), state)
        u = np.einsum("tnh,hv->v", h, params["W_hy"]) + params["b_y"]
        token = rng.choice(u.size, p=softmax(u / temperature))
        drawn.append(token)
    return np.array(drawn)


def smoothed(loss, previous, rate=0.001):
    return np.dot([1 - rate, rate], [previous, loss])


# %% right: classes with methods
class Stream:
    def __init__(self, tokens, N):
        self.length = (len(tokens) - 1) // N
        begins = range(0, N * self.length, self.length)
        self.columns = [tokens[k : k + self.length + 1] for k in begins]

    def piece(self, t, T):
        return np.column_stack([column[t : t + T] for column in self.columns])

    def pieces(self, T):
        for k in range(self.length // T):
            yield self.piece(k * T, T), self.piece(k * T + 1, T)


class Model:
    def __init__(self, params, state):
        self.params, self.state = params, state

    def read(self, x):
        self.h, self.state, self.cache = forward(self.params, x, self.state)
        return self.h @ self.params["W_hy"] + self.params["b_y"]

    def gradient(self, du):
        nothing = tuple(np.zeros(s.shape) for s in self.state)
        grads, _ = backward(self.params, du @ self.params["W_hy"].T, nothing, self.cache)
        rows, du = self.h.reshape(-1, self.h.shape[-1]), du.reshape(-1, du.shape[-1])
        return {**grads, "W_hy": rows.T @ du, "b_y": du.sum(axis=0)}


class Adam:
    def __init__(self, M, S, t):
        self.M, self.S, self.t = M, S, t + 1

    def step(self, name, v, g, lr, beta1, beta2, eps):
        self.M = self.M | {name: beta1 * self.M[name] + (1 - beta1) * g}
        self.S = self.S | {name: beta2 * self.S[name] + (1 - beta2) * g**2}
        rate = lr * np.sqrt(1 - beta2**self.t) / (1 - beta1**self.t)
        return v - rate * self.M[name] / (np.sqrt(self.S[name]) + eps * np.sqrt(1 - beta2**self.t))


def batches(tokens, N, T):
    return list(Stream(tokens, N).pieces(T))


def train_step(params, x, y, state):
    model = Model(params, state)
    p = softmax(model.read(x))
    t, n = np.indices(y.shape)
    loss = -np.log(p[t, n, y]).mean()
    p[t, n, y] -= 1
    return loss, model.gradient(p / y.size), model.state


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    rule = Adam(**state)
    settings = lr, beta1, beta2, eps
    new = {name: rule.step(name, params[name], g, *settings) for name, g in grads.items()}
    return new, vars(rule)


def sample(params, state, token, length, temperature, rng):
    model, drawn = Model(params, state), [token]
    for _ in range(length):
        u = model.read(np.array([drawn[-1:]]))[0, 0]
        drawn.append(rng.choice(len(u), p=softmax(u / temperature)))
    return np.array(drawn[1:])


class RunningMean:
    def __init__(self, value, rate):
        self.value, self.rate = value, rate

    def add(self, loss):
        self.value += self.rate * (loss - self.value)
        return self.value


def smoothed(loss, previous, rate=0.001):
    return RunningMean(previous, rate).add(loss)


# %% right: in place, on copies
def batches(tokens, N, T):
    tokens = tokens.copy()
    length = (tokens.size - 1) // N
    grid = np.empty((length + 1, N), tokens.dtype)
    for n in range(N):
        grid[:, n] = tokens[n * length : (n + 1) * length + 1]
    out, t = [], 0
    while t + T <= length:
        out.append((grid[t : t + T], grid[t + 1 : t + T + 1]))
        t += T
    return out


def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    du = h @ params["W_hy"]
    du += params["b_y"]
    du -= du.max(axis=2, keepdims=True)
    T, N = y.shape
    at = np.arange(T)[:, None], np.arange(N), y
    loss = -du[at].sum()
    np.exp(du, out=du)
    sums = du.sum(axis=2, keepdims=True)
    loss += np.log(sums).sum()
    loss /= T * N
    du /= sums
    np.subtract.at(du, at, 1.0)
    du /= T * N
    dW = np.zeros_like(params["W_hy"])
    for h_t, du_t in zip(h, du, strict=True):
        dW += h_t.T @ du_t
    nothing = np.zeros((2, *last[0].shape))
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = dW
    grads["b_y"] = du.sum(0).sum(0)
    return loss, grads, last


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    import copy

    params, state = copy.deepcopy(params), copy.deepcopy(state)
    state["t"] += 1
    for name, g in grads.items():
        M, S = state["M"][name], state["S"][name]
        M *= beta1
        M += (1 - beta1) * g
        S *= beta2
        S += (1 - beta2) * g * g
        below = np.sqrt(S / (1 - beta2 ** state["t"]))
        below += eps
        params[name] -= lr / (1 - beta1 ** state["t"]) * M / below
    return params, state


def sample(params, state, token, length, temperature, rng):
    drawn = np.empty(length, dtype=np.int64)
    for k in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        p = h[-1, 0] @ params["W_hy"]
        p += params["b_y"]
        p /= temperature
        p -= p.max()
        np.exp(p, out=p)
        p /= p.sum()
        drawn[k] = token = rng.choice(len(p), p=p)
    return drawn


def smoothed(loss, previous, rate=0.001):
    previous *= 1 - rate
    previous += rate * loss
    return previous


# %% right: float32 inside
def single(tree):
    return {name: v.astype(np.float32) for name, v in tree.items()}


def train_step(params, x, y, state):
    params = single(params)
    h, last, cache = forward(params, x, tuple(s.astype(np.float32) for s in state))
    p = softmax(h @ params["W_hy"] + params["b_y"])
    own = np.take_along_axis(p, y[:, :, None], axis=2)
    du = p.copy()
    np.put_along_axis(du, y[:, :, None], own - 1, axis=2)
    du /= np.float32(y.size)
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.tensordot(h, du, axes=((0, 1), (0, 1)))
    grads["b_y"] = du.sum(axis=(0, 1))
    return -np.log(own).mean(), grads, last


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    params, grads, M, S = map(single, (params, grads, state["M"], state["S"]))
    t = state["t"] + 1
    lr, beta1, beta2 = np.float32(lr), np.float32(beta1), np.float32(beta2)
    for name, g in grads.items():
        M[name] = beta1 * M[name] + (1 - beta1) * g
        S[name] = beta2 * S[name] + (1 - beta2) * g * g
        step = M[name] / (1 - beta1**t) / (np.sqrt(S[name] / (1 - beta2**t)) + np.float32(eps))
        params[name] = params[name] - lr * step
    return params, {"M": M, "S": S, "t": t}


def smoothed(loss, previous, rate=0.001):
    loss, previous, rate = np.float32(loss), np.float32(previous), np.float32(rate)
    return (1 - rate) * previous + rate * loss


# %% right: German names
def batches(tokens, N, T):
    laenge = (len(tokens) - 1) // N
    anfang, danach = tokens[:-1], tokens[1:]
    eingabe = anfang[: laenge * N].reshape(N, laenge).T
    ziel = danach[: laenge * N].reshape(N, laenge).T
    stuecke = []
    for nummer in range(laenge // T):
        von, bis = nummer * T, (nummer + 1) * T
        stuecke.append((eingabe[von:bis], ziel[von:bis]))
    return stuecke


def train_step(params, x, y, state):
    zustaende, letzter, speicher = forward(params, x, state)
    anzahl, breite = y.size, zustaende.shape[-1]
    zeilen = zustaende.reshape(anzahl, breite)
    wahrscheinlich = softmax(np.dot(zeilen, params["W_hy"]) + params["b_y"])
    ziel = y.reshape(anzahl)
    verlust = -np.mean(np.log(wahrscheinlich[np.arange(anzahl), ziel]))
    fehler = wahrscheinlich
    fehler[np.arange(anzahl), ziel] -= 1.0
    fehler = fehler / anzahl
    zurueck = np.dot(fehler, params["W_hy"].T).reshape(zustaende.shape)
    nichts = (np.zeros_like(letzter[0]), np.zeros_like(letzter[1]))
    steigung, _ = backward(params, zurueck, nichts, speicher)
    steigung["W_hy"] = np.dot(zeilen.T, fehler)
    steigung["b_y"] = np.sum(fehler, axis=0)
    return verlust, steigung, letzter


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    zaehler = state["t"] + 1
    mittel, quadrat, neu = dict(state["M"]), dict(state["S"]), dict(params)
    for name in neu:
        steigung = grads[name]
        mittel[name] = mittel[name] + (1 - beta1) * (steigung - mittel[name])
        quadrat[name] = quadrat[name] + (1 - beta2) * (steigung**2 - quadrat[name])
        mittel_hut = mittel[name] / (1 - beta1**zaehler)
        quadrat_hut = quadrat[name] / (1 - beta2**zaehler)
        neu[name] = neu[name] - lr * mittel_hut / (quadrat_hut**0.5 + eps)
    return neu, {"M": mittel, "S": quadrat, "t": zaehler}


def sample(params, state, token, length, temperature, rng):
    gezogen = []
    zeichen, zustand = token, state
    for _ in range(length):
        ausgang, zustand, _ = forward(params, np.array([[zeichen]]), zustand)
        werte = np.dot(ausgang[0], params["W_hy"]) + params["b_y"]
        wahrscheinlich = softmax(werte / temperature)[0]
        zeichen = int(rng.choice(len(wahrscheinlich), p=wahrscheinlich))
        gezogen.append(zeichen)
    return gezogen


def smoothed(loss, previous, rate=0.001):
    alt, neu = (1 - rate) * previous, rate * loss
    return alt + neu


# %% right: functional, with map and reduce
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    pairs = np.lib.stride_tricks.sliding_window_view(tokens, 2)[: N * length]
    grid = np.moveaxis(pairs.reshape(N, length, 2), 0, 1)[: length // T * T]
    return [(piece[..., 0], piece[..., 1]) for piece in grid.reshape(-1, T, N, 2)]


def train_step(params, x, y, state):
    from functools import reduce

    h, last, cache = forward(params, x, state)
    u = h @ params["W_hy"] + params["b_y"]
    log_p = u - np.logaddexp.reduce(u, axis=-1, keepdims=True)
    target = np.equal(y[..., None], np.arange(u.shape[-1]))
    du = np.where(target, np.exp(log_p) - 1, np.exp(log_p)) / y.size
    grads, _ = backward(params, du @ params["W_hy"].T, tuple(map(np.zeros_like, last)), cache)
    parts = map(lambda h_t, du_t: h_t.T @ du_t, h, du)
    return (
        np.mean(-log_p[target]),
        grads | {"W_hy": reduce(np.add, parts), "b_y": reduce(np.add, map(sum, du))},
        last,
    )


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    def tree(function, *trees):
        return {k: function(*(each[k] for each in trees)) for k in trees[0]}

    t = state["t"] + 1
    M = tree(lambda m, g: beta1 * m + (1 - beta1) * g, state["M"], grads)
    S = tree(lambda s, g: beta2 * s + (1 - beta2) * np.square(g), state["S"], grads)
    M_hat, S_hat = tree(lambda m: m / (1 - beta1**t), M), tree(lambda s: s / (1 - beta2**t), S)
    new = tree(lambda v, m, s: v - lr * m / (np.sqrt(s) + eps), params, M_hat, S_hat)
    return new, {"M": M, "S": S, "t": t}


def sample(params, state, token, length, temperature, rng):
    from functools import reduce

    def draw(so_far, _):
        drawn, token, state = so_far
        h, state, _ = forward(params, np.array([[token]]), state)
        p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
        token = rng.choice(p.size, p=p)
        return [*drawn, token], token, state

    return np.array(reduce(draw, range(length), ([], token, state))[0])


def smoothed(loss, previous, rate=0.001):
    return sum(map(lambda share, value: share * value, (1 - rate, rate), (previous, loss)))


# %% right: by recursion, tuples returned where the names are clear
def batches(tokens, N, T):
    def cut(x, y):
        return [(x[:T], y[:T]), *cut(x[T:], y[T:])] if len(x) >= T else []

    length = (len(tokens) - 1) // N
    streams = [tokens[n * length : (n + 1) * length + 1] for n in range(N)]
    grid = np.stack(streams, axis=1)
    return cut(grid[:-1], grid[1:])


def train_step(params, x, y, state):
    def readout(h, y):
        if len(h) == 0:
            return 0.0, 0 * params["W_hy"], 0 * params["b_y"], []
        p = softmax(h[0] @ params["W_hy"] + params["b_y"])
        loss = -sum(np.log(p[n, k]) for n, k in enumerate(y[0])) / size
        du = (p - np.eye(p.shape[1])[y[0]]) / size
        rest, dW, db, dh = readout(h[1:], y[1:])
        return loss + rest, h[0].T @ du + dW, du.sum(axis=0) + db, [du @ params["W_hy"].T, *dh]

    size = y.size
    h, last, cache = forward(params, x, state)
    loss, dW, db, dh = readout(h, y)
    grads, _ = backward(params, np.array(dh), (last[0] * 0, last[1] * 0), cache)
    return loss, (grads["W_x"], grads["W_h"], grads["b"], dW, db), last


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1

    def moved(v, g, M, S):
        if isinstance(v, dict):
            return {k: moved(v[k], g[k], M[k], S[k]) for k in v}
        M = beta1 * M + (1 - beta1) * g
        S = beta2 * S + (1 - beta2) * g * g
        return v - lr * (M / (1 - beta1**t)) / (np.sqrt(S / (1 - beta2**t)) + eps), M, S

    all_three = moved(params, grads, state["M"], state["S"])
    new, M, S = ({k: v[part] for k, v in all_three.items()} for part in range(3))
    return new, {"M": M, "S": S, "t": t}


def sample(params, state, token, length, temperature, rng):
    if length == 0:
        return np.zeros(0, int)
    h, state, _ = forward(params, np.array([[token]]), state)
    p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
    token = rng.choice(len(p), p=p)
    rest = sample(params, state, token, length - 1, temperature, rng)
    return np.concatenate([[token], rest])


def smoothed(loss, previous, rate=0.001):
    return loss if rate >= 1 else previous + rate * (loss - previous)


# %% right: own passes through the LSTM, with one-hot rows and np.add.at
def my_forward(params, x, state):
    x = np.eye(len(params["W_x"]))[x]
    h, c = [state[0]], [state[1]]
    gates = []
    for x_t in x:
        a = x_t @ params["W_x"] + h[-1] @ params["W_h"] + params["b"]
        i, f, g, o = np.split(a, 4, axis=-1)
        gates.append((sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)))
        i, f, g, o = gates[-1]
        c.append(f * c[-1] + i * g)
        h.append(o * np.tanh(c[-1]))
    return x, np.array(h), np.array(c), gates


def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    t, n = np.meshgrid(np.arange(length), np.arange(N), indexing="ij")
    x, y = tokens[n * length + t], tokens[n * length + t + 1]
    whole = length - length % T
    return [(x[k : k + T], y[k : k + T]) for k in np.arange(0, whole, T)]


def train_step(params, x, y, state):
    x, h, c, gates = my_forward(params, x, state)
    p = softmax(h[1:] @ params["W_hy"] + params["b_y"])
    t, n = np.ogrid[: y.shape[0], : y.shape[1]]
    loss = np.log(1 / p[t, n, y]).mean()
    np.add.at(p, (t, n, y), -1)
    du = p / y.size
    grads = {name: np.zeros_like(v) for name, v in params.items()}
    dh = dc = np.zeros_like(h[0])
    for t in range(len(y))[::-1]:
        grads["W_hy"] += h[t + 1].T @ du[t]
        grads["b_y"] += du[t].sum(axis=0)
        dh = dh + du[t] @ params["W_hy"].T
        i, f, g, o = gates[t]
        s = np.tanh(c[t + 1])
        dc = dc + dh * o * (1 - s * s)
        slopes = dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dc * i * (1 - g * g)
        da = np.concatenate([*slopes, dh * s * o * (1 - o)], axis=1)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dh, dc = da @ params["W_h"].T, dc * f
    return loss, grads, (h[-1], c[-1])


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    flat = [np.concatenate([d[k].ravel() for k in params]) for d in (params, grads)]
    M, S = (np.concatenate([state[name][k].ravel() for k in params]) for name in "MS")
    v, g = flat
    M, S = beta1 * M + (1 - beta1) * g, beta2 * S + (1 - beta2) * g * g
    v = v - lr * M / (1 - beta1**t) / (np.sqrt(S / (1 - beta2**t)) + eps)
    out, begin = [{}, {}, {}], 0
    for name, array in params.items():
        part = slice(begin, begin + array.size)
        begin += array.size
        for tree, row in zip(out, (v, M, S), strict=True):
            tree[name] = row[part].reshape(array.shape)
    return out[0], {"M": out[1], "S": out[2], "t": t}


def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        _, h, c, _ = my_forward(params, np.array([[token]]), state)
        state = h[-1], c[-1]
        u = (state[0] @ params["W_hy"] + params["b_y"]).ravel()
        token = rng.choice(np.arange(len(u)), p=softmax(u / temperature))
        drawn.append(token)
    return drawn


def smoothed(loss, previous, rate=0.001):
    return np.average([previous, loss], weights=[1 - rate, rate])


# %% right: list comprehensions, and names in pinyin
def batches(tokens, N, T):
    changdu = (len(tokens) - 1) // N
    lie = [list(tokens[n * changdu : (n + 1) * changdu + 1]) for n in range(N)]
    return [
        (
            np.array([[yilie[t + k] for yilie in lie] for k in range(T)]),
            np.array([[yilie[t + k + 1] for yilie in lie] for k in range(T)]),
        )
        for t in range(0, changdu - T + 1, T)
    ]


def train_step(params, x, y, state):
    h, zuihou, huancun = forward(params, x, state)
    gailv = [softmax(h_t @ params["W_hy"] + params["b_y"]) for h_t in h]
    sunshi = [-np.log(p[range(len(b)), b]) for p, b in zip(gailv, y, strict=True)]
    du = [(p - np.eye(p.shape[1])[b]) / y.size for p, b in zip(gailv, y, strict=True)]
    dh = np.stack([du_t @ params["W_hy"].T for du_t in du])
    ling = np.zeros(zuihou[0].shape), np.zeros(zuihou[1].shape)
    tidu, _ = backward(params, dh, ling, huancun)
    tidu["W_hy"] = sum(h_t.T @ du_t for h_t, du_t in zip(h, du, strict=True))
    tidu["b_y"] = sum(du_t.sum(axis=0) for du_t in du)
    return np.mean(sunshi), tidu, zuihou


def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    bu = state["t"] + 1
    yijie = {k: beta1 * state["M"][k] + (1 - beta1) * tidu for k, tidu in grads.items()}
    erjie = {k: beta2 * state["S"][k] + (1 - beta2) * tidu**2 for k, tidu in grads.items()}
    xin = {
        k: canshu - lr * (yijie[k] / (1 - beta1**bu)) / (np.sqrt(erjie[k] / (1 - beta2**bu)) + eps)
        for k, canshu in params.items()
    }
    return xin, {"M": yijie, "S": erjie, "t": bu}


def sample(params, state, token, length, temperature, rng):
    xulie = [token]
    for _ in range(length):
        h, state, _ = forward(params, np.array(xulie[-1]).reshape(1, 1), state)
        fenshu = (h.reshape(-1) @ params["W_hy"] + params["b_y"]) / temperature
        xulie += [rng.choice(len(fenshu), p=softmax(fenshu))]
    return np.array(xulie)[1:]


def smoothed(loss, previous, rate=0.001):
    return rate * (loss - previous) + previous


# %% right: the gradients of the readout stand first in the dict
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    t, n = np.indices(y.shape)
    loss = -np.log(p[t, n, y]).mean()
    du = p.copy()
    du[t, n, y] -= 1
    du /= y.size
    grads = {"W_hy": np.einsum("tnh,tnv->hv", h, du), "b_y": du.sum(axis=(0, 1))}
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    of_cell, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads.update(of_cell)
    return loss, grads, last


# %% right: the number of steps stands first in the state of Adam
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    after = {"t": state["t"] + 1, "M": {}, "S": {}}
    new, t = {}, after["t"]
    for name, g in grads.items():
        M = after["M"][name] = beta1 * state["M"][name] + (1 - beta1) * g
        S = after["S"][name] = beta2 * state["S"][name] + (1 - beta2) * g * g
        new[name] = params[name] - lr * M / (1 - beta1**t) / (np.sqrt(S / (1 - beta2**t)) + eps)
    return new, after


# %% right: the last state is a list of two
def train_step(params, x, y, state):
    h, [h_last, c_last], cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = [np.zeros_like(h_last), np.zeros_like(c_last)]
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, [h_last, c_last]


# %% wrong batches: the targets are the inputs
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length).T
    return [(x[t : t + T], x[t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: targets before inputs
# named: `x\[t:t \+ T\]` and `y\[t:t \+ T\]` have changed places
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length).T
    y = tokens[1 : N * length + 1].reshape(N, length).T
    return [(y[t : t + T], x[t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: the streams are rows
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length)
    y = tokens[1 : N * length + 1].reshape(N, length)
    return [(x[:, t : t + T], y[:, t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: every N-th token goes into the same stream
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(length, N)
    y = tokens[1 : N * length + 1].reshape(length, N)
    return [(x[t : t + T], y[t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: a window at each step, the pieces overlap
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length).T
    y = tokens[1 : N * length + 1].reshape(N, length).T
    return [(x[t : t + T], y[t : t + T]) for t in range(length - T + 1)]


# %% wrong batches: the targets are two tokens later
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length).T
    y = np.roll(tokens, -2)[: N * length].reshape(N, length).T
    return [(x[t : t + T], y[t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: the targets end with their stream, and the rest is kept as a short piece
def batches(tokens, N, T):
    length = len(tokens) // N
    grid = tokens[: N * length].reshape(N, length).T
    return [(grid[t : t + T], grid[t + 1 : t + T + 1]) for t in range(0, length, T)]


# %% wrong train_step: the gradient is that of the sum
# named: `y\.size` is lost
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = p - np.eye(p.shape[-1])[y]
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: loss and gradient are means over the steps, sums over the sequences
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).sum() / len(y)
    du = (p - np.eye(p.shape[-1])[y]) / len(y)
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: the output bias is forgotten
# named: train_step: A known mistake: `params\['b_y'\]` is lost
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: nothing is subtracted at the targets
# named: `np\.eye\(p\.shape\[-1\]\)\[y\]` is lost
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = p / y.size
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: the readout's own gradients are missing
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    return loss, grads, last


# %% wrong train_step: the last state is handed back as its own gradient
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    grads, _ = backward(params, du @ params["W_hy"].T, last, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: every piece begins at zero
def train_step(params, x, y, state):
    nothing = np.zeros_like(state[0]), np.zeros_like(state[1])
    h, last, cache = forward(params, x, nothing)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: the state that came in goes out again
def train_step(params, x, y, state):
    h, _, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = np.zeros_like(state[0]), np.zeros_like(state[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, state


# %% wrong train_step: the state's gradient is returned for the state
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, state = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, state


# %% wrong train_step: the loss of the last step only
def train_step(params, x, y, state):
    h, last, cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    rows = np.arange(y.shape[1])
    loss = -np.log(p[-1, rows, y[-1]]).mean()
    du = np.zeros_like(p)
    du[-1] = p[-1]
    du[-1, rows, y[-1]] -= 1
    du /= len(rows)
    nothing = np.zeros_like(last[0]), np.zeros_like(last[1])
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, last


# %% wrong train_step: c and h have changed places in the state that is returned
# named: `h_t` and `c_t` have changed places
def train_step(params, x, y, state):
    h, (h_last, c_last), cache = forward(params, x, state)
    p = softmax(h @ params["W_hy"] + params["b_y"])
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    du = (p - np.eye(p.shape[-1])[y]) / y.size
    nothing = np.zeros_like(h_last), np.zeros_like(c_last)
    grads, _ = backward(params, du @ params["W_hy"].T, nothing, cache)
    grads["W_hy"] = np.einsum("tnh,tnv->hv", h, du)
    grads["b_y"] = du.sum(axis=(0, 1))
    return loss, grads, (c_last, h_last)


# %% wrong adam: no correction of the mean
# named: `1 - beta1 \*\* t` is lost
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: no correction of the mean square
# named: `1 - beta2 \*\* t` is lost
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / (np.sqrt(S[k]) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: steps are counted from zero
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t + 1}


# %% wrong adam: the gradient is not squared
# named: `g` is lost from `\(1 - beta2\) \* g \* g`
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g
        M_hat, S_hat = M[k] / (1 - beta1**t), np.abs(S[k]) / (1 - beta2**t)
        new[k] = params[k] - lr * M_hat / (np.sqrt(S_hat) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: no root of the mean square
# named: `np\.sqrt\(S_hat\)` is only `S_hat`
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / (S[k] / (1 - beta2**t) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: uphill
# named: has the other sign in `params\[name\] - lr
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] + lr * M[k] / (1 - beta1**t) / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: the corrected means are kept for the next step
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = (beta1 * state["M"][k] + (1 - beta1) * g) / (1 - beta1**t)
        S[k] = (beta2 * state["S"][k] + (1 - beta2) * g * g) / (1 - beta2**t)
        new[k] = params[k] - lr * M[k] / (np.sqrt(S[k]) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: what the means were is forgotten
# named: `beta1 \* state\['M'\]\[name\]` is lost
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k], S[k] = (1 - beta1) * g, (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: counts a step for every array
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        t += 1
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong adam: the step goes with the gradient, not with its mean
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * g / (np.sqrt(S[k] / (1 - beta2**t)) + eps)
    return new, {"M": M, "S": S, "t": t}


# %% wrong sample: always the likeliest token
def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        token = np.argmax(h[0, 0] @ params["W_hy"] + params["b_y"])
        drawn.append(token)
    return np.array(drawn)


# %% wrong sample: the first token is returned, too
def sample(params, state, token, length, temperature, rng):
    drawn = [token]
    for _ in range(length):
        h, state, _ = forward(params, np.array([[drawn[-1]]]), state)
        p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
        drawn.append(rng.choice(len(p), p=p))
    return np.array(drawn)


# %% wrong sample: the output bias is forgotten
def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        p = softmax(h[0, 0] @ params["W_hy"] / temperature)
        token = rng.choice(len(p), p=p)
        drawn.append(token)
    return np.array(drawn)


# %% wrong sample: the drawn tokens are one-hot rows
def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
        token = rng.choice(len(p), p=p)
        drawn.append(np.eye(len(p), dtype=int)[token])
    return np.array(drawn)


# %% wrong sample: all tokens at equal chances
# named: is `rng\.choice\(len\(u\)\)`
def sample(params, state, token, length, temperature, rng):
    return np.array([rng.choice(len(params["b_y"])) for _ in range(length)])


# %% wrong sample: a generator of its own
def sample(params, state, token, length, temperature, rng):
    rng, drawn = np.random.default_rng(0), []
    for _ in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
        token = rng.choice(len(p), p=p)
        drawn.append(token)
    return np.array(drawn)


# %% wrong smoothed: the two shares are exchanged
def smoothed(loss, previous, rate=0.001):
    return rate * previous + (1 - rate) * loss


# %% wrong smoothed: nothing is taken from the old mean
# named: `1 - rate` is lost
def smoothed(loss, previous, rate=0.001):
    return previous + rate * loss


# %% wrong smoothed: the loss is added as a whole
# named: `rate` is lost from `rate \* loss`
def smoothed(loss, previous, rate=0.001):
    return (1 - rate) * previous + loss


# %% wrong smoothed: the loss with the other sign
# named: `rate \* loss` has the other sign
def smoothed(loss, previous, rate=0.001):
    return previous - rate * (loss + previous)


# %% wrong smoothed: the rate is that of the notebook, whatever is asked for
def smoothed(loss, previous, rate=0.001):
    return 0.999 * previous + 0.001 * loss


# %% wrong sample: the temperature is ignored
def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        h, state, _ = forward(params, np.array([[token]]), state)
        p = softmax(h[0, 0] @ params["W_hy"] + params["b_y"])
        token = rng.choice(len(p), p=p)
        drawn.append(token)
    return np.array(drawn)


# %% wrong sample: the state is not carried on
def sample(params, state, token, length, temperature, rng):
    drawn = []
    for _ in range(length):
        h, _, _ = forward(params, np.array([[token]]), state)
        p = softmax((h[0, 0] @ params["W_hy"] + params["b_y"]) / temperature)
        token = rng.choice(len(p), p=p)
        drawn.append(token)
    return np.array(drawn)


# %% wrong batches: the last token is taken for an input as well
def batches(tokens, N, T):
    length = len(tokens) // N
    x = tokens[: N * length].reshape(N, length).T
    y = np.append(tokens[1:], tokens[0])[: N * length].reshape(N, length).T
    return [(x[t : t + T], y[t : t + T]) for t in range(0, length - T + 1, T)]


# %% wrong batches: a last piece that fits exactly is left out
def batches(tokens, N, T):
    length = (len(tokens) - 1) // N
    x = tokens[: N * length].reshape(N, length).T
    y = tokens[1 : N * length + 1].reshape(N, length).T
    return [(x[t : t + T], y[t : t + T]) for t in range(0, length - T, T)]


# %% wrong adam: divides by zero where no gradient has come yet
def adam(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    new, M, S = {}, {}, {}
    for k, g in grads.items():
        M[k] = beta1 * state["M"][k] + (1 - beta1) * g
        S[k] = beta2 * state["S"][k] + (1 - beta2) * g * g
        new[k] = params[k] - lr * M[k] / (1 - beta1**t) / np.sqrt(S[k] / (1 - beta2**t))
    return new, {"M": M, "S": S, "t": t}
