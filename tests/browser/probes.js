// What the tests ask of a page. Each probe returns plain data; [] or 0 means that nothing is wrong.
window.probes = (() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const start = (element) => element.outerHTML.slice(0, 160);
  const folded = (element) => element.closest("details:not([open]) > :not(summary)") !== null;

  const formulas = () => all("span.math, div.math").map((box) => {
    const shown = box.querySelectorAll(".katex-html");
    const width = shown.length ? shown[0].getBoundingClientRect().width : 0;
    const text = shown.length ? shown[0].textContent : box.textContent;
    return { count: shown.length, width, text, folded: folded(box) };
  });

  // TeX that no renderer took up; code and the reference may speak of TeX.
  const raw = () => {
    const found = [], walk = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
    const tex = /\\(frac|partial|textcolor|begin|mathrm|sum|total|imm)|\$[^$]+\$/;
    while (walk.nextNode()) {
      const text = walk.currentNode;
      if (text.parentElement.closest("pre, code, script, style, template, .katex, dl.py")) continue;
      if (tex.test(text.data)) found.push(text.data);
    }
    return found;
  };

  // Leaves one text or box, of the same size, of each formula and program whose colours, on their
  // paper, an earlier one has too.
  const thin = () => {
    const seen = new Set(), style = (element) => getComputedStyle(element);
    const paper = (element) => {
      while (style(element).backgroundColor === "rgba(0, 0, 0, 0)" && element.parentElement) element = element.parentElement;
      return style(element).backgroundColor;
    };
    for (const box of all(".katex-html, article pre:not(:has(a, button, [tabindex]))")) {
      const ground = paper(box), before = seen.size;
      [box, ...box.querySelectorAll("*")].forEach((part) => seen.add(`${style(part).color} on ${ground}`));
      if (seen.size > before) continue;
      const { width, height } = box.getBoundingClientRect(), formula = box.matches(".katex-html");
      if (formula) Object.assign(box.style, { display: "inline-block", width: `${width}px`, height: `${height}px` });
      box.textContent = formula ? "" : box.textContent;
    }
  };

  const nameless = () => all("article img, article svg").filter((shape) => {
    if (shape.closest("[aria-hidden=true], button, .katex")) return false;
    if (shape.parentElement.closest("svg")) return false;
    const text = (shape.getAttribute("alt") || shape.getAttribute("aria-label") || "").trim();
    return text.split(/\s+/).length < 3 || /\.(png|svg|jpe?g)$/i.test(text);
  }).map(start);

  const captionless = () => all("article figure").filter((figure) =>
    !figure.id || !figure.querySelector("figcaption .caption-text")?.textContent.trim()).map(start);

  // A switch of a drawer is an invisible checkbox; its label shows the focus.
  const ringed = (element) => {
    if (element.id === "__navigation") return document.querySelector(".nav-overlay-icon");
    if (element.id === "__toc") return all(".toc-overlay-icon").find((icon) => icon.checkVisibility()) || element;
    return element;
  };

  const focused = () => {
    const at = document.activeElement, ring = getComputedStyle(ringed(at)), box = at.getBoundingClientRect();
    at.dataset.visited = "1";
    return {
      element: start(at),
      done: at === document.body,
      formula: at.closest(".katex") !== null,
      ring: ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) > 0,
      shown: box.width > 0 && box.right > 0 && box.left < innerWidth && getComputedStyle(at).visibility === "visible",
    };
  };

  const interactive = "a[href], button, input, select, textarea, summary, [tabindex], [data-pick][role]";
  const unreached = () => all(interactive).filter((element) => {
    if (element.dataset.visited || element.tabIndex < 0 || element.disabled || folded(element)) return false;
    if (element.type === "hidden" || !element.checkVisibility({ visibilityProperty: true })) return false;
    // One member of a radio group takes the focus, arrow keys do the rest.
    return !(element.type === "radio" && document.querySelector(`[name="${element.name}"][data-visited]`));
  }).map(start);

  const overflowing = () => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    return all("body *").filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map(start).slice(0, 5);
  };

  const cut = () => all("article .katex-display, article span.math").filter((box) => {
    if (box.closest("details, .math-wrapper span.math, .table-wrapper")) return false;
    const shown = box.querySelector(".katex-html") || box;
    return box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible"
      || shown.scrollWidth > shown.clientWidth + 1 && getComputedStyle(shown).overflowX !== "visible"
      || shown.getBoundingClientRect().right > innerWidth;
  }).map((box) => box.querySelector("annotation")?.textContent);

  // A comma, or another mark, that stands left of the formula that it ends: on the next line.
  const torn = () => all("article span.math").filter((formula) => {
    const after = formula.nextSibling;
    if (after?.nodeType !== Node.TEXT_NODE || !/^[,.;:!?)\]]/.test(after.data)) return false;
    const mark = document.createRange();
    mark.setStart(after, 0);
    mark.setEnd(after, 1);
    const { width, left } = mark.getBoundingClientRect();
    return width && left < [...formula.querySelectorAll(".base")].at(-1).getBoundingClientRect().left;
  }).map((formula) => formula.querySelector("annotation").textContent);

  const links = () => all("a[href]").map((a) => a.href).filter((href) => href.startsWith("file:"));

  // Milliseconds from each input to the frame after it, over the figures' controls and the folds;
  // each stands in view before it is used, as it does for a reader.
  const latency = async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const times = [];
    const act = async (control, change) => {
      control.scrollIntoView({ block: "center", behavior: "instant" });
      await frame();
      const before = performance.now();
      change();
      await frame();
      times.push(performance.now() - before);
    };
    const enter = (field, value) => act(field, () => {
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    for (const range of all(".explore input[type=range]")) {
      for (let value = +range.min; value <= Math.min(+range.max, +range.min + 20); value++) await enter(range, value);
    }
    for (const button of all(".explore input[type=radio]")) await act(button, () => button.click());
    // With a term lost every gradient is compared.
    for (const select of all(".worksheet select")) await enter(select, [...select.options].at(-1).value);
    for (const field of all(".worksheet input").slice(0, 20)) await enter(field, "0.7");
    for (const fold of all("article summary, article button.toggle-button")) await act(fold, () => fold.click());
    return times;
  };

  return { latency, formulas, raw, thin, nameless, captionless, focused, unreached, overflowing, cut, torn, links };
})();
