// A text whose characters can be pointed at (lstm_lib/reading.py): a look by pointing, a choice by click, finger or slider.
(() => {
  const reading = box => {
    const { tints, notes } = JSON.parse(box.dataset.reading), find = selector => box.querySelector(selector);
    const spans = [...box.querySelectorAll(".reading-text span")], slider = find("input[type=range]");
    const radios = [...box.querySelectorAll("input[type=radio]")], shown = find("label[for] > span");
    const labels = JSON.parse(slider.closest("[data-labels]").dataset.labels);
    const show = t => {
      const rows = tints[radios.findIndex(radio => radio.checked)];
      const row = rows.length > 1 ? rows[t].padStart(t + 1, "9") : rows[0];
      spans.forEach((span, s) => {
        const level = s < row.length ? parseInt(row[s], 19) - 9 : 0;
        span.style.setProperty("--tint", Math.abs(level));
        span.style.setProperty("--hue", `var(--c-${level < 0 ? "neg" : "pos"})`);
        span.classList.toggle("is-here", s === t);
      });
      find(".reading-note").textContent = notes[t];
    };
    const update = () => { // the place that was chosen, to which a look at another returns
      const t = +slider.value;
      shown.textContent = labels[t];
      slider.setAttribute("aria-valuetext", labels[t]);
      show(t);
    };
    const at = (type, act) => find(".reading-text").addEventListener(type, ({ target }) => {
      const t = spans.indexOf(target);
      if (t >= 0) act(t);
    });
    at("pointerover", show);
    at("click", t => { slider.value = t; update(); });
    find(".reading-text").addEventListener("pointerleave", update);
    box.addEventListener("input", update);
    find(".figure-controls").hidden = false;
    update(); // a browser that reloads the page restores the controls but not the tints
  };
  document.querySelectorAll(".reading").forEach(reading);
})();
