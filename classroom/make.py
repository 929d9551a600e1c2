"""Write the student notebook of P5 or P6 with the cell that is drawn from a class's seed.

    python -m classroom.make P5 --seed-file SEED [--out FILE]

The seed file holds one line of hex digits. The same seed gives the same notebook, byte for byte.
"""

import argparse
import sys
from pathlib import Path

import nbformat
import numpy as np

from . import own_cell, release

SOURCES = release.FOLDER / "source"
ASSIGNMENTS = "P5", "P6"
SIZES = {"T": 3, "N": 2, "D": 4, "H": 5}  # of the visible check


class BadInput(Exception):
    """One line for whoever called."""


def main(argv=None):
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.make",
        description="Write the student notebook of P5 or P6, part (b) drawn from a seed.",
    )
    parser.add_argument("assignment", help="P5 or P6")
    parser.add_argument("--seed-file", required=True, help="one line of hex digits")
    parser.add_argument("--out", help="where to write; P5.ipynb or P6.ipynb if not given")
    options = parser.parse_args(argv)
    try:
        out = write(options.assignment, options.seed_file, options.out)
    except BadInput as problem:
        print(f"classroom.make: {problem}", file=sys.stderr)
        return 2
    print(f"{out} is written.")
    return 0


def write(assignment, seed_file, out=None):
    """Write the notebook and return its path.

    Raises: BadInput.
    """
    if assignment not in ASSIGNMENTS:
        raise BadInput(f"there is no {assignment} with a cell of its own: choose P5 or P6")
    out = Path(out or f"{assignment}.ipynb")
    if SOURCES in out.resolve().parents:
        raise BadInput(f"{out} lies among the sources: name another file with --out")
    if not source_path(assignment).exists():
        raise BadInput(f"{source_path(assignment)} is missing: run this in the book's repository")
    notebook = notebook_of(assignment, read_seed(seed_file))
    try:
        notebook = release.student_version(assignment, notebook)
    except ModuleNotFoundError as error:
        raise BadInput(str(error)) from None
    try:
        out.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error.strerror}") from None
    return out


def source_path(assignment):
    return SOURCES / assignment / f"{assignment}.ipynb"


def read_seed(path):
    """The bytes of a seed file.

    Raises: BadInput.
    """
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise BadInput(f"cannot read the seed file {path}: {error.strerror}") from None
    if not text:
        raise BadInput(f"the seed file {path} is empty: expected one line of hex digits")
    if len(text.splitlines()) > 1:
        raise BadInput(f"the seed file {path} has more than one line: expected one of hex digits")
    try:
        return bytes.fromhex(text)
    except ValueError:
        expected = "expected hex digits, an even number of them"
        raise BadInput(f"the seed file {path} is not hex: {expected}") from None


def notebook_of(assignment, seed):
    """The source notebook with the class's cell in it, and no solution for that one."""
    notebook = nbformat.read(source_path(assignment), as_version=4)
    new = parts(own_cell.choose(assignment, seed))
    for cell in notebook.cells:
        cell.source = new.get(cell.id, cell.source)
    return notebook


def parts(cell):
    """What stands in the cells that belong to the class, by their id."""
    return {
        "own-equations": equations(cell),
        "own-forward": own_cell.source(cell),
        "own-backward": answer(cell),
        "check-own-backward": check(cell),
    }


def equations(cell):
    vectors = ", ".join(f"${v}$" for v in cell.vectors)
    return (
        f"$$\n{own_cell.equations(cell)}\n$$\n\n"
        f"Shapes: $x_t$ (N, D); all other quantities of a step (N, H); {vectors} (H,). "
        f"The blocks of `W_x`, `W_h` and `b` stand in the order ${', '.join(cell.gates)}$. "
        "Functions, fractions and powers work entry by entry."
    )


def answer(cell):
    params, others = own_cell.shapes(cell, **SIZES)
    starts, lasts = (", ".join(cell.each(form)) for form in ("{}_0", "d{}_last"))
    return f'''\
def own_backward(params, {", ".join(others)}):
    """Gradients of the cell over all steps.

    params: dict of {own_cell.says_params(cell)}.
    x (T, N, D); {starts} (N, H).
    dh (T, N, H): dh[t - 1] is what the loss of step t sends to h_t.
    {lasts} (N, H): what arrives at the last state from beyond.
    Returns a dict of {", ".join(own_cell.graded(cell, params, others))},
    each with the shape of what it is the gradient of.
    """
    ### BEGIN SOLUTION
    ### END SOLUTION'''


def check(cell):
    """Asserts on all shapes and on the numbers of dh_0."""
    params, others = own_cell.shapes(cell, **SIZES)
    inputs, calls = {}, {}
    for start, (k, shape) in enumerate((params | others).items()):
        inputs[k] = numbers(shape, start)
        calls[k] = f"numbers({', '.join(map(str, shape))}, start={start})"
    inputs["params"] = {k: inputs[k] for k in params}
    shapes = own_cell.graded(cell, params, others)
    rows = own_cell.gradient(cell, inputs)["h_0"].round(4).tolist()
    return "\n".join(
        [
            *("params = {", *(f'    "{k}": {calls[k]},' for k in params), "}"),
            *(f"{k} = {calls[k]}" for k in others),
            f"grads = own_backward(params, {', '.join(others)})",
            *("shapes = {", *(f'    "{k}": {shape},' for k, shape in shapes.items()), "}"),
            "expect_shapes(grads, shapes)",
            *("wanted = [", *(f"    {row}," for row in rows), "]"),
            'expect("h_0", grads["h_0"], wanted)',
        ]
    )


def numbers(shape, start):
    """The fixed numbers that the notebook computes with."""
    return np.sin(start + np.arange(np.prod(shape))).reshape(shape)


if __name__ == "__main__":
    sys.exit(main())
