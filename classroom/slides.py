"""Slides for chapters 4, 7 and 9, made from their built pages; figures stay interactive.

    python -m classroom.slides [SITE]

A slide has a section's heading, the first sentence of its text, and some of its equations, a
figure, a table or a quick check. The section's prose stands below as notes.
"""

import argparse
import copy
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
CHAPTERS = "04-bptt", "07-lstm-backward", "09-gru"
LEFT_OUT = {"exercises", "primary-references", "common-mistakes"}
ROOM = 12  # lines of formulas on a slide
HERE = Path(__file__).parent


def deck(page, name):
    """The HTML of the slides of the built page of that name."""
    soup = BeautifulSoup(page, "html.parser")
    _relink(soup, name)
    chapter = soup.find("article").find("section")
    slides = [_slide(soup, chapter.h1, [chapter.find("p", recursive=False)], "")]
    for section in chapter.find_all("section"):
        if not LEFT_OUT & {s["id"] for s in [section, *section.find_parents("section")]}:
            slides += _slides(soup, section)
    soup.body.replace_with(_body(soup, slides))
    style = soup.new_tag("style")
    style.string = (HERE / "slides.css").read_text(encoding="utf-8")
    soup.head.append(style)
    return str(soup)


def _relink(soup, name):
    """Lead the links of a chapter from the slides' folder to the book's."""
    for link in soup.select("article a[href]"):
        if not re.match(r"\.\./|\w+:", link["href"]):
            own = name if link["href"].startswith("#") else ""
            link["href"] = f"../book/{own}{link['href']}"
    for link in soup.select("link[rel=next], link[rel=prev]"):
        link.decompose()


def _body(soup, slides):
    """A body of the slides, with what the page's figures need."""
    body = soup.new_tag("body")
    body["class"] = "deck"
    main = soup.new_tag("main")
    main.extend(slides)
    scripts = soup.body.find_all("script", recursive=False)
    keep = [s for s in scripts if "figures.js" in s.get("src", "") or "theme" in s.text]
    templates = soup.find("article").find_all("template")
    body.extend([*[s for s in keep if not s.get("src")], main])
    body.extend(t for t in templates if not t.find_parent("main"))
    body.extend([s for s in keep if s.get("src")])
    own = soup.new_tag("script")
    own.string = (HERE / "slides.js").read_text(encoding="utf-8")
    body.append(own)
    return body


def _slides(soup, section):
    """The slides of one section: groups of what it shows, in order."""
    groups, room = [], 0
    for block in _shown(section):
        lines = _lines(block)
        if not groups or room < lines:
            groups.append([])
            room = ROOM
        groups[-1].append(block)
        room -= lines
    prose = [p for p in section.find_all("p", recursive=False)]
    lead = _first_sentence(soup, prose[0]) if prose else None
    notes = "".join(str(p) for p in prose)
    heading = section.find(["h2", "h3"], recursive=False)
    if not groups and not lead:
        return []
    groups = groups or [[]]
    groups[0] = [lead, *groups[0]] if lead else groups[0]
    return [_slide(soup, heading, group, notes, k > 0) for k, group in enumerate(groups)]


def _shown(section):
    """Equations, figures, tables, boxes, quick checks and lists of a section, in its order."""
    for child in section.find_all(recursive=False):
        classes = child.get("class", [])
        if "math-wrapper" in classes or "table-wrapper" in classes or "important" in classes:
            yield child
        elif "cell" in classes:
            yield from child.select("figure, form.quick-check")
        elif child.name == "ul":
            yield child


def _lines(block):
    """About how many lines of a slide a block needs; a figure needs them all."""
    if block.name in ("figure", "form"):
        return ROOM
    if "math-wrapper" in block.get("class", []):
        tall = len(re.findall(r"\\(?:sum|frac|dfrac|prod|total|imm)\b", str(block)))
        return 2.5 + 1.6 * str(block).count(r"\\") + min(tall, 3)
    return 1.8 * len(block.find_all(["tr", "li"])) + 3 * ("important" in block.get("class", []))


def _first_sentence(soup, paragraph):
    """The paragraph up to its first full stop outside formulas."""
    lead = soup.new_tag("p")
    lead["class"] = "lead"
    for node in list(copy.copy(paragraph).children):
        end = re.search(r"[.:](\s|$)", node) if isinstance(node, str) else None
        lead.append(node[: end.start() + 1] if end else node)
        if end:
            break
    return lead


def _slide(soup, heading, blocks, notes, continued=False):
    slide = soup.new_tag("section")
    slide["class"] = "slide"
    title = soup.new_tag("h2", tabindex="-1")
    title.extend(copy.copy(node) for node in heading.children)
    for link in title.select("a.headerlink"):
        link.decompose()
    if continued:
        title.append(" (continued)")
    slide["aria-label"] = title.get_text()
    slide.append(title)
    slide.extend(copy.copy(block) for block in blocks if block)
    if notes:
        aside = BeautifulSoup(f'<aside class="notes" hidden>{notes}</aside>', "html.parser")
        slide.append(aside)
    return slide


def main(argv=None):
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m classroom.slides", description=__doc__)
    parser.add_argument("site", nargs="?", default=ROOT / "_build/html", help="the built book")
    site = Path(parser.parse_args(argv).site)
    for name in CHAPTERS:
        page = site / "book" / f"{name}.html"
        if not page.exists():
            print(f"classroom.slides: {page} is missing: run make book first", file=sys.stderr)
            return 2
        out = site / "slides" / page.name
        out.parent.mkdir(exist_ok=True)
        out.write_text(deck(page.read_text(encoding="utf-8"), page.name), encoding="utf-8")
        print(out.resolve().as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main())
