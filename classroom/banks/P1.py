# ruff: noqa: F811, F821
"""Programs for P1: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def sigmoid(a):
    s = np.empty(a.shape)
    for k in np.ndindex(a.shape):
        e = np.exp(-abs(a[k]))
        s[k] = 1 / (1 + e) if a[k] >= 0 else e / (1 + e)
    return s


def dsigmoid(s):
    ds = np.empty(s.shape)
    for k in np.ndindex(s.shape):
        ds[k] = s[k] - s[k] * s[k]
    return ds


def dtanh(h):
    dh = np.empty(h.shape)
    for k in np.ndindex(h.shape):
        dh[k] = (1 - h[k]) * (1 + h[k])
    return dh


def softmax(u):
    p = np.empty(u.shape)
    for n in range(len(u)):
        top, total = max(u[n]), 0.0
        for k in range(u.shape[1]):
            p[n, k] = np.exp(u[n, k] - top)
            total += p[n, k]
        for k in range(u.shape[1]):
            p[n, k] /= total
    return p


def cross_entropy(u, y):
    N, K = u.shape
    L, du = 0.0, np.empty((N, K))
    for n in range(N):
        top = max(u[n])
        log_sum = top + np.log(sum(np.exp(v - top) for v in u[n]))
        L += (log_sum - u[n, y[n]]) / N
        for k in range(K):
            du[n, k] = (np.exp(u[n, k] - log_sum) - (k == y[n])) / N
    return L, du


def affine_backward(x, W, da):
    (N, D), K = x.shape, W.shape[1]
    dx, dW, db = np.zeros((N, D)), np.zeros((D, K)), np.zeros(K)
    for n in range(N):
        for k in range(K):
            db[k] += da[n, k]
            for d in range(D):
                dx[n, d] += da[n, k] * W[d, k]
                dW[d, k] += x[n, d] * da[n, k]
    return dx, dW, db


def central(loss, v, eps=1e-5):
    dv = np.zeros(v.shape)
    for k in np.ndindex(v.shape):
        moved = v.copy()
        moved[k] = v[k] + eps
        above = loss(moved)
        moved[k] = v[k] - eps
        dv[k] = (above - loss(moved)) / eps / 2
    return dv


def complex_step(loss, v, eps=1e-30):
    dv = np.zeros(v.shape)
    for k in np.ndindex(v.shape):
        moved = v + 0j
        moved[k] = complex(v[k], eps)
        dv[k] = np.imag(loss(moved)) / eps
    return dv


def relative_error(a, b):
    largest = difference = 0.0
    for k in np.ndindex(a.shape):
        largest = max(largest, abs(a[k]), abs(b[k]))
        difference = max(difference, abs(a[k] - b[k]))
    if largest == 0:
        return 0.0
    return difference / largest


# %% right: with einsum and one-hot rows
def sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))


def dsigmoid(s):
    return np.einsum("...,...->...", s, 1 - s)


def dtanh(h):
    return 1 - np.einsum("...,...->...", h, h)


def softmax(u):
    e = np.exp(u - np.max(u, axis=-1)[:, None])
    return np.einsum("nk,n->nk", e, 1 / np.einsum("nk->n", e))


def cross_entropy(u, y):
    one_hot = np.eye(u.shape[1])[y]
    top = u.max(axis=1)
    log_sum = top + np.log(np.einsum("nk->n", np.exp(u - top[:, None])))
    L = np.mean(log_sum - np.einsum("nk,nk->n", u, one_hot))
    return L, (softmax(u) - one_hot) / u.shape[0]


def affine_backward(x, W, da):
    dx = np.einsum("nk,dk->nd", da, W)
    dW = np.einsum("nd,nk->dk", x, da)
    return dx, dW, np.einsum("nk->k", da)


def central(loss, v, eps=1e-5):
    basis = np.eye(v.size).reshape(v.size, *v.shape)
    sides = [[loss(v + sign * eps * e) for e in basis] for sign in (1, -1)]
    return np.einsum("sk,s->k", np.array(sides), [0.5, -0.5]).reshape(v.shape) / eps


def complex_step(loss, v, eps=1e-30):
    basis = np.eye(v.size).reshape(v.size, *v.shape)
    return np.array([loss(v + 1j * eps * e).imag / eps for e in basis]).reshape(v.shape)


def relative_error(a, b):
    scale = np.abs(np.stack([a, b])).max()
    return np.abs(a - b).max() / (scale or 1.0)


# %% right: classes with methods
class Squash:
    def __init__(self, forward, backward):
        self.forward, self.backward = forward, backward


class Loss:
    def __init__(self, u):
        self.u = u - u.max(axis=1, keepdims=True)
        self.sums = np.exp(self.u).sum(axis=1, keepdims=True)

    def probabilities(self):
        return np.exp(self.u) / self.sums

    def of(self, y):
        log_p = self.u - np.log(self.sums)
        return -sum(row[k] for row, k in zip(log_p, y, strict=True)) / len(y)

    def gradient(self, y):
        target = y[:, None] == np.arange(self.u.shape[1])
        return (self.probabilities() - target) / len(y)


class Difference:
    def __init__(self, loss, v):
        self.loss, self.v = loss, v

    def along(self, k, step):
        moved = np.array(self.v, dtype=type(step))
        moved[k] += step
        return self.loss(moved)

    def everywhere(self, derivative):
        dv = np.full(self.v.shape, np.nan)
        for k, _ in np.ndenumerate(self.v):
            dv[k] = derivative(k)
        return dv


LOGISTIC = Squash(lambda a: (1 + np.tanh(a / 2)) / 2, lambda s: s * (1 - s))
TANH = Squash(np.tanh, lambda h: 1 - np.square(h))


def sigmoid(a):
    return LOGISTIC.forward(a)


def dsigmoid(s):
    return LOGISTIC.backward(s)


def dtanh(h):
    return TANH.backward(h)


def softmax(u):
    return Loss(u).probabilities()


def cross_entropy(u, y):
    loss = Loss(u)
    return loss.of(y), loss.gradient(y)


class Affine:
    def __init__(self, x, W):
        self.x, self.W = x, W

    def backward(self, da):
        self.dW, self.db = np.matmul(self.x.T, da), np.ones(len(da)) @ da
        return np.matmul(da, self.W.T)


def affine_backward(x, W, da):
    layer = Affine(x, W)
    dx = layer.backward(da)
    return dx, layer.dW, layer.db


def central(loss, v, eps=1e-5):
    at = Difference(loss, v)
    return at.everywhere(lambda k: (at.along(k, eps) - at.along(k, -eps)) / (2 * eps))


def complex_step(loss, v, eps=1e-30):
    at = Difference(loss, v)
    return at.everywhere(lambda k: at.along(k, eps * 1j).imag / eps)


def relative_error(a, b):
    both = np.concatenate([a.ravel(), b.ravel()])
    if not both.any():
        return 0.0
    return np.linalg.norm((a - b).ravel(), np.inf) / np.linalg.norm(both, np.inf)


# %% right: in place, and what it was given is put back
def sigmoid(a):
    s = a / 2
    np.tanh(s, out=s)
    s += 1
    s /= 2
    return s


def dsigmoid(s):
    ds = s.copy()
    ds *= 1 - s
    return ds


def dtanh(h):
    dh = -h
    dh *= h
    dh += 1
    return dh


def softmax(u):
    p = u.copy()
    p -= p.max(axis=1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=1, keepdims=True)
    return p


def cross_entropy(u, y):
    N = len(u)
    du = u - u.max(axis=1, keepdims=True)
    L = -du[range(N), y].sum()
    np.exp(du, out=du)
    sums = du.sum(axis=1, keepdims=True)
    L += np.log(sums).sum()
    du /= sums
    np.subtract.at(du, (np.arange(N), y), 1)
    du /= N
    return L / N, du


def affine_backward(x, W, da):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for x_n, dx_n, da_n in zip(x, dx, da, strict=True):
        dx_n += W @ da_n
        dW += np.outer(x_n, da_n)
        db += da_n
    return dx, dW, db


def central(loss, v, eps=1e-5):
    dv = np.zeros_like(v)
    for k in range(v.size):
        old = v.flat[k]
        v.flat[k] = old + eps
        dv.flat[k] = loss(v)
        v.flat[k] = old - eps
        dv.flat[k] -= loss(v)
        v.flat[k] = old
    dv /= 2 * eps
    return dv


def complex_step(loss, v, eps=1e-30):
    dv, z = np.zeros_like(v), v.astype(np.complex128)
    for k in range(v.size):
        z.imag.flat[k] = eps
        dv.flat[k] = loss(z).imag
        z.imag.flat[k] = 0
    dv /= eps
    return dv


def relative_error(a, b):
    error = a - b
    np.abs(error, out=error)
    scale = max(abs(a.min()), a.max(), abs(b.min()), b.max())
    if scale:
        error /= scale
    return error.max()


# %% right: float32 inside, but for the differences
def sigmoid(a):
    return np.float32(0.5) * (np.tanh(np.float32(0.5) * a.astype(np.float32)) + np.float32(1))


def dsigmoid(s):
    s = s.astype(np.float32)
    return s * (1 - s)


def dtanh(h):
    h = h.astype(np.float32)
    return 1 - h * h


def softmax(u):
    u = u.astype(np.float32)
    e = np.exp(u - u.max(1)[:, np.newaxis])
    return e / e.sum(1)[:, np.newaxis]


def cross_entropy(u, y):
    u, n = u.astype(np.float32), np.arange(len(y))
    u = u - u.max(1)[:, np.newaxis]
    log_p = u - np.log(np.exp(u).sum(1))[:, np.newaxis]
    du = np.exp(log_p)
    du[n, y] -= 1
    return -log_p[n, y].mean(), du / np.float32(len(y))


def affine_backward(x, W, da):
    x, W, da = (v.astype(np.float32) for v in (x, W, da))
    return da.dot(W.T), x.T.dot(da), da.sum(0)


def central(loss, v, eps=1e-5):
    dv = np.zeros(v.shape, np.float32)
    for k in np.ndindex(*v.shape):
        e = np.zeros(v.shape)
        e[k] = eps
        dv[k] = (loss(v + e) - loss(v - e)) / (2 * eps)
    return dv


def complex_step(loss, v, eps=1e-30):
    dv = np.zeros(v.shape, np.float32)
    for k in np.ndindex(*v.shape):
        e = np.zeros(v.shape)
        e[k] = eps
        dv[k] = loss(v + 1j * e).imag / eps
    return dv


def relative_error(a, b):
    a, b = a.astype(np.float32), b.astype(np.float32)
    scale = np.maximum(np.abs(a), np.abs(b)).max()
    return np.abs(a - b).max() / scale if scale != 0 else np.float32(0)


# %% right: German names
def sigmoid(a):
    halb = np.tanh(a / 2) / 2
    return halb + 0.5


def dsigmoid(s):
    rest = 1 - s
    return s * rest


def dtanh(h):
    quadrat = h * h
    return 1 - quadrat


def potenzen(u):
    hoechste = u.max(axis=1).reshape(-1, 1)
    verschoben = u - hoechste
    return verschoben, np.exp(verschoben)


def softmax(u):
    _, zaehler = potenzen(u)
    nenner = zaehler.sum(axis=1).reshape(-1, 1)
    return zaehler / nenner


def cross_entropy(u, y):
    verschoben, zaehler = potenzen(u)
    anzahl = len(y)
    ziel = np.zeros(u.shape)
    ziel[np.arange(anzahl), y] = 1
    verluste = np.log(zaehler.sum(axis=1)) - (ziel * verschoben).sum(axis=1)
    steigung = (softmax(u) - ziel) * (1 / anzahl)
    return verluste.sum() / anzahl, steigung


def affine_backward(x, W, da):
    eingang = np.dot(da, np.transpose(W))
    gewichte = np.dot(np.transpose(x), da)
    versatz = np.sum(da, axis=0)
    return eingang, gewichte, versatz


def central(loss, v, eps=1e-5):
    steigung = np.zeros(v.size)
    for stelle in range(v.size):
        schritt = np.zeros(v.size)
        schritt[stelle] = eps
        schritt = schritt.reshape(v.shape)
        oben, unten = loss(v + schritt), loss(v - schritt)
        steigung[stelle] = (oben - unten) / (2 * eps)
    return steigung.reshape(v.shape)


def complex_step(loss, v, eps=1e-30):
    steigung = np.zeros(v.size)
    for stelle in range(v.size):
        verschoben = v.flatten().astype(complex)
        verschoben[stelle] += complex(0, eps)
        steigung[stelle] = loss(verschoben.reshape(v.shape)).imag / eps
    return steigung.reshape(v.shape)


def relative_error(a, b):
    abstand = np.max(np.abs(a - b))
    groesse = max(np.max(np.abs(a)), np.max(np.abs(b)))
    try:
        return float(abstand) / float(groesse)
    except ZeroDivisionError:
        return 0.0


# %% right: functional, with map and reduce
def sigmoid(a):
    from functools import reduce

    steps = (lambda v: v * 0.5, np.tanh, lambda v: v * 0.5, lambda v: v + 0.5)
    return reduce(lambda v, step: step(v), steps, a)


def dsigmoid(s):
    return np.multiply(s, np.subtract(1, s))


def dtanh(h):
    return np.subtract(1, np.power(h, 2))


def log_softmax(u):
    return u - np.logaddexp.reduce(u, axis=1, keepdims=True)


def softmax(u):
    return np.exp(log_softmax(u))


def cross_entropy(u, y):
    log_p = log_softmax(u)
    target = np.equal.outer(y, np.arange(u.shape[1])).astype(float)
    return -np.vdot(target, log_p) / len(y), (np.exp(log_p) - target) / len(y)


def affine_backward(x, W, da):
    from functools import reduce

    dx = np.stack(list(map(W.dot, da)))
    dW = reduce(np.add, map(np.outer, x, da))
    return dx, dW, reduce(np.add, da)


def derivatives(of, v):
    return np.array(list(map(of, np.eye(v.size)))).reshape(v.shape)


def central(loss, v, eps=1e-5):
    def moved(e):
        return loss(v + eps * e.reshape(v.shape))

    return derivatives(lambda e: (moved(e) - moved(-e)) / (2 * eps), v)


def complex_step(loss, v, eps=1e-30):
    return derivatives(lambda e: np.imag(loss(v + 1j * eps * e.reshape(v.shape))) / eps, v)


def relative_error(a, b):
    from functools import reduce

    def top(w):
        return reduce(max, map(abs, w.ravel()), 0.0)

    return top(a - b) / max(top(a), top(b)) if a.any() or b.any() else 0


# %% right: by recursion over rows and entries, tuples and lists returned
def sigmoid(a):
    if np.ndim(a):
        return [sigmoid(v) for v in a]
    return 1 - sigmoid(-a) if a < 0 else 1 / (1 + np.exp(-a))


def dsigmoid(s):
    return [dsigmoid(v) for v in s] if np.ndim(s) else s * (1 - s)


def dtanh(h):
    return [dtanh(v) for v in h] if np.ndim(h) else 1 - h**2


def softmax(u):
    if u.ndim == 2:
        return np.array([softmax(row) for row in u])
    e = np.exp(u - u.max())
    return e / e.sum()


def cross_entropy(u, y):
    if len(u) == 0:
        return 0.0, u
    N = len(u)
    L, du = cross_entropy(u[1:], y[1:])
    first = u[0] - max(u[0])
    log_sum = np.log(np.exp(first).sum())
    row = np.exp(first - log_sum)
    row[y[0]] -= 1
    du = np.vstack([row / N, du * (N - 1) / N])
    return (log_sum - first[y[0]] + (N - 1) * L) / N, du


def affine_backward(x, W, da):
    if len(x) == 1:
        return W @ da[0] * np.ones((1, 1)), x.T * da, da[0]
    half = len(x) // 2
    one = affine_backward(x[:half], W, da[:half])
    two = affine_backward(x[half:], W, da[half:])
    return np.vstack([one[0], two[0]]), one[1] + two[1], one[2] + two[2]


def central(loss, v, eps=1e-5):
    def below(k, part):
        if part.ndim:
            return [below((*k, j), row) for j, row in enumerate(part)]
        e = np.zeros(v.shape)
        e[k] = eps
        return float(loss(v + e) - loss(v - e)) / (2 * eps)

    return np.array(below((), v))


def complex_step(loss, v, eps=1e-30):
    def below(k, part):
        if part.ndim:
            return [below((*k, j), row) for j, row in enumerate(part)]
        z = v.astype(complex)
        z[k] += 1j * eps
        return float(loss(z).imag) / eps

    return np.array(below((), v))


def relative_error(a, b):
    def largest(w):
        return max(largest(v) for v in w) if np.ndim(w) else abs(w)

    scale = max(largest(a), largest(b))
    return largest(a - b) / scale if scale > 0 else 0.0


# %% right: masks, take_along_axis and np.add.at
def sigmoid(a):
    s = np.empty_like(a)
    positive = a >= 0
    s[positive] = 1 / (1 + np.exp(-a[positive]))
    e = np.exp(a[~positive])
    s[~positive] = e / (1 + e)
    return s


def dsigmoid(s):
    return 0.25 - (s - 0.5) ** 2


def dtanh(h):
    return (1 + h) * (1 - h)


def softmax(u):
    order = np.sort(u, axis=1)
    e = np.exp(u - order[:, -1:])
    return e / np.cumsum(e, axis=1)[:, -1:]


def cross_entropy(u, y):
    top = np.take_along_axis(u, u.argmax(axis=1)[:, None], axis=1)
    own = np.take_along_axis(u, y[:, None], axis=1)
    e = np.exp(u - top)
    L = np.mean(np.log(e.sum(axis=1)) + (top - own)[:, 0])
    du = softmax(u) / y.size
    np.add.at(du, (np.arange(y.size), y), -1 / y.size)
    return L, du


def affine_backward(x, W, da):
    rows, columns = np.indices(da.shape)
    db, dW = np.zeros(W.shape[1]), np.zeros(W.T.shape)
    np.add.at(db, columns, da)
    np.add.at(dW, columns, da[..., None] * x[rows])
    return np.tensordot(da, W, axes=(1, 1)), dW.T, db


def central(loss, v, eps=1e-5):
    dv = np.zeros_like(v)
    it = np.nditer(v, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        k = it.multi_index
        shift = np.zeros_like(v)
        shift[k] = eps
        dv[k] = (loss(v + shift) - loss(v - shift)) / (2 * eps)
        it.iternext()
    return dv


def complex_step(loss, v, eps=1e-30):
    dv = []
    for k in range(v.size):
        imaginary = np.where(np.arange(v.size) == k, eps, 0.0)
        dv.append(np.asarray(loss(v + 1j * imaginary.reshape(v.shape))).imag / eps)
    return np.reshape(dv, v.shape)


def relative_error(a, b):
    scale = np.amax([np.amax(np.abs(a)), np.amax(np.abs(b))])
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.amax(np.abs(a - b)) / scale)


# %% right: list comprehensions, and names in pinyin
def sigmoid(a):
    yiban = [np.tanh(shu / 2) for shu in a]
    return np.array([(1 + shu) / 2 for shu in yiban])


def dsigmoid(s):
    return np.array([hang * (1 - hang) for hang in s])


def dtanh(h):
    return np.array([1 - hang**2 for hang in h])


def softmax(u):
    zhishu = [np.exp(hang - max(hang)) for hang in u]
    return np.array([hang / sum(hang) for hang in zhishu])


def cross_entropy(u, y):
    gailv = softmax(u)
    yiwei = [hang - max(hang) for hang in u]
    sunshi = [
        np.log(sum(np.exp(hang))) - hang[biaoqian] for hang, biaoqian in zip(yiwei, y, strict=True)
    ]
    tidu = [
        [(p - 1 if k == biaoqian else p) / len(y) for k, p in enumerate(hang)]
        for hang, biaoqian in zip(gailv, y, strict=True)
    ]
    return sum(sunshi) / len(sunshi), np.array(tidu)


def affine_backward(x, W, da):
    dx = [[sum(W[d] * hang) for d in range(len(W))] for hang in da]
    dW = [[sum(x[:, d] * da[:, k]) for k in range(da.shape[1])] for d in range(len(W))]
    db = [sum(lie) for lie in da.T]
    return np.array(dx), np.array(dW), np.array(db)


def danwei(v):
    return [np.eye(v.size)[k].reshape(v.shape) for k in range(v.size)]


def central(loss, v, eps=1e-5):
    shang = np.array([loss(v + eps * e) for e in danwei(v)])
    xia = np.array([loss(v - eps * e) for e in danwei(v)])
    return (shang - xia).reshape(v.shape) / (2 * eps)


def complex_step(loss, v, eps=1e-30):
    return np.array([loss(v + eps * 1j * e).imag / eps for e in danwei(v)]).reshape(v.shape)


def relative_error(a, b):
    fenmu = max(abs(shu) for shu in [*a.flat, *b.flat])
    fenzi = max(abs(p - q) for p, q in zip(a.flat, b.flat, strict=True))
    return fenzi / fenmu if fenmu else 0.0


# %% wrong sigmoid: the argument of the tanh is not halved
# named: `0\.5` is lost from `0\.5 \* a`
def sigmoid(a):
    return 0.5 * np.tanh(a) + 0.5


# %% wrong sigmoid: centred at zero, the half is not added
# named: `0\.5` is lost from `0\.5 \* np\.tanh\(0\.5 \* a\) \+ 0\.5`
def sigmoid(a):
    return 0.5 * np.tanh(0.5 * a)


# %% wrong sigmoid: infinity by infinity for a large number
def sigmoid(a):
    return np.exp(a) / (1 + np.exp(a))


# %% wrong dsigmoid: takes the input, where it is given the output
def dsigmoid(s):
    return sigmoid(s) * (1 - sigmoid(s))


# %% wrong dsigmoid: one of the two factors only
# named: `s` is lost from `s \* \(1 - s\)`
def dsigmoid(s):
    return 1 - s


# %% wrong dtanh: without the square
# named: `2` is lost from `h \*\* 2`
def dtanh(h):
    return 1 - h


# %% wrong dtanh: takes the input, where it is given the output
def dtanh(h):
    return 1 - np.tanh(h) ** 2


# %% wrong dtanh: plus for minus
# named: has the other sign
def dtanh(h):
    return 1 + h**2


# %% wrong softmax: no shift before the exponential
def softmax(u):
    return np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)


# %% wrong softmax: shifted by the largest number of all rows
def softmax(u):
    e = np.exp(u - u.max())
    return e / e.sum(axis=1, keepdims=True)


# %% wrong softmax: all rows together sum to one
# named: softmax: A known mistake: `e\.sum\(axis=1, keepdims=True\)` is `e\.sum\(\)`
def softmax(u):
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / np.sum(e)


# %% wrong softmax: columns sum to one
def softmax(u):
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=0)


# %% wrong cross_entropy: a mean loss with the gradient of the sum
# named: `len\(u\)` is lost from `du / len\(u\)`
def cross_entropy(u, y):
    rows = np.arange(len(u))
    shifted = u - u.max(axis=1, keepdims=True)
    p = softmax(u)
    L = (np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, y]).mean()
    p[rows, y] -= 1
    return L, p


# %% wrong cross_entropy: loss and gradient of the sum
def cross_entropy(u, y):
    shifted = u - u.max(axis=1, keepdims=True)
    L, du = 0.0, np.zeros_like(u)
    for n, k in enumerate(y):
        e = np.exp(shifted[n])
        L += np.log(e.sum()) - shifted[n, k]
        du[n] = e / e.sum()
        du[n, k] -= 1
    return L, du


# %% wrong cross_entropy: the gradient with the other sign
# named: du is -1 times the right one
def cross_entropy(u, y):
    one_hot = np.eye(u.shape[1])[y]
    shifted = u - u.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    L = (log_sum - (one_hot * shifted).sum(axis=1)).mean()
    return L, (one_hot - softmax(u)) / len(u)


# %% wrong cross_entropy: one is subtracted from all rows in each target's column
def cross_entropy(u, y):
    shifted = u - u.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    du = softmax(u)
    du[:, y] -= 1
    return (log_sum - shifted[np.arange(len(u)), y]).mean(), du / len(u)


# %% wrong cross_entropy: the row's largest logit is missing from the loss
def cross_entropy(u, y):
    rows, top = np.arange(len(u)), u.max(axis=1)
    log_sum = np.log(np.exp(u - top[:, None]).sum(axis=1))
    du = softmax(u)
    du[rows, y] -= 1
    return (log_sum - u[rows, y]).mean(), du / len(u)


# %% wrong affine_backward: the first two results exchanged
# named: `da @ W\.T` and `x\.T @ da` have changed places
def affine_backward(x, W, da):
    dW = x.T @ da
    dx = da @ W.T
    return dW, dx, da.sum(axis=0)


# %% wrong affine_backward: db is a mean over the rows
def affine_backward(x, W, da):
    return da @ W.T, x.T @ da, da.mean(axis=0)


# %% wrong affine_backward: db is one number for all columns
# named: `da\.sum\(axis=0\)` is `da\.sum\(\)`
def affine_backward(x, W, da):
    return da @ W.T, x.T @ da, np.sum(da)


# %% wrong affine_backward: the gradient of W lies on its side
# named: dW has the shape \(4, 3\), not \(3, 4\)
def affine_backward(x, W, da):
    return da @ W.T, da.T @ x, da.sum(axis=0)


# %% wrong affine_backward: the gradients of the parameters are means
def affine_backward(x, W, da):
    return da @ W.T, x.T @ da / len(x), da.sum(axis=0) / len(x)


# %% wrong central: divided by one step, though the ends lie two apart
# named: `2` is lost from `2 \* eps`
def central(loss, v, eps=1e-5):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        e = np.zeros_like(v)
        e[k] = eps
        dv[k] = (loss(v + e) - loss(v - e)) / eps
    return dv


# %% wrong central: both ends are the same array
def central(loss, v, eps=1e-5):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        up = down = v.copy()
        up[k] += eps
        down[k] -= eps
        dv[k] = (loss(up) - loss(down)) / (2 * eps)
    return dv


# %% wrong central: all entries move at once
def central(loss, v, eps=1e-5):
    return np.full_like(v, (loss(v + eps) - loss(v - eps)) / (2 * eps))


# %% wrong central: the division reaches the second loss only
def central(loss, v, eps=1e-5):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        e = np.zeros_like(v)
        e[k] = eps
        dv[k] = loss(v + e) - loss(v - e) / (2 * eps)
    return dv


# %% wrong complex_step: not divided by the step
# named: `eps` is lost from `loss\(moved\)\.imag / eps`
def complex_step(loss, v, eps=1e-30):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        z = v.astype(complex)
        z[k] += eps * 1j
        dv[k] = loss(z).imag
    return dv


# %% wrong complex_step: the step is real
# named: `1j` is lost from `1j \* eps`
def complex_step(loss, v, eps=1e-30):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        z = v + 0j
        z[k] += eps
        dv[k] = loss(z).imag / eps
    return dv


# %% wrong complex_step: the entry is replaced by the step
# named: `moved\[k\] \+= 1j \* eps` overwrites
def complex_step(loss, v, eps=1e-30):
    dv = np.zeros_like(v)
    for k in np.ndindex(v.shape):
        z = v.astype(complex)
        z[k] = 1j * eps
        dv[k] = loss(z).imag / eps
    return dv


# %% wrong complex_step: entries stay moved when the next one's turn comes
def complex_step(loss, v, eps=1e-30):
    dv, z = np.zeros_like(v), v.astype(complex)
    for k in np.ndindex(v.shape):
        z[k] += 1j * eps
        dv[k] = loss(z).imag / eps
    return dv


# %% wrong relative_error: entry by entry, the largest is not taken
def relative_error(a, b):
    return np.abs(a - b) / (max(np.abs(a).max(), np.abs(b).max()) + 1e-30)


# %% wrong relative_error: a mean in the place of the largest, and NaN for zeros
def relative_error(a, b):
    return np.abs(a - b).mean() / max(np.abs(a).max(), np.abs(b).max())


# %% wrong relative_error: scaled by the sum of both sizes, and NaN for zeros
def relative_error(a, b):
    return np.abs(a - b).max() / (np.abs(a).max() + np.abs(b).max())


# %% wrong relative_error: never looks at its arguments
def relative_error(a, b):
    return 0.0


# %% wrong cross_entropy: no shift before the exponential
def cross_entropy(u, y):
    rows = np.arange(len(u))
    du = softmax(u)
    du[rows, y] -= 1
    return (np.log(np.exp(u).sum(axis=1)) - u[rows, y]).mean(), du / len(u)


# %% wrong cross_entropy: the logarithm of a probability that may have come out as 0
def cross_entropy(u, y):
    rows, p = np.arange(len(u)), softmax(u)
    L = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return L, p / len(u)


# %% wrong central: a difference to one side
def central(loss, v, eps=1e-5):
    dv, here = np.zeros_like(v), loss(v)
    for k in np.ndindex(v.shape):
        up = v.copy()
        up[k] += eps
        dv[k] = (loss(up) - here) / eps
    return dv
