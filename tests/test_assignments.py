"""Assignments: sources run, student versions are theirs without solutions, nothing leaks."""

import html
import importlib.util
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from classroom import release

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
SOURCES = {path.stem: path for path in release.sources()}
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.S)
needs_nbgrader = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed"
)


def student(name):
    return nbformat.read(release.FOLDER / f"{name}.ipynb", 4)


def run(notebook, folder):
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}}).execute()


def test_there_is_a_student_version_of_each_source_and_no_other():
    assert {path.stem for path in release.FOLDER.glob("*.ipynb")} == set(SOURCES)


@needs_nbgrader
@pytest.mark.parametrize("name", SOURCES)
def test_student_versions_are_what_nbgrader_makes_of_the_sources(name):
    source = nbformat.read(SOURCES[name], 4)
    assert release.student_version(name, source) == student(name)


@pytest.mark.parametrize("name", SOURCES)
def test_student_versions_stop_where_the_first_solution_is_needed(name, tmp_path):
    notebook = student(name)
    with pytest.raises(CellExecutionError, match="NotImplementedError"):
        run(notebook, tmp_path)
    failed = [
        c for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", []))
    ]
    assert failed[0].metadata.nbgrader.grade, f"{failed[0].id} is no check"


@pytest.mark.parametrize("name", SOURCES)
def test_sources_are_whole(name):
    cells = nbformat.read(SOURCES[name], 4).cells
    assert all("nbgrader" in c.metadata for c in cells)
    assert sum(c.metadata.nbgrader.get("points", 0) for c in cells) == 100
    assert re.match(rf"# {name}: ", cells[0].source)
    code = "\n".join(c.source for c in cells if c.cell_type == "code")
    imports = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.M))
    assert imports <= {"numpy"}, imports
    assert all(not c.get("outputs") for c in cells)
    assert "### BEGIN SOLUTION" in code


@pytest.mark.parametrize("name", SOURCES)
def test_student_versions_hold_no_solution(name):
    text = "\n".join(c.source for c in student(name).cells)
    assert "SOLUTION" not in text
    for solution in solutions(name):
        assert normal(solution) not in normal(text)


def solutions(name):
    return [s for c in nbformat.read(SOURCES[name], 4).cells for s in SOLUTION.findall(c.source)]


def normal(text):
    return " ".join(text.split())


@pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the book has not been built")
def test_no_solution_is_on_the_built_site():
    """Whole solutions, since single lines stand in chapters; but those that a later one gives."""
    given = normal("\n".join(c.source for name in SOURCES for c in student(name).cells))
    wanted = {normal(s) for name in SOURCES for s in solutions(name) if len(s.splitlines()) > 2}
    wanted = {solution for solution in wanted if solution not in given}
    assert wanted
    for file in filter(Path.is_file, SITE.rglob("*")):
        if file.suffix in (".html", ".ipynb", ".txt", ".js", ".json", ".py", ".md"):
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".ipynb":
                text = "\n".join("".join(c["source"]) for c in json.loads(text)["cells"])
            if file.suffix == ".html":
                text = html.unescape(re.sub(r"<[^>]+>", "", text))
            assert "### BEGIN SOLUTION" not in text, file
            found = [s for s in wanted if s in normal(text)]
            assert not found, f"{file}: {found[0]}"


def test_an_unknown_assignment_is_named(capsys):
    with pytest.raises(SystemExit) as stopped:
        release.main(["P9"])
    assert stopped.value.code == 2
    assert "expected one of P" in capsys.readouterr().err
