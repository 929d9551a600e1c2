"""Write the student versions of the assignments, as nbgrader makes them.

python -m classroom.release [P1 ...]
"""

import argparse
import logging
import tempfile
from pathlib import Path

import nbformat
from traitlets.config import Config

FOLDER = Path(__file__).parents[1] / "book" / "assignments"


def student_version(name, notebook):
    """A source notebook without its solutions, locked and with nbgrader's checksums.

    Raises: ModuleNotFoundError that says what to install if nbgrader is missing.
    """
    try:
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "nbgrader is needed to make student versions: pip install -r requirements-dev.txt"
        ) from error
    with tempfile.TemporaryDirectory() as root:
        place = Path(root, "source", name)
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{name}.ipynb")
        course = CourseDirectory(root=root, assignment_id=name)
        config = Config({"SaveCells": {"enabled": False}})  # no gradebook
        converter = GenerateAssignment(coursedir=course, no_database=True, config=config)
        converter.log.setLevel(logging.ERROR)
        converter.start()
        notebook = nbformat.read(Path(root, "release", name, f"{name}.ipynb"), as_version=4)
    # Unsolved cells raise: the page shows the notebook without running it.
    notebook.metadata["mystnb"] = {"execution_mode": "off"}
    return notebook


def student(name):
    """The student version that the book shows."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def sources(names=()):
    """Paths of the assignments' sources, of all or of those named."""
    found = {path.stem: path for path in sorted(FOLDER.glob("source/*/*.ipynb"))}
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise ValueError(f"assignment: expected one of {', '.join(found)}, got {unknown[0]}")
    return [found[name] for name in names or found]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m classroom.release", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="P1", help="all of them if none is named")
    options = parser.parse_args(arguments)
    try:
        paths = sources(options.names)
    except ValueError as error:
        parser.error(str(error))
    for path in paths:
        out = FOLDER / f"{path.stem}.ipynb"
        nbformat.write(student_version(path.stem, nbformat.read(path, as_version=4)), out)
        print(out.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    main()
