"""Train the GRU with as many parameters as chapter 8's LSTM on the adding problem (chapter 9).

python book/data/adding_gru.py book/data/adding-gru.npz
"""

import sys

import adding
import numpy as np

# 3 H (D + H + 1) = 4,440 for D = 2, beside the LSTM's 4,480 with 32 units.
H = 37


def main(out):
    adding.H, results = H, {}
    for T in adding.LAGS:
        runs = [adding.windows(adding.one_run("GRU", T, seed)) for seed in adding.SEEDS]
        results[f"GRU/{T}"] = np.array(runs, np.float32)  # (seeds, 3, points)
        last = results[f"GRU/{T}"][:, 0, -1]
        print(f"GRU T = {T:3}  squared error", *(f"{v:.4f}" for v in sorted(last)), flush=True)
    np.savez_compressed(out, **results)


if __name__ == "__main__":
    main(sys.argv[1])
