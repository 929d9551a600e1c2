// What overflows can be scrolled by keyboard; previews take no focus; what is folded is open in print.
(() => {
  const scrollers = "article pre, article .katex-display, article .table-wrapper, article .cell_output";
  const mark = () => {
    for (const box of document.querySelectorAll(scrollers)) {
      const overflows = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
      if (overflows && !box.hasAttribute("tabindex")) {
        box.setAttribute("tabindex", "0");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", "Scrolls sideways");
      } else if (!overflows && box.getAttribute("aria-label") === "Scrolls sideways") {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    }
  };
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("toggle", mark, true);
  addEventListener("resize", mark);

  // A preview goes away when the focus moves on, so nothing in it may take the focus: no link, and
  // no formula that a browser lets the keyboard scroll.
  document.addEventListener("DOMContentLoaded", () => window.tippy?.setDefaultProps({
    onCreate: ({ popper }) => { for (const part of popper.querySelectorAll("a, .katex-display")) part.tabIndex = -1; },
  }));

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => { for (const fold of opened) fold.open = false; });
})();
