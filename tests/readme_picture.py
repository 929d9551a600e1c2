"""Draw the README's picture, which follows light and dark: python tests/readme_picture.py"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from lstm_lib import bptt, data, lstm, page, plots, readout, train, tree

BOOK = Path(__file__).parents[1] / "book"
BEFORE, SHOWN = 400, 46

model, vocab = train.load(BOOK / "data/persuasion-lstm.npz", lstm)
model = tree.astype(model, np.float64)
_, held_out = data.split((BOOK / "data/persuasion.txt").read_text(encoding="utf-8"))
start = held_out.index("You pierce my soul")
ids = data.encode(held_out[start - BEFORE : start + SHOWN + 1], vocab)[:, None]

run, u = train.forward(lstm, model, ids[:-1])
last = np.zeros(u.shape[:2])
last[-1] = 1
_, du = readout.cross_entropy(u, ids[1:], w=last)
dh, _ = readout.backward(model.readout, run.h, du)
grads = bptt.backward(lstm, model.cell, run, dh)
norms = [np.linalg.norm(dstate.h) for dstate in grads.dstates[-SHOWN:]]
assert round(norms[-1]) == 3  # as the README says of the picture
assert norms[0] < 1e-3

f = run.caches.gates.f[-SHOWN:, 0]
units = np.argsort(f.mean(axis=0))[np.linspace(0, 127, 8).round().astype(int)]
fig, (top, bottom) = plt.subplots(2, figsize=(4.6, 2.6), height_ratios=(1.6, 1), sharex=True)
plots.gates(f[:, units], top, "f")
bottom.plot(np.arange(SHOWN) + 0.5, norms, color=plots.colour("grad"))
bottom.set(yscale="log", ylabel="|dL/dh|", xticks=np.arange(SHOWN) + 0.5)
bottom.set_xticklabels(held_out[start : start + SHOWN].replace("\n", " "), family="monospace")
bottom.tick_params(axis="x", length=0)
bottom.minorticks_off()

words = (
    "Forget gates of eight units while an LSTM reads a sentence, and the gradient of its last loss."
)
tag, drawing = str(page.svg(fig, "readme", words)).split(">", 1)
style = "".join(
    f"{media}{{:root{{{''.join(f'--c-{n}:{pair[k]};' for n, pair in plots.COLOURS.items())}}}}}"
    for k, media in enumerate(("@media all", "@media (prefers-color-scheme: dark)"))
)
style += ":root{--f-mono:monospace;--f-stix:serif;font-family:sans-serif}"
alone = tag.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
picture = f"{alone}><style>{style}</style>{drawing}"
(BOOK / "_static/readme.svg").write_text(picture, encoding="utf-8")
