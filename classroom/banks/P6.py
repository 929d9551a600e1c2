# ruff: noqa: F811, F821
"""Programs for P6: right ones in several hands, and wrong ones."""


# %% right: number by number, in loops
def gru_backward(params, x, h_0, dh, dh_last):
    (T, N, D), H = x.shape, h_0.shape[1]
    h, gates = gru_forward(params, x, h_0)
    W_h, dx = params["W_h"], np.zeros_like(x)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    arriving = dh_last.copy()
    for t in range(T - 1, -1, -1):
        arriving += dh[t]
        passed_on = np.zeros((N, H))
        for n in range(N):
            r, z, new = (gates[k][t, n] for k in "rzn")
            da = np.zeros(3 * H)
            for j in range(H):
                d = arriving[n, j]
                da[H + j] = d * (h[t, n, j] - new[j]) * z[j] * (1 - z[j])
                da[2 * H + j] = d * (1 - z[j]) * (1 - new[j] ** 2)
                passed_on[n, j] += d * z[j]
            for m in range(H):
                dq = sum(W_h[m, 2 * H + j] * da[2 * H + j] for j in range(H))
                da[m] = dq * h[t, n, m] * r[m] * (1 - r[m])
                passed_on[n, m] += dq * r[m]
            for m in range(H):
                for k in range(2 * H):
                    passed_on[n, m] += W_h[m, k] * da[k]
                    grads["W_h"][m, k] += h[t, n, m] * da[k]
                for k in range(2 * H, 3 * H):
                    grads["W_h"][m, k] += r[m] * h[t, n, m] * da[k]
            grads["b"] += da
            for m in range(D):
                grads["W_x"][m] += x[t, n, m] * da
                dx[t, n, m] = params["W_x"][m] @ da
        arriving = passed_on
    return {**grads, "x": dx, "h_0": arriving}


def reset_after_backward(params, x, h_0, dh, dh_last):
    (T, N, D), H = x.shape, h_0.shape[1]
    h, gates = reset_after_forward(params, x, h_0)
    grads, dx = {k: np.zeros_like(v) for k, v in params.items()}, np.zeros_like(x)
    arriving = dh_last.copy()
    for t in range(T - 1, -1, -1):
        arriving += dh[t]
        passed_on = np.zeros((N, H))
        for n in range(N):
            r, z, new, m = (gates[k][t, n] for k in "rznm")
            da_n = arriving[n] * (1 - z) * (1 - new**2)
            da_z = arriving[n] * (h[t, n] - new) * z * (1 - z)
            da_r = da_n * m * r * (1 - r)
            for j, v in enumerate(np.concatenate([da_r, da_z, da_n])):
                inside = v if j < 2 * H else v * r[j - 2 * H]
                grads["b"][j] += v
                if j >= 2 * H:
                    grads["b_n"][j - 2 * H] += inside
                for k in range(D):
                    grads["W_x"][k, j] += x[t, n, k] * v
                    dx[t, n, k] += params["W_x"][k, j] * v
                for k in range(H):
                    grads["W_h"][k, j] += h[t, n, k] * inside
                    passed_on[n, k] += params["W_h"][k, j] * inside
            passed_on[n] += arriving[n] * z
        arriving = passed_on
    return {**grads, "x": dx, "h_0": arriving}


# %% right: with einsum, the products after the loop
def gru_backward(params, x, h_0, dh, dh_last):
    h, gates = gru_forward(params, x, h_0)
    r, z, n = gates["r"], gates["z"], gates["n"]
    H = h_0.shape[1]
    W_g, W_n = params["W_h"][:, : 2 * H], params["W_h"][:, 2 * H :]
    da = np.empty((*x.shape[:2], 3 * H))
    for t in range(len(x))[::-1]:
        dh_last = dh_last + dh[t]
        da[t, :, 2 * H :] = dh_last * (1 - z[t]) * (1 - n[t] ** 2)
        dq = np.einsum("nk,hk->nh", da[t, :, 2 * H :], W_n)
        da[t, :, :H] = dq * h[t] * r[t] * (1 - r[t])
        da[t, :, H : 2 * H] = dh_last * (h[t] - n[t]) * z[t] * (1 - z[t])
        dh_last = dh_last * z[t] + dq * r[t] + np.einsum("nk,hk->nh", da[t, :, : 2 * H], W_g)
    gated = np.einsum("tnh,tnk->hk", h[:-1], da[..., : 2 * H])
    candidate = np.einsum("tnh,tnk->hk", r * h[:-1], da[..., 2 * H :])
    return {
        "W_x": np.einsum("tnd,tnk->dk", x, da),
        "W_h": np.hstack([gated, candidate]),
        "b": np.einsum("tnk->k", da),
        "x": np.einsum("tnk,dk->tnd", da, params["W_x"]),
        "h_0": dh_last,
    }


# %% right: in place, and it overwrites what it was given
def reset_after_backward(params, x, h_0, dh, dh_last):
    h, gates = reset_after_forward(params, x, h_0)
    H, grads = h_0.shape[1], {k: 0.0 for k in params}
    for t in reversed(range(len(x))):
        r, z, n, m = (gates[k][t] for k in "rznm")
        dh_last += dh[t]
        outside = np.empty((len(h_0), 3 * H))
        outside[:, 2 * H :] = dh_last * (1 - z) * (1 - n**2)
        outside[:, H : 2 * H] = dh_last * (h[t] - n) * z * (1 - z)
        outside[:, :H] = outside[:, 2 * H :] * m * r * (1 - r)
        inside = outside.copy()
        inside[:, 2 * H :] *= r
        grads["W_x"] = grads["W_x"] + x[t].T @ outside
        grads["W_h"] = grads["W_h"] + h[t].T @ inside
        grads["b"] = grads["b"] + outside.sum(axis=0)
        grads["b_n"] = grads["b_n"] + inside[:, 2 * H :].sum(axis=0)
        x[t] = outside @ params["W_x"].T
        dh_last *= z
        dh_last += inside @ params["W_h"].T
    return {**grads, "x": x, "h_0": dh_last}


# %% right: a class for both, the placement a flag
class GRU:
    def __init__(self, params, after):
        self.p, self.after = params, after
        self.grads = {k: np.zeros_like(v) for k, v in params.items()}

    def back(self, x, h, r, z, n, m, dh):
        W_r, W_z, W_n = np.split(self.p["W_h"], 3, axis=1)
        da_n = dh * (1 - z) * (1 - n * n)
        da_z = dh * (h - n) * z * (1 - z)
        if self.after:
            dm = da_n * r
            da_r = da_n * m * r * (1 - r)
            carried, to_n = dm @ W_n.T, h.T @ dm
            self.grads["b_n"] += dm.sum(0)
        else:
            dq = da_n @ W_n.T
            da_r = dq * h * r * (1 - r)
            carried, to_n = dq * r, (r * h).T @ da_n
        da = np.hstack([da_r, da_z, da_n])
        self.grads["W_x"] += x.T @ da
        self.grads["W_h"] += np.hstack([h.T @ da_r, h.T @ da_z, to_n])
        self.grads["b"] += da.sum(0)
        return da @ self.p["W_x"].T, carried + da_r @ W_r.T + da_z @ W_z.T + z * dh


def both(params, x, dh, arriving, h, gates):
    net, dx = GRU(params, "m" in gates), np.zeros_like(x)
    for t in reversed(range(len(x))):
        r, z, n = (gates[k][t] for k in "rzn")
        m = gates["m"][t] if "m" in gates else None
        dx[t], arriving = net.back(x[t], h[t], r, z, n, m, dh[t] + arriving)
    return {**net.grads, "x": dx, "h_0": arriving}


def gru_backward(params, x, h_0, dh, dh_last):
    return both(params, x, dh, dh_last, *gru_forward(params, x, h_0))


def reset_after_backward(params, x, h_0, dh, dh_last):
    return both(params, x, dh, dh_last, *reset_after_forward(params, x, h_0))


# %% right: float32 inside
def in_single(function):
    def single(params, *rest):
        params = {k: v.astype(np.float32) for k, v in params.items()}
        return function(params, *(v.astype(np.float32) for v in rest))

    return single


gru_backward = in_single(gru_backward)
reset_after_backward = in_single(reset_after_backward)


# %% right: names of the source articles, u for the update gate
def gru_backward(params, x, h_0, dh, dh_last):
    S, gates = gru_forward(params, x, h_0)
    Ur, Uu, Uc = np.split(params["W_h"], 3, axis=1)
    Vr, Vu, Vc = np.split(params["W_x"], 3, axis=1)
    dU, dV, db = [0, 0, 0], [0, 0, 0], [0, 0, 0]
    dX, later = [], dh_last
    for t in range(len(x) - 1, -1, -1):
        R, U, C = gates["r"][t], gates["z"][t], gates["n"][t]
        dS = dh[t] + later
        dC = dS * (1 - U) * (1 - C**2)
        dU_gate = dS * (S[t] - C) * U * (1 - U)
        back = np.dot(dC, Uc.T)
        dR = back * S[t] * R * (1 - R)
        for k, (d, state) in enumerate(((dR, S[t]), (dU_gate, S[t]), (dC, S[t] * R))):
            dU[k] = dU[k] + np.dot(state.T, d)
            dV[k] = dV[k] + np.dot(x[t].T, d)
            db[k] = db[k] + d.sum(axis=0)
        dX.append(np.dot(dR, Vr.T) + np.dot(dU_gate, Vu.T) + np.dot(dC, Vc.T))
        later = dS * U + np.dot(dR, Ur.T) + np.dot(dU_gate, Uu.T) + back * R
    grads = {"W_x": np.hstack(dV), "W_h": np.hstack(dU), "b": np.concatenate(db)}
    return grads | {"x": np.array(dX[::-1]), "h_0": later}


# %% right: by recursion, the last step first
def reset_after_backward(params, x, h_0, dh, dh_last):
    if not len(x):
        grads = {k: np.zeros_like(v) for k, v in params.items()}
        return grads | {"x": np.zeros_like(x), "h_0": dh_last}
    h, gates = reset_after_forward(params, x, h_0)
    r, z, n, m = (gates[k][-1] for k in "rznm")
    d = dh_last + dh[-1]
    da_n = d * (1 - z) * (1 - n**2)
    gates_only = [da_n * m * r * (1 - r), d * (h[-2] - n) * z * (1 - z)]
    da, da_h = np.hstack([*gates_only, da_n]), np.hstack([*gates_only, da_n * r])
    before = z * d + da_h @ params["W_h"].T
    rest = reset_after_backward(params, x[:-1], h_0, dh[:-1], before)
    own = {"W_x": x[-1].T @ da, "W_h": h[-2].T @ da_h}
    own |= {"b": da.sum(axis=0), "b_n": (da_n * r).sum(axis=0)}
    dx = np.concatenate([rest["x"], (da @ params["W_x"].T)[None]])
    return {k: rest[k] + v for k, v in own.items()} | {"x": dx, "h_0": rest["h_0"]}


# %% right: tuples instead of dictionaries
in_a_dict, in_another = gru_backward, reset_after_backward


def gru_backward(params, x, h_0, dh, dh_last):
    grads = in_a_dict(params, x, h_0, dh, dh_last)
    return tuple(grads[k] for k in ("W_x", "W_h", "b", "x", "h_0"))


def reset_after_backward(params, x, h_0, dh, dh_last):
    grads = in_another(params, x, h_0, dh, dh_last)
    return tuple(grads[k] for k in ("W_x", "W_h", "b", "b_n", "x", "h_0"))


# %% right: with 1 - z as a gate of its own
def gru_backward(params, x, h_0, dh, dh_last):
    h, gates = gru_forward(params, x, h_0)
    W_hr, W_hz, W_hn = np.split(params["W_h"], 3, axis=1)
    dW_x, dW_h, db, dx = [], [], [], np.empty_like(x)
    for t in range(len(x))[::-1]:
        r, keep, n = gates["r"][t], gates["z"][t], gates["n"][t]
        take, dh_t = 1 - keep, dh_last + dh[t]
        dtake = dh_t * n - dh_t * h[t]
        da_z = -dtake * take * keep
        da_n = (dh_t * take) / np.cosh(np.arctanh(n)) ** 2
        da_r = (da_n @ W_hn.T) * h[t] * (r - r**2)
        da = np.concatenate([da_r, da_z, da_n], axis=1)
        dW_x.append(x[t].T @ da)
        dW_h.append(np.hstack([h[t].T @ da_r, h[t].T @ da_z, (h[t] * r).T @ da_n]))
        db.append(da.sum(axis=0))
        dx[t] = da @ params["W_x"].T
        dh_last = (
            keep * dh_t
            + (da_n @ W_hn.T) * r
            + np.hstack([da_r, da_z]) @ np.vstack([W_hr.T, W_hz.T])
        )
    return {"W_x": sum(dW_x), "W_h": sum(dW_h), "b": sum(db), "x": dx, "h_0": dh_last}


# %% right: gru_backward without frills, which the wrong ones below change
def gru_backward(params, x, h_0, dh, dh_last):
    h, gates = gru_forward(params, x, h_0)
    W_hr, W_hz, W_hn = np.split(params["W_h"], 3, axis=1)
    dW_x, dW_h = np.zeros_like(params["W_x"]), np.zeros_like(params["W_h"])
    db, dx = np.zeros_like(params["b"]), np.zeros_like(x)
    dh_t = dh_last
    for t in reversed(range(len(x))):
        r, z, n = (gates[k][t] for k in "rzn")
        dh_t = dh_t + dh[t]
        da_z = dh_t * (h[t] - n) * z * (1 - z)
        da_n = dh_t * (1 - z) * (1 - n**2)
        dq = da_n @ W_hn.T
        da_r = dq * h[t] * r * (1 - r)
        da = np.hstack([da_r, da_z, da_n])
        dW_x += x[t].T @ da
        dW_h += np.hstack([h[t].T @ da_r, h[t].T @ da_z, (r * h[t]).T @ da_n])
        db += da.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_t = dh_t * z + dq * r + da_r @ W_hr.T + da_z @ W_hz.T
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "x": dx, "h_0": dh_t}


# %% wrong gru_backward: the update gate's gradient has the other sign
# named: is turned round
# -         da_z = dh_t * (h[t] - n) * z * (1 - z)
# +         da_z = dh_t * (n - h[t]) * z * (1 - z)


# %% wrong gru_backward: z and 1 - z are exchanged in the candidate
# named: `1 - z` is only `z`
# -         da_n = dh_t * (1 - z) * (1 - n**2)
# +         da_n = dh_t * z * (1 - n**2)


# %% wrong gru_backward: the direct path through z is lost
# named: `dh_t \* z` is lost
# -         dh_t = dh_t * z + dq * r + da_r @ W_hr.T + da_z @ W_hz.T
# +         dh_t = dq * r + da_r @ W_hr.T + da_z @ W_hz.T


# %% wrong gru_backward: the path through the reset state is lost
# named: `dq \* r` is lost
# -         dh_t = dh_t * z + dq * r + da_r @ W_hr.T + da_z @ W_hz.T
# +         dh_t = dh_t * z + da_r @ W_hr.T + da_z @ W_hz.T


# %% wrong gru_backward: the reset is forgotten on the way to the state before
# named: `r` is lost from `dq \* r`
# -         dh_t = dh_t * z + dq * r + da_r @ W_hr.T + da_z @ W_hz.T
# +         dh_t = dh_t * z + dq + da_r @ W_hr.T + da_z @ W_hz.T


# %% wrong gru_backward: the candidate's weights see the state without its reset
# named: `r` is lost from `r \* h\[t\]`
# -         dW_h += np.hstack([h[t].T @ da_r, h[t].T @ da_z, (r * h[t]).T @ da_n])
# +         dW_h += np.hstack([h[t].T @ da_r, h[t].T @ da_z, h[t].T @ da_n])


# %% wrong gru_backward: the reset gate sends nothing to the state before
# named: `da_r @ W_hr.T` is lost
# -         dh_t = dh_t * z + dq * r + da_r @ W_hr.T + da_z @ W_hz.T
# +         dh_t = dh_t * z + dq * r + da_z @ W_hz.T


# %% wrong gru_backward: the reset gate's slope is lost
# named: `r \* \(1 - r\)` is lost
# -         da_r = dq * h[t] * r * (1 - r)
# +         da_r = dq * h[t]


# %% wrong gru_backward: nothing from beyond the last state
# named: from beyond the sequence is not used
# -     dh_t = dh_last
# +     dh_t = 0 * dh_last


# %% wrong gru_backward: the gradient that comes from the step after is overwritten
# named: `dh_t` is lost from
# -         dh_t = dh_t + dh[t]
# +         dh_t = dh[t]


# %% wrong gru_backward: the bias is averaged over the batch
# named: is `da.mean\(axis=0\)`
# -         db += da.sum(axis=0)
# +         db += da.mean(axis=0)


# %% wrong gru_backward: the candidate gets a sigmoid's slope
# named: `1 - n \*\* 2` is the slope of a sigmoid
# -         da_n = dh_t * (1 - z) * (1 - n**2)
# +         da_n = dh_t * (1 - z) * n * (1 - n)


# %% right: reset_after_backward without frills, which the wrong ones below change
def reset_after_backward(params, x, h_0, dh, dh_last):
    h, gates = reset_after_forward(params, x, h_0)
    grads, dx = {k: np.zeros_like(v) for k, v in params.items()}, np.zeros_like(x)
    dh_t = dh_last
    for t in reversed(range(len(x))):
        r, z, n, m = (gates[k][t] for k in "rznm")
        dh_t = dh_t + dh[t]
        da_z = dh_t * (h[t] - n) * z * (1 - z)
        da_n = dh_t * (1 - z) * (1 - n**2)
        da_r = da_n * m * r * (1 - r)
        dm = da_n * r
        da = np.hstack([da_r, da_z, da_n])
        da_h = np.hstack([da_r, da_z, dm])
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += h[t].T @ da_h
        grads["b"] += da.sum(axis=0)
        grads["b_n"] += dm.sum(axis=0)
        dx[t] = da @ params["W_x"].T
        dh_t = dh_t * z + da_h @ params["W_h"].T
    return {**grads, "x": dx, "h_0": dh_t}


# %% wrong reset_after_backward: the candidate's weights see no reset
# -         da_h = np.hstack([da_r, da_z, dm])
# +         da_h = np.hstack([da_r, da_z, da_n])


# %% wrong reset_after_backward: the bias inside the reset gets the gradient of the one outside
# -         grads["b_n"] += dm.sum(axis=0)
# +         grads["b_n"] += da_n.sum(axis=0)


# %% wrong reset_after_backward: the reset gate reads the state instead of the product
# -         da_r = da_n * m * r * (1 - r)
# +         da_r = da_n * h[t] * r * (1 - r)


# %% wrong reset_after_backward: the direct path through z is lost
# named: `dh_t \* z` is lost
# -         dh_t = dh_t * z + da_h @ params["W_h"].T
# +         dh_t = da_h @ params["W_h"].T


# %% wrong reset_after_backward: the update gate's slope is lost
# named: `z \* \(1 - z\)` is lost
# -         da_z = dh_t * (h[t] - n) * z * (1 - z)
# +         da_z = dh_t * (h[t] - n)


# %% wrong reset_after_backward: the recurrent weights see the new state
# named: `h\[t\]` is read as `h\[t \+ 1\]`
# -         grads["W_h"] += h[t].T @ da_h
# +         grads["W_h"] += h[t + 1].T @ da_h
