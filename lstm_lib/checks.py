"""What the library asks of the arrays that enter it.

Each function returns its argument as an array, or raises a ValueError that names the argument, what
was expected and what came. In a shape, a number must be met and a letter is any length above 0.
"""

import numpy as np

DTYPES = ("float32", "float64", "complex128")


def array(name, value):
    """Anything that numpy makes an array of."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: expected an array, got rows of different lengths") from None


def shape(name, value, expected):
    """An array of the expected shape."""
    value = array(name, value)
    fits = value.ndim == len(expected) and all(
        got > 0 if isinstance(want, str) else got == want
        for got, want in zip(value.shape, expected, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(want) for want in expected)
        raise ValueError(f"{name}: expected shape ({wanted}), no length 0, got {value.shape}")
    return value


def numbers(name, value, expected):
    """A float32, float64 or complex128 array of the expected shape without NaN."""
    value = array(name, value)
    if value.dtype.name not in DTYPES:
        raise ValueError(f"{name}: expected dtype {', '.join(DTYPES)}, got {value.dtype}")
    value = shape(name, value, expected)
    if np.isnan(value.min()):
        raise ValueError(
            f"{name}: expected numbers, got NaN in {np.isnan(value).sum()} of {value.size} places"
        )
    return value


def truths(name, value, expected):
    """A bool array of the expected shape, from truth values or from numbers 0 and 1."""
    value = shape(name, value, expected)
    others = value[~np.isin(value, (0, 1))]
    if others.size:
        raise ValueError(f"{name}: expected True and False, or 1 and 0, got {others[0]}")
    return value.astype(bool)


def tokens(name, value, expected, size):
    """An integer array of the expected shape with entries from 0 to size - 1."""
    value = array(name, value)
    if value.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers, got {value.dtype}")
    value = shape(name, value, expected)
    outside = value[(value < 0) | (value >= size)]
    if outside.size:
        raise ValueError(f"{name}: expected integers from 0 to {size - 1}, got {outside[0]}")
    return value


def fields(name, value, expected):
    """A NamedTuple with the expected fields."""
    came = getattr(value, "_fields", None)
    if came != expected:
        got = f"({', '.join(came)})" if came else type(value).__name__
        raise ValueError(f"{name}: expected the fields ({', '.join(expected)}), got {got}")
    return value


def like(name, value, expected):
    """A tree with the fields, and arrays with the shapes, of a tree of shapes."""
    if not hasattr(expected, "_fields"):
        return numbers(name, value, expected)
    parts = zip(expected._fields, fields(name, value, expected._fields), expected, strict=True)
    return type(expected)(*(like(f"{name}.{field}", v, want) for field, v, want in parts))


def sizes(cell, value):
    """D and H of a cell's Params: W_x tells D, and W_h tells H if there is one, else W_x too."""
    D, K = shape("params.W_x", value.W_x, "DK").shape
    if "W_h" not in value._fields:
        return D, K // cell.shapes(1, 1).W_x[1]
    return D, len(shape("params.W_h", value.W_h, "HK"))


def params(cell, value):
    """A cell's Params, whose arrays fit each other."""
    fields("params", value, cell.Params._fields)
    expected = cell.shapes(*sizes(cell, value))
    if "W_h" in value._fields:
        # First, since a wrong H would be blamed on the width of W_x.
        shape("params.W_h", value.W_h, expected.W_h)
    return like("params", value, expected)


def count(name, value, least=1):
    """An integer of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: expected an integer of at least {least}, got {value!r}")
    return int(value)


def positive(name, value):
    """A number above 0."""
    if not value > 0:
        raise ValueError(f"{name}: expected a positive number, got {value!r}")
    return value


def expect(right, what, wanted, got):
    """Raise ValueError that says of `what` what was wanted and what came, unless it is right."""
    if not right:
        raise ValueError(f"{what}: expected {wanted}; got {got}")
