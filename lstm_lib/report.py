"""What the chapters print beside their derivations."""

import numpy as np


def row(name, v, width=14):
    """Print a number, a row or a matrix beside its name, four decimals each."""
    for line in np.atleast_2d(np.round(v, 4) + 0.0):  # + 0.0 makes -0 a 0
        print(f"{name:{width}}" + "".join(f"{e:9.4f}" for e in line))
        name = ""
