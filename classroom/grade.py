"""Grade a folder of submissions: one row each, in a CSV file, and a page of feedback.

    python -m classroom.grade P5 SUBMISSIONS --seed-file SEED [--jobs 2] [--out grades.csv]
        [--feedback DIR] [--dask ADDRESS] [--unsafe]
    python -m classroom.grade --selftest P5 [--jobs 2]

SUBMISSIONS holds a folder per student, as nbgrader collects them, or a notebook per student. The
seed file is one line of hex digits, the one that the class's notebook was made from. Killed at any
moment and run again it takes up what is left and ends with the same file.
"""

import argparse
import contextlib
import csv
import fcntl
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path

import jinja2
from joblib import Parallel, delayed, parallel_config
from tqdm.auto import tqdm

from . import judge, sandbox, selftest, tasks
from .make import BadInput, read_seed

ASSIGNMENTS = (*tasks.TASKS, "P8")
LARGEST = 300 << 20  # bytes of a notebook
FEEDBACK = jinja2.Template(
    (Path(__file__).parent / "feedback.html").read_text(encoding="utf-8"), autoescape=True
)


def collect(folder, assignment):
    """Pairs (student, path or None), sorted: one for each folder or notebook in a folder.

    A student's folder may hold a folder of the assignment's name. Of several notebooks the one
    that is named after the assignment counts, else the latest. Links out of the folder are nothing.
    """
    found = {}
    for entry in sorted(Path(folder).iterdir()):
        if entry.is_dir():
            found[entry.name] = _of_student(entry, assignment)
        elif entry.suffix.lower() == ".ipynb":
            name = re.sub(rf"(?i)(?<![a-z0-9]){assignment}(?![0-9])", "", entry.stem)
            name = re.sub(r"\s+", " ", name).strip(" _-.,()[]") or entry.stem
            found[name if name not in found else entry.name] = _regular(entry, folder)
    return sorted(found.items())


def _of_student(entry, assignment):
    inner = entry / assignment
    places = [inner, entry] if inner.is_dir() else [entry]
    for place in places:
        notebooks = [p for p in place.iterdir() if p.suffix.lower() == ".ipynb"]
        notebooks = [p for p in notebooks if _regular(p, entry)]
        own = [p for p in notebooks if p.stem == assignment]
        if notebooks:
            return (own or sorted(notebooks, key=lambda p: (p.stat().st_mtime, p.name)))[-1]
    return None


def _regular(path, folder):
    """The path if it is a file that lies in the folder and is not too large, else None."""
    inside = path.resolve().is_relative_to(Path(folder).resolve())
    return path if inside and path.is_file() and path.stat().st_size <= LARGEST else None


class Parts:
    """The rows that have been written, a file for each, so that nothing is judged twice."""

    def __init__(self, folder, assignment, seed):
        self.folder, self.begin = folder, assignment.encode() + b"\0" + seed + b"\0"

    def _path(self, student):
        return self.folder / f"{page_name(student)}.json"

    def key(self, content):
        """What tells one submission from another."""
        return hashlib.sha256(self.begin + (content or b"")).hexdigest()

    def read(self, student, content):
        """The Row of a submission that was judged before, or None."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            done = json.loads(self._path(student).read_text(encoding="utf-8"))
            if done.pop("key") == self.key(content) and done["status"] != "grader_error":
                return judge.Row(**done)

    def write(self, row, content):
        write(self._path(row.student), json.dumps(row._asdict() | {"key": self.key(content)}))


def write(path, text):
    """Replace a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with new.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def table(rows):
    """The CSV of rows."""
    tensors = list(dict.fromkeys(name for row in rows for name in row.tensors))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = ["mistake", "reason"]
    writer.writerow(["student", "status", "score", "max_score", *tensors, *ends])
    for row in rows:
        score = "" if row.score is None else f"{row.score:g}"
        each = ["" if name not in row.tensors else f"{row.tensors[name]:g}" for name in tensors]
        words = [harmless(row.student), row.status, score, f"{row.max_score:g}", *each]
        writer.writerow([*words, harmless(row.mistake), harmless(row.reason)])
    return out.getvalue()


def harmless(text):
    """Words that no spreadsheet takes for a formula, on one line."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def page_name(student):
    """A file name for a student's page."""
    plain = re.sub(r"[^\w.-]+", "_", student)[:60]
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}.html"


@contextlib.contextmanager
def at_work(jobs, dask):
    """While joblib's Parallel runs in processes here, or on a Dask cluster.

    Raises: BadInput if Dask is missing or nobody answers at the address.
    """
    if dask is None:
        with parallel_config("loky", n_jobs=jobs):
            yield
        return
    try:
        from distributed import Client

        client = Client(dask, timeout=20)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(f"no Dask cluster at {dask}: {error}") from None
    with client, parallel_config("dask", n_jobs=-1):
        yield


def grade(assignment, folder, seed, out, *, jobs=1, dask=None, feedback=None, safe=True):
    """Grade all submissions in a folder and return their rows, by student.

    Raises: BadInput if another grader works on the same output, SandboxError without a sandbox.
    """
    if safe:
        sandbox.prove()
    out.parent.mkdir(parents=True, exist_ok=True)
    with alone(out):
        parts = Parts(out.with_name(f".{out.name}.parts"), assignment, seed)
        submissions = collect(folder, assignment)
        rows = {student: parts.read(student, content(path)) for student, path in submissions}
        work = (
            delayed(judge.grade_one)(assignment, student, content(path), seed, safe)
            for student, path in submissions
            if rows[student] is None
        )
        paths = dict(submissions)
        with at_work(jobs, dask), tqdm(total=len(rows), unit="submission", file=sys.stderr) as bar:
            bar.update(sum(row is not None for row in rows.values()))
            for row in Parallel(return_as="generator_unordered")(work):
                parts.write(row, content(paths[row.student]))
                rows[row.student] = row
                bar.update()
        rows = [rows[student] for student, _ in submissions]
        write(out, table(rows))
        for row in rows if feedback else ():
            write(Path(feedback) / page_name(row.student), feedback_page(row, assignment))
    return rows


@contextlib.contextmanager
def alone(out):
    """While no other grader writes to the same output.

    Raises: BadInput if one does.
    """
    with out.with_name(f".{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(f"another grader is at work on {out}") from None
        yield


def content(path):
    """The bytes of a submission, or None."""
    return path.read_bytes() if path else None


def feedback_page(row, assignment):
    """The HTML of a student's page: the points of each function, tensor by tensor."""
    functions = {}
    for name, got in row.tensors.items():
        function, _, tensor = name.partition(".")
        functions.setdefault(function, []).append((tensor, got))
    return FEEDBACK.render(row=row, assignment=assignment, functions=functions)


def arguments():
    """The parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.grade", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("assignment", choices=ASSIGNMENTS, metavar="P5")
    parser.add_argument("submissions", type=Path, nargs="?")
    parser.add_argument("--seed-file", help="one line of hex digits")
    parser.add_argument(
        "--selftest", action="store_true", help="judge the banks of programs and the attacks"
    )
    parser.add_argument("--jobs", type=int, default=1, help="submissions at a time")
    parser.add_argument("--dask", metavar="ADDRESS", help="of a cluster's scheduler")
    parser.add_argument("--out", type=Path, default=Path("grades.csv"))
    parser.add_argument("--feedback", type=Path, help="the folder for a page per student")
    parser.add_argument("--unsafe", action="store_true", help="run without a sandbox")
    return parser


def main(argv=None):
    """Run the command; return its exit code: 0, 3 if the grader failed somewhere, 2 for usage."""
    parser = arguments()
    options = parser.parse_args(argv)
    if not options.selftest and not (options.submissions and options.seed_file):
        parser.error("expected a folder of submissions and --seed-file, or --selftest")
    try:
        if options.selftest:
            return examine(options.assignment, options.jobs)
        if not options.submissions.is_dir():
            raise BadInput(f"there is no folder {options.submissions}")
        rows = grade(
            options.assignment,
            options.submissions,
            read_seed(options.seed_file),
            options.out,
            jobs=options.jobs,
            dask=options.dask,
            feedback=options.feedback,
            safe=not options.unsafe,
        )
    except (BadInput, sandbox.SandboxError) as problem:
        print(f"classroom.grade: {problem}", file=sys.stderr)
        return 2
    failed = sum(row.status == "grader_error" for row in rows)
    print(f"{options.out}: {len(rows)} submissions, {failed} of them the grader could not judge")
    return 3 if failed else 0


def examine(assignment, jobs):
    """Print how the grader judges its banks and the attacks; 0 if all is fair, else 1."""
    sandbox.prove()
    findings = selftest.examine(assignment, jobs=jobs)
    print("\n".join(selftest.table(assignment, findings)))
    return 0 if all(finding.fair for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
