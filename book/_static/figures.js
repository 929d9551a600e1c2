// Interactive figures (lstm_lib/explore.py) and quick checks (lstm_lib/quickcheck.py). No fetch, no modules: works from file://.
(() => {
  const explore = figure => {
    const controls = [...figure.querySelectorAll("[data-choice]")].map(box => ({
      box, name: box.dataset.choice, labels: JSON.parse(box.dataset.labels),
      inputs: [...box.querySelectorAll("input, select")],
    }));
    const frames = [...figure.querySelector(".figure-frames").children];
    const live = figure.querySelector(".figure-live");
    let shown = frames.findIndex(frame => !frame.hidden && frame.tagName === "DIV");

    const index = ({inputs}) => +(inputs.find(input => input.checked) || inputs[0]).value;
    const wire = frame => {
      for (const region of frame.querySelectorAll("[data-pick]")) {
        region.setAttribute("role", "button");
        region.setAttribute("tabindex", "0");
        // Who speaks to the browser says what stands there, so the name starts with it.
        region.setAttribute("aria-label", `${region.textContent.trim()}: ${region.getAttribute("aria-label")}`);
        const [name, value] = region.dataset.pick.split(":");
        const choose = () => { set(name, +value); update(region.dataset.pick); };
        region.addEventListener("click", choose);
        region.addEventListener("keydown", event => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
        });
      }
    };
    const set = (name, value) => {
      const {inputs} = controls.find(control => control.name === name);
      if (inputs.length > 1) inputs[value].checked = true;
      else inputs[0].value = value;
    };
    const update = picked => {
      const next = controls.reduce((k, control) => k * control.labels.length + index(control), 0);
      for (const control of controls) {
        const text = control.labels[index(control)];
        const value = control.box.querySelector("label > span");
        if (value) value.textContent = text;
        if (control.inputs[0].type === "range") control.inputs[0].setAttribute("aria-valuetext", text);
      }
      if (frames[next].tagName === "TEMPLATE") {
        const frame = frames[next].content.firstElementChild;
        frames[next].replaceWith(frame);
        frames[next] = frame;
        wire(frame);
      }
      if (next !== shown) frames[shown].hidden = true;
      frames[next].hidden = false;
      shown = next;
      live.textContent = frames[next].querySelector("svg").getAttribute("aria-label");
      for (const region of frames[next].querySelectorAll("[data-pick]")) {
        const [name, value] = region.dataset.pick.split(":");
        region.setAttribute("aria-pressed", index(controls.find(c => c.name === name)) === +value);
        if (region.dataset.pick === picked) region.focus();
      }
    };
    frames.filter(frame => frame.tagName === "DIV").forEach(wire);
    figure.addEventListener("input", () => update());
    figure.querySelector(".figure-controls").hidden = false;
    // A browser that reloads the page restores the controls but not the picture.
    update();
    live.textContent = "";
  };

  // The same grammar as quickcheck.parse: 0.5, 0,5, 1/3, -2e-3; the minus may be U+2212.
  const parse = text => {
    const parts = text.trim().replace(/\u2212/g, "-").replace(/,/g, ".").split("/").map(part => part.trim());
    if (parts.length > 2 || !parts.every(part => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part))) return NaN;
    return parts.length === 2 ? +parts[0] / +parts[1] : +parts[0];
  };
  window.parseNumber = parse; // for worksheet.js
  const judge = (text, check) => {
    const value = parse(text);
    if (!Number.isFinite(value)) return ["unread", "Type a number, such as \u22120.25 or 1/3."];
    if (Math.abs(value - check.answer) <= check.tolerance) return ["right", `Right: ${check.shown}. ${check.reason}`];
    const known = check.wrong.find(([wrong]) => Math.abs(value - wrong) <= check.tolerance);
    return ["wrong", `Not yet. ${known ? known[1] : check.hint}`.trim()];
  };
  const quickCheck = form => {
    const check = JSON.parse(form.dataset.check);
    form.querySelector(".quick-check-row").hidden = false;
    form.addEventListener("submit", event => {
      event.preventDefault();
      const [verdict, text] = judge(form.querySelector("input").value, check);
      const result = form.querySelector("[role=status]");
      result.dataset.verdict = verdict;
      result.innerHTML = text; // quickcheck.py has escaped it
    });
  };

  document.querySelectorAll(".explore").forEach(explore);
  document.querySelectorAll(".quick-check").forEach(quickCheck);
})();
