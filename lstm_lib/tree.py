"""Nested tuples of arrays as one thing: parameters, states, caches and their gradients.

None stands for "nothing here" and stays None.
"""

import math

import numpy as np


def map(f, tree, *others):
    """The tree of f(array), with the arrays in the others' same place as further arguments."""
    if isinstance(tree, tuple):
        return _like(tree, [map(f, *branches) for branches in zip(tree, *others, strict=True)])
    return None if tree is None else f(tree, *others)


def leaves(tree):
    """The arrays of a tree, in the order of its fields."""
    if isinstance(tree, tuple):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [] if tree is None else [tree]


def named_leaves(tree, prefix=""):
    """Pairs (dotted field name, array), in the order of the fields; a plain tuple counts from 0."""
    if isinstance(tree, tuple):
        parts = zip(_names(tree, prefix), tree, strict=True)
        return [pair for name, branch in parts for pair in named_leaves(branch, name)]
    return [] if tree is None else [(prefix, tree)]


def from_named(form, arrays, prefix=""):
    """The tree of that form with its leaves from a dict, by the names of `named_leaves`.

    Raises: KeyError for a name that is not there.
    """
    if isinstance(form, tuple):
        parts = zip(_names(form, prefix), form, strict=True)
        return _like(form, [from_named(branch, arrays, name) for name, branch in parts])
    return None if form is None else arrays[prefix]


def stack(trees):
    """One tree whose arrays have a new first axis, from a list of trees of the same shape."""
    return map(lambda *arrays: np.stack(arrays), *trees)


def empty(T, tree):
    """Room for T trees of this shape, stacked."""
    return map(lambda v: np.empty((T, *v.shape), v.dtype), tree)


def put(stacked, t, tree):
    """Write a tree into place t of a stacked one."""
    for room, v in zip(leaves(stacked), leaves(tree), strict=True):
        room[t] = v


def unstack(tree):
    """The list of trees that `stack` would join."""
    if isinstance(tree, tuple):
        return [_like(tree, parts) for parts in zip(*(unstack(b) for b in tree), strict=True)]
    return list(tree)


def at(tree, index):
    """The tree of array[index]: step t of a stacked tree, or a slice of its steps."""
    return map(lambda v: v[index], tree)


def add(tree, other):
    """Sum of two trees, array by array."""
    return map(np.add, tree, other)


def zeros_like(tree):
    """A tree of zeros with the same shapes and dtypes."""
    return map(np.zeros_like, tree)


def astype(tree, dtype):
    """The tree with each array converted to dtype."""
    return map(lambda v: v.astype(dtype, copy=False), tree)


def norm(tree):
    """Euclidean norm of all entries of all arrays together, a float; float32 does not overflow."""
    return math.sqrt(sum(np.square(np.abs(v), dtype=np.float64).sum() for v in leaves(tree)))


def _names(tree, prefix):
    """Dotted names of a tuple's branches."""
    names = getattr(tree, "_fields", range(len(tree)))
    return [f"{prefix}.{name}" if prefix else f"{name}" for name in names]


def _like(tree, parts):
    """A tuple of the tree's type with other parts."""
    return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
