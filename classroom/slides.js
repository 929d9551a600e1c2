// One slide at a time: arrows, space, Home and End, buttons; the number stands in the address.
(() => {
  const slides = [...document.querySelectorAll(".slide")];
  const nav = document.createElement("nav");
  nav.setAttribute("aria-label", "Slides");
  nav.innerHTML = '<button aria-label="previous slide">‹</button><span aria-live="polite"></span>' +
    '<button aria-label="next slide">›</button>';
  const [back, , on] = nav.children;
  document.body.append(nav);
  document.body.classList.add("alone");
  let now = 0;

  function show(k, focus) {
    now = Math.max(0, Math.min(slides.length - 1, k || 0));
    slides.forEach((slide, n) => slide.classList.toggle("now", n === now));
    nav.querySelector("span").textContent = `${now + 1} / ${slides.length}`;
    history.replaceState(null, "", `#${now + 1}`);
    scrollTo(0, 0);
    if (focus) slides[now].querySelector("h2").focus();
  }

  back.addEventListener("click", () => show(now - 1, true));
  on.addEventListener("click", () => show(now + 1, true));
  addEventListener("hashchange", () => show(parseInt(location.hash.slice(1), 10) - 1));
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, button, [data-pick]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowRight: now + 1, " ": now + 1, PageDown: now + 1, ArrowLeft: now - 1,
      PageUp: now - 1, Home: 0, End: slides.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(to, true);
    } else if (event.key === "n") {
      document.querySelectorAll(".notes").forEach((notes) => { notes.hidden = !notes.hidden; });
    }
  });
  show(parseInt(location.hash.slice(1), 10) - 1);
})();
