"""Weigh and time every page; `make audit` writes _audit/pages.json and prints the table.

Bytes are those of a first visit over gzip. Processor time is that of loading the page, input to
paint the 95th percentile over moves of its interactive figures and folds; both also at a quarter
of the processor's speed. Figures are reported, never asserted: the machine decides them.
"""

import gzip
import json
import statistics
from pathlib import Path
from urllib.parse import unquote, urlsplit

from conftest import FLAGS, PROBES, ROOT, SITE, find_browser, pages
from playwright.sync_api import sync_playwright

GOAL = {"bytes": 600_000, "scripts": 150_000}
PACKED = {".woff2", ".png", ".jpg"}  # compressed already


def weight(file):
    data = file.read_bytes()
    return len(data) if file.suffix in PACKED else len(gzip.compress(data, 6))


def measure(chromium, path, slower=1):
    """Files that the page asked for, milliseconds of processor time, latencies."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    files = []
    page.on("requestfinished", lambda request: files.append(request.url))
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto((SITE / path).as_uri(), wait_until="networkidle")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    times = page.evaluate(PROBES + "probes.latency()")
    context.close()
    return {Path(unquote(urlsplit(u).path)) for u in files}, metrics["TaskDuration"] * 1000, times


def percentile(times):
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else None


def main():
    rows = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for path in pages():
            if path.startswith("_modules/") or path == "index.html":
                continue
            files, load, times = measure(chromium, path)
            *_, slow_times = measure(chromium, path, slower=4)
            weights = {file: weight(file) for file in files if file.is_file()}
            row = {
                "page": path,
                "bytes": sum(weights.values()),
                "scripts": sum(w for f, w in weights.items() if f.suffix == ".js"),
                "html": weight(SITE / path),
                "processor_ms": round(load),
                "paint_p95_ms": percentile(times),
                "paint_p95_ms_slow": percentile(slow_times),
            }
            rows.append(row)
            over = [name for name, goal in GOAL.items() if row[name] > goal]
            print(
                f"{path:32} {row['bytes'] / 1000:6.0f} kB, scripts {row['scripts'] / 1000:4.0f} kB,"
                f" load {load:5.0f} ms, paint {row['paint_p95_ms'] or 0:4.0f} /"
                f" {row['paint_p95_ms_slow'] or 0:4.0f} ms {' OVER: '.join(['', *over])}",
                flush=True,
            )
        chromium.close()
    out = ROOT / "_audit"
    out.mkdir(exist_ok=True)
    (out / "pages.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
