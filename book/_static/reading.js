// A text whose characters can be pointed at (lstm_lib/reading.py): by mouse, finger or slider.
(() => {
  const reading = box => {
    const { tints, notes } = JSON.parse(box.dataset.reading), find = selector => box.querySelector(selector);
    const spans = [...box.querySelectorAll(".reading-text span")], slider = find("input[type=range]");
    const radios = [...box.querySelectorAll("input[type=radio]")], shown = find("label[for] > span");
    const labels = JSON.parse(slider.closest("[data-labels]").dataset.labels);
    const update = () => {
      const t = +slider.value, rows = tints[radios.findIndex(radio => radio.checked)];
      const row = rows.length > 1 ? rows[t].padStart(t + 1, "9") : rows[0];
      spans.forEach((span, s) => {
        const level = s < row.length ? parseInt(row[s], 19) - 9 : 0;
        span.style.setProperty("--tint", Math.abs(level));
        span.style.setProperty("--hue", `var(--c-${level < 0 ? "neg" : "pos"})`);
        span.classList.toggle("is-here", s === t);
      });
      shown.textContent = labels[t];
      slider.setAttribute("aria-valuetext", labels[t]);
      find(".reading-note").textContent = notes[t];
    };
    const point = ({ target }) => {
      const t = spans.indexOf(target);
      if (t >= 0) { slider.value = t; update(); }
    };
    for (const type of ["pointerover", "click"]) find(".reading-text").addEventListener(type, point);
    box.addEventListener("input", update);
    find(".figure-controls").hidden = false;
    update(); // a browser that reloads the page restores the controls but not the tints
  };
  document.querySelectorAll(".reading").forEach(reading);
})();
