// The live worksheet (lstm_lib/worksheet.py): the running example, number by number. A number is a
// sum of products put through a function. From this one description come its value, its parts, its
// readers, and what is left of it when a summand or a factor is lost.
(() => {
  const T = 3, TWO = [0, 1], EPS = 1e-5, LARGEST = 1000;
  const sigmoid = a => 0.5 * Math.tanh(0.5 * a) + 0.5, softplus = a => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
  const rest = v => 1 - v, slope = v => 1 - v * v, minus = v => -v;
  const FORMS = new Map([[rest, v => `(1 − ${v})`], [slope, v => `(1 − ${v}²)`]]);
  const range = n => [...Array(n).keys()];
  // A factor is a number, or a function of one; its name is what "break a term" calls it.
  const part = (number, f, name) => ({ number, f, name });
  const term = (name, ...factors) => ({ name, factors: factors.map(v => v.number ? v : part(v)) });
  const parts = n => (n.terms || []).flatMap(v => v.factors.map(u => u.number));

  class Sheet {
    constructor(cell, given) {
      this.gates = { rnn: [""], lstm: [..."ifgo"], gru: [..."rzn"] }[cell];
      this.share = { name: "", value: 1 / T, words: "1/3" };
      this.numbers = new Map(given.map(([name, value]) => [name, { name, value }]));
      const { forward, backward, sums } = PROGRAMS[cell];
      const run = (labels, t) => labels.forEach(label => EQUATIONS[label](this, t, label));
      for (const t of [1, 2, 3]) run(forward, t);
      run(["eq-loss"]);
      this.forward = [...this.numbers.values()].filter(n => n.terms);
      for (const t of [3, 2, 1, 0]) run(backward, t);
      run(sums);
      this.computed = [...this.numbers.values()].filter(n => n.terms);
      for (const n of this.numbers.values()) n.readers = [];
      for (const n of this.computed) for (const v of new Set(parts(n))) v.readers?.push(n);
      this.lose("");
    }
    at(...place) { return this.numbers.get(place.join(".")); }
    // kind: the quantity whose terms can be lost; f: a function of the sum.
    put(equation, kind, place, terms, f) {
      const name = place.join(".");
      this.numbers.set(name, { name, equation, kind, terms, f, value: 0 });
    }
    // name: a quantity and a summand or factor of it, such as "dc:next", or "" for none.
    lose(name) {
      const [kind, lost] = name.split(":");
      for (const n of this.computed) {
        const kept = v => n.kind !== kind || v.name !== lost;
        n.used = n.terms.filter(kept).map(v => v.factors.filter(kept));
      }
    }
    evaluate(n) {
      const product = factors => factors.reduce((v, { number, f }) => v * (f ? f(number.value) : number.value), 1);
      const sum = n.used.reduce((v, factors) => v + product(factors), 0);
      return n.f ? n.f(sum) : sum;
    }
    compute(some = this.computed) { for (const n of some) n.value = this.evaluate(n); }
    // dL/dn: the loss if n were another number and what is computed from it followed.
    central(n) {
      const v = n.value, others = this.forward.filter(m => m !== n);
      const loss = w => { n.value = w; this.compute(others); return this.at("L").value; };
      const dv = (loss(v + EPS) - loss(v - EPS)) / (2 * EPS);
      loss(v);
      return dv;
    }
    // How far each gradient is off, relative to the largest number of its array.
    errors() {
      const all = this.computed.filter(n => n.name.startsWith("d")).map(n =>
        ({ n, array: n.name.split(".")[0], right: this.central(this.at(n.name.slice(1))) }));
      const size = array => Math.max(1e-3, ...all.filter(v => v.array === array).flatMap(v => [v.n.value, v.right].map(Math.abs)));
      return all.map(v => ({ ...v, error: Math.abs(v.n.value - v.right) / size(v.array) }));
    }
  }

  // a = x W_x + v W_h + b for one pre-activation
  const affine = (s, t, v, k) => [
    ...TWO.map(d => term("x", s.at("x", t, d), s.at("W_x", d, k))),
    ...TWO.map(j => term("h", v(j), s.at("W_h", j, k))), term("b", s.at("b", k))];
  const before = (s, t) => j => s.at("h", t - 1, j);
  const squash = (s, t, label, gates) => gates.forEach(gate => TWO.forEach(j => {
    const k = 2 * s.gates.indexOf(gate) + j;
    s.put(label, gate, [gate, t, j], [term("", s.at("a", t, k))], "gn".includes(gate) ? Math.tanh : sigmoid);
  }));
  const own = (s, t, name, j) => [part(s.at(name, t, j), null, name), part(s.at(name, t, j), rest, `1-${name}`)];
  const fromLoss = (s, t, j) => t ? TWO.map(k => term("loss", s.at("du", t, k), s.at("W_hy", j, k))) : [];
  // What step t + 1 sends back through the columns of some gates' W_h to unit j.
  const throughW = (s, t, j, name, gates = s.gates) => t < T ? gates.flatMap(gate => TWO.map(m => {
    const k = 2 * s.gates.indexOf(gate) + m;
    return term(name, s.at("da", t + 1, k), s.at("W_h", j, k));
  })) : [];
  const dh = (s, t, label) => TWO.forEach(j => s.put(label, "dh", ["dh", t, j], [...fromLoss(s, t, j), ...throughW(s, t, j, "next")]));
  const da = (s, t, label, gate, terms) => TWO.forEach(j =>
    s.put(label, gate ? `da_${gate}` : "da", ["da", t, 2 * s.gates.indexOf(gate) + j], terms(j)));
  // The sum over the steps of a product with da; the order is that of the backward sweep.
  const overSteps = terms => [3, 2, 1].map(t => ({ ...terms(t), name: t < T ? "earlier" : "last" }));
  const parameters = (s, label, read) => range(2 * s.gates.length).forEach(k => {
    for (const d of TWO) s.put(label, "dW_x", ["dW_x", d, k], overSteps(t => term("", s.at("x", t, d), s.at("da", t, k))));
    for (const j of TWO) s.put(label, "dW_h", ["dW_h", j, k], overSteps(t => term("", read(t, j, k), s.at("da", t, k))));
    s.put(label, "db", ["db", k], overSteps(t => term("", s.at("da", t, k))));
  });
  const toInput = (s, t, label) => t && TWO.forEach(d =>
    s.put(label, "dx", ["dx", t, d], range(2 * s.gates.length).map(k => term("", s.at("da", t, k), s.at("W_x", d, k)))));

  const EQUATIONS = {
    "eq-rnn-step": (s, t, label) => {
      for (const k of TWO) s.put(label, "a", ["a", t, k], affine(s, t, before(s, t), k));
      for (const j of TWO) s.put(label, "h", ["h", t, j], [term("", s.at("a", t, j))], Math.tanh);
    },
    "eq-lstm-a": (s, t, label) => range(8).forEach(k => s.put(label, "a", ["a", t, k], affine(s, t, before(s, t), k))),
    "eq-lstm-gates": (s, t, label) => squash(s, t, label, s.gates),
    "eq-lstm-c": (s, t, label) => TWO.forEach(j => s.put(label, "c", ["c", t, j],
      [term("f", s.at("f", t, j), s.at("c", t - 1, j)), term("i", s.at("i", t, j), s.at("g", t, j))])),
    "eq-lstm-h": (s, t, label) => TWO.forEach(j => {
      s.put(label, "s", ["s", t, j], [term("", s.at("c", t, j))], Math.tanh);
      s.put(label, "h", ["h", t, j], [term("", s.at("o", t, j), s.at("s", t, j))]);
    }),
    "eq-gru-gates": (s, t, label) => {
      for (const k of range(4)) s.put(label, "a", ["a", t, k], affine(s, t, before(s, t), k));
      squash(s, t, label, ["r", "z"]);
    },
    "eq-gru-candidate": (s, t, label) => {
      for (const j of TWO) s.put(label, "q", ["q", t, j], [term("", s.at("r", t, j), s.at("h", t - 1, j))]);
      for (const k of [4, 5]) s.put(label, "a", ["a", t, k], affine(s, t, j => s.at("q", t, j), k));
      squash(s, t, label, ["n"]);
    },
    "eq-gru-state": (s, t, label) => TWO.forEach(j => s.put(label, "h", ["h", t, j],
      [term("z", s.at("z", t, j), s.at("h", t - 1, j)), term("n", part(s.at("z", t, j), rest), s.at("n", t, j))])),
    "eq-logits": (s, t, label) => TWO.forEach(k => s.put(label, "u", ["u", t, k],
      [...TWO.map(j => term("h", s.at("h", t, j), s.at("W_hy", j, k))), term("b", s.at("b_y", k))])),
    // Two logits: the softmax is a sigmoid of their difference, and -log of it a softplus.
    "eq-softmax": (s, t, label) => TWO.forEach(k => s.put(label, "p", ["p", t, k],
      [term("", s.at("u", t, k)), term("", part(s.at("u", t, 1 - k), minus))], sigmoid)),
    "eq-cross-entropy": (s, t, label) => s.put(label, "l", ["l", t, 0],
      TWO.map(k => term("", part(s.at("y", t), y => y === k ? -1 : 1), s.at("u", t, k))), softplus),
    "eq-loss": (s, t, label) => s.put(label, "L", ["L"], [1, 2, 3].map(t => term("", s.share, s.at("l", t, 0)))),
    "eq-du": (s, t, label) => t && TWO.forEach(k => s.put(label, "du", ["du", t, k], [
      term("p", part(s.share, null, "share"), s.at("p", t, k)),
      term("target", part(s.share, null, "share"), part(s.at("y", t), y => y === k ? -1 : 0))])),
    "eq-dreadout": (s, t, label) => TWO.forEach(k => {
      for (const j of TWO) s.put(label, "dW_hy", ["dW_hy", j, k], overSteps(t => term("", s.at("h", t, j), s.at("du", t, k))));
      s.put(label, "db_y", ["db_y", k], overSteps(t => term("", s.at("du", t, k))));
    }),
    "eq-rnn-dh": dh,
    "eq-rnn-da": (s, t, label) => t && da(s, t, label, "", j => [term("", s.at("dh", t, j), part(s.at("h", t, j), slope, "slope"))]),
    "eq-rnn-dx": toInput,
    "eq-rnn-dparams": (s, t, label) => parameters(s, label, (t, j) => s.at("h", t - 1, j)),
    "eq-lstm-dh": dh,
    "eq-lstm-dc": (s, t, label) => TWO.forEach(j => s.put(label, "dc", ["dc", t, j], [
      ...t ? [term("h", s.at("dh", t, j), part(s.at("o", t, j), null, "o"), part(s.at("s", t, j), slope, "slope"))] : [],
      ...t < T ? [term("next", s.at("dc", t + 1, j), part(s.at("f", t + 1, j), null, "f"))] : []])),
    "eq-lstm-da": (s, t, label) => {
      if (!t) return;
      da(s, t, label, "i", j => [term("", s.at("dc", t, j), part(s.at("g", t, j), null, "g"), ...own(s, t, "i", j))]);
      da(s, t, label, "f", j => [term("", s.at("dc", t, j), part(s.at("c", t - 1, j), null, "c"), ...own(s, t, "f", j))]);
      da(s, t, label, "g", j => [term("", s.at("dc", t, j), part(s.at("i", t, j), null, "i"), part(s.at("g", t, j), slope, "slope"))]);
      da(s, t, label, "o", j => [term("", s.at("dh", t, j), part(s.at("s", t, j), null, "s"), ...own(s, t, "o", j))]);
    },
    "eq-lstm-dx": toInput,
    "eq-lstm-dparams": (s, t, label) => parameters(s, label, (t, j) => s.at("h", t - 1, j)),
    "eq-gru-dh": (s, t, label) => TWO.forEach(j => s.put(label, "dh", ["dh", t, j], [
      ...fromLoss(s, t, j),
      ...t < T ? [term("kept", s.at("dh", t + 1, j), part(s.at("z", t + 1, j), null, "keep")),
        term("reset", s.at("dq", t + 1, j), part(s.at("r", t + 1, j), null, "gate"))] : [],
      ...throughW(s, t, j, "r", ["r"]), ...throughW(s, t, j, "z", ["z"])])),
    "eq-gru-da": (s, t, label) => {
      if (!t) return;
      da(s, t, label, "z", j => [term("h", s.at("dh", t, j), s.at("h", t - 1, j), ...own(s, t, "z", j)),
        term("n", s.at("dh", t, j), part(s.at("n", t, j), minus), ...own(s, t, "z", j))]);
      da(s, t, label, "n", j => [term("", s.at("dh", t, j), part(s.at("z", t, j), rest, "1-z"), part(s.at("n", t, j), slope, "slope"))]);
      for (const j of TWO) s.put(label, "dq", ["dq", t, j], TWO.map(m => term("", s.at("da", t, 4 + m), s.at("W_h", j, 4 + m))));
      da(s, t, label, "r", j => [term("", s.at("dq", t, j), part(s.at("h", t - 1, j), null, "h"), ...own(s, t, "r", j))]);
    },
    "eq-gru-dx": toInput,
    "eq-gru-dparams": (s, t, label) => parameters(s, label, (t, j, k) => k < 4 ? s.at("h", t - 1, j) : s.at("q", t, j)),
  };
  const program = (cell, forward, backward) => ({
    forward: [...forward.map(name => `eq-${cell}-${name}`), "eq-logits", "eq-softmax", "eq-cross-entropy"],
    backward: ["eq-du", ...backward.map(name => `eq-${cell}-${name}`), `eq-${cell}-dx`],
    sums: [`eq-${cell}-dparams`, "eq-dreadout"],
  });
  const PROGRAMS = {
    rnn: program("rnn", ["step"], ["dh", "da"]),
    lstm: program("lstm", ["a", "gates", "c", "h"], ["dh", "dc", "da"]),
    gru: program("gru", ["gates", "candidate", "state"], ["dh", "da"]),
  };

  const show = v => (Math.abs(v) < LARGEST ? v.toFixed(4) : v.toPrecision(5)).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
  const indexed = text => text.replace(/_(\w+)/g, "<sub>$1</sub>");
  const isTarget = name => name.startsWith("y."), fits = (name, v) => isTarget(name) ? v === 0 || v === 1 : Math.abs(v) <= LARGEST;

  const worksheet = box => {
    const find = selector => box.querySelector(selector), all = selector => [...box.querySelectorAll(selector)];
    const fields = all("input[data-number]"), select = find("select"), say = find(".worksheet-say"), hold = find("[type=checkbox]");
    const book = fields.map(field => [field.dataset.number, window.parseNumber(field.defaultValue)]);
    const sheet = new Sheet(box.dataset.cell, book), id = box.dataset.name;
    const cells = new Map(all("[data-number]").map(cell => [cell.dataset.number, cell]));
    let here = null, opened = [];
    for (const cell of all("span[data-number]")) { cell.tabIndex = -1; cell.setAttribute("role", "button"); }
    const called = n => indexed(n.words || cells.get(n.name).dataset.words || cells.get(n.name).getAttribute("aria-label"));

    const update = () => {
      sheet.compute();
      const wrong = select.value ? sheet.errors().filter(({ error }) => error > 1e-6) : [];
      const off = new Set(wrong.map(({ n }) => n)), largest = {};
      for (const { array, error } of wrong) largest[array] = Math.max(error, largest[array] || 0);
      for (const n of sheet.computed) {
        const cell = cells.get(n.name), text = show(n.value);
        if (cell.textContent !== text) cell.textContent = text;
        cell.dataset.value = n.value;
        cell.toggleAttribute("data-wrong", off.has(n));
      }
      const list = Object.entries(largest).map(([array, error]) => `${array} by ${error.toPrecision(2)}`).join(", ");
      const broken = list ? `Off from central differences, as a share of the largest entry of each array: ${list}.` : "No gradient is off by a millionth: with these numbers the lost term is zero or nearly so.";
      const wants = n => `${called(n)}: expected ${isTarget(n.name) ? box.dataset.targetIs : box.dataset.numberIs}. ${`${n.value}`.replace("-", "\u2212")} stays in use.`;
      const refused = all("[aria-invalid=true]").map(field => wants(sheet.at(field.dataset.number)));
      say.innerHTML = [...refused, indexed(`L = ${show(sheet.at("L").value)}.`), select.value ? indexed(broken) : ""].join(" ");
      look();
    };
    // Lights up the number in question, its parts and its readers, and writes out its terms.
    const look = () => {
      for (const cell of all(".is-here, .is-part, .is-reader")) cell.classList.remove("is-here", "is-part", "is-reader");
      if (!here) return;
      for (const part of parts(here)) cells.get(part.name)?.classList.add("is-part");
      for (const reader of here.readers) cells.get(reader.name).classList.add("is-reader");
      const line = find(`[data-equation="${here.equation}"]`);
      for (const cell of [cells.get(here.name), line]) cell?.classList.add("is-here");
      find(".worksheet-line").innerHTML = line?.innerHTML ?? "";
      const inside = v => show(v).replace(/^\u2212.*/, "($&)");
      const factor = ({ number, f }) => FORMS.has(f) ? FORMS.get(f)(inside(number.value)) : inside(f ? f(number.value) : number.value);
      const sum = n => n.used.map(factors => factors.map(factor).join(" · ")).join(" + ") || "0";
      const made = !here.terms ? "given" : here.f ? `${here.f.name}(${sum(here)})` : sum(here);
      const numeric = here.name.startsWith("d") ? ` Central differences: ${show(sheet.central(sheet.at(here.name.slice(1))))}.` : "";
      find(".worksheet-made").innerHTML = `<strong>${called(here)}</strong>, ${show(here.value)}, is ${made}.${numeric}`;
      const terms = r => r.terms.filter(v => v.factors.some(u => u.number === here)).map(v => v.factors.map(factor).join(" · "));
      const reads = r => `${called(r)} in ${terms(r).join(" + ")}`;
      find(".worksheet-read").innerHTML = here.readers.length ? `Read by ${here.readers.map(reads).join("; ")}.` : "No other number reads it.";
    };
    const take = field => {
      const n = sheet.at(field.dataset.number), v = window.parseNumber(field.value), good = fits(n.name, v);
      field.setAttribute("aria-invalid", !good);
      if (good) n.value = v;
    };
    // pairs: names and texts of what differs from the book's example.
    const set = pairs => {
      const given = new Map(pairs);
      for (const field of fields) { field.value = given.get(field.dataset.number) ?? field.defaultValue; take(field); }
      select.selectedIndex = Math.max(0, [...select.options].findIndex(option => option.value === given.get("break")));
      lose();
    };
    const lose = () => {
      const { old, new: now } = select.selectedOptions[0].dataset;
      sheet.lose(select.value);
      find(".worksheet-lost").textContent = old ? `${old} became ${now}` : "";
      update();
    };
    const read = () => {
      const [name, ...pairs] = new URLSearchParams(location.hash.slice(1));
      if (name?.[0] !== id || !pairs.length) return;
      set(opened = pairs);
      box.scrollIntoView();
    };
    const share = () => {
      opened = book.map(([name]) => [name, `${sheet.at(name).value}`]).filter(([, text], k) => text !== `${book[k][1]}`);
      if (select.value) opened.push(["break", select.value]);
      history.replaceState(null, "", `#${[id, ...opened.map(pair => pair.join("="))].join("&")}`);
      update();
      say.prepend("The address of this page now holds the numbers in use. Copy it to share them. ");
    };
    const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = event => {
      const [down, right] = KEYS[event.key] || [0, 0], { target } = event;
      if (target.tagName === "SPAN" && /^(Enter| )$/.test(event.key)) { event.preventDefault(); hold.click(); choose(event); }
      if (!target.dataset.number || !(down || (right && target.tagName === "SPAN"))) return;
      const row = target.closest("tr").sectionRowIndex + down, column = target.closest("td").cellIndex + right;
      const next = target.closest("tbody").rows[row]?.cells[column]?.querySelector("[data-number]");
      if (next) { event.preventDefault(); next.focus(); }
    };
    const choose = ({ target }) => {
      if (!target.dataset.number) return;
      for (const other of target.closest("table").querySelectorAll("span[data-number]")) other.tabIndex = other === target ? 0 : -1;
      if (!hold.checked) here = sheet.at(target.dataset.number);
      hold.parentElement.hidden = false;
      look();
    };
    box.addEventListener("focusin", choose);
    box.addEventListener("click", ({ target }) => target.dataset.number && target.focus()); // Safari
    box.addEventListener("keydown", move);
    select.addEventListener("input", lose);
    for (const field of fields) field.addEventListener("input", () => { take(field); update(); });
    const buttons = { book: () => set([]), reset: () => set(opened), share };
    for (const [name, act] of Object.entries(buttons)) find(`[data-do=${name}]`).addEventListener("click", act);
    addEventListener("hashchange", read);
    for (const table of all("table")) table.querySelector("span[data-number]")?.setAttribute("tabindex", 0);
    find(".worksheet-bar").hidden = find(".worksheet-panel").hidden = false;
    set(opened);
    read();
  };
  document.querySelectorAll(".worksheet").forEach(worksheet);
  // A term of an equation and the lines of code that compute it light up together.
  const light = ({ target, type }) => (target.closest?.("[data-term]")?.dataset.term.split(" ") || []).forEach(name =>
    document.querySelectorAll(`[data-term~="${name}"]`).forEach(twin => twin.classList.toggle("is-lit", /over|in$/.test(type))));
  for (const type of ["pointerover", "focusin", "pointerout", "focusout"]) document.addEventListener(type, light);
})();
