// Sorting, filtering, the QA walk and the comparison. Without it every page can still be read.
"use strict";
(() => {
  const typing = event => /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey;
  const store = { get(key) { try { return localStorage.getItem(key) || ""; } catch { return ""; } }, set(key, value) { try { localStorage.setItem(key, value); } catch { /* no storage here: it lives as long as the page */ } } };

  // tables: a click on a head sorts, numbers as numbers, what is empty last
  function sortable(table) {
    const body = table.tBodies[0], rest = table.tBodies[1], heads = [...table.tHead.rows[0].cells];
    table.most = rest ? body.rows.length : Infinity;
    if (rest) { [...rest.rows].forEach(row => { row.hidden = true; }); body.append(...rest.rows); rest.remove(); }
    [...body.rows].forEach((row, place) => { row.place = place; });
    const key = (row, column) => { const cell = row.cells[column]; return (cell.dataset.key ?? cell.textContent).trim(); };
    const value = text => { const found = /^-?[\d.,]+/.exec(text); return found ? parseFloat(found[0].replace(/,/g, "")) * (/\d K$/.test(text) ? 1000 : 1) : NaN; };
    heads.forEach((head, column) => {
      if (head.classList.contains("plain") || !head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button"; button.textContent = head.textContent; head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending", numeric = head.classList.contains("n");
        heads.forEach(one => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const keyed = [...body.rows].map(row => { const text = key(row, column); return { row, text, number: value(text) }; });
        keyed.sort((a, b) => {
          if (a.text === "" || b.text === "") return (a.text === "") - (b.text === "") || a.row.place - b.row.place;
          const order = numeric && !isNaN(a.number) && !isNaN(b.number) ? a.number - b.number : a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
          return (up ? order : -order) || a.row.place - b.row.place;
        });
        body.append(...keyed.map(one => one.row));
        table.dispatchEvent(new Event("sorted"));
      });
    });
  }

  // the index: search and filters narrow together, stand in the address, and can be sent to somebody
  function filters(form, table) {
    const body = table.tBodies[0], rows = [...body.rows], told = form.querySelector("output"), more = form.querySelector("button"), fields = ["text", "state", "who", "instrument", "semester"];
    rows.forEach(row => { row.text = row.textContent.toLowerCase(); row.me = `${row.cells[4].textContent} ${row.dataset.l || ""}`.toLowerCase(); });
    const cell = (row, column) => row.cells[column].textContent;
    function filter() {
      const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean), me = form.me.value.trim().toLowerCase();
      let found = 0;
      for (const row of body.rows) {
        const fits = words.every(word => row.text.includes(word)) && (!form.state.value || cell(row, 1) === form.state.value)
          && (!form.who.value || cell(row, 2) === form.who.value) && (!form.instrument.value || cell(row, 3).split(" ").includes(form.instrument.value))
          && (!form.semester.value || row.text.replace(/^(\d{4})-?(s[12])/, "$1-$2").startsWith(form.semester.value.toLowerCase()))
          && (!form.mine.checked || (me && row.me.includes(me)));
        row.hidden = !fits || found >= table.most;
        found += Boolean(fits);
      }
      more.hidden = found <= table.most;
      told.value = more.hidden ? `${found} of ${rows.length} shown` : `${table.most} of ${found} shown`;
      const hash = new URLSearchParams(fields.filter(name => form[name].value).map(name => [name, form[name].value])).toString();
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname.split("/").pop() || "index.html");
      store.set("lmt-me", form.me.value);
    }
    const asked = new URLSearchParams(location.hash.slice(1));
    fields.forEach(name => { if (asked.get(name)) form[name].value = asked.get(name); });
    form.me.value = store.get("lmt-me");
    form.addEventListener("input", filter);
    table.addEventListener("sorted", filter);
    more.addEventListener("click", () => { table.most = Infinity; filter(); });
    form.addEventListener("submit", event => event.preventDefault());
    document.querySelectorAll("button[data-who]").forEach(one => one.addEventListener("click", () => { form.who.value = one.dataset.who; filter(); form.scrollIntoView(); form.text.focus(); }));
    addEventListener("keydown", event => { if (event.key === "/" && !typing(event)) { event.preventDefault(); form.text.focus(); } });
    form.hidden = false;
    filter();
  }

  // the QA walk: one slide at a time, one key a grade; verdicts are kept here until they are forgotten
  function walk(home) {
    const slides = [...home.querySelectorAll(".slide")], bar = home.querySelector(".bar"), collected = home.querySelector(".collected");
    const where = bar.querySelector(".where"), [lines, command] = collected.querySelectorAll("textarea"), form = collected.querySelector("form"), status = collected.querySelector("[role=status]");
    const name = `lmt-qa-${home.dataset.pid}`;
    let at = 0, said = {};
    try { said = JSON.parse(store.get(name) || "{}"); } catch { said = {}; }
    const label = () => slides[at].dataset.label, own = () => (said[label()] ??= {});
    function text() {
      return slides.map(one => [one.dataset.label, said[one.dataset.label] || {}]).flatMap(([which, one]) => [
        one.grade === undefined ? [] : one.grade === -2 ? `/fail ${which} ${one.note || ""}`.trim() : `/grade ${which} ${one.grade} ${one.note || ""}`.trim(),
        one.flag ? `/flag ${which} ${one.flag}` : []].flat()).join("\n");
    }
    function show() {
      slides.forEach((one, place) => { one.hidden = place !== at; });
      const one = said[label()] || {};
      bar.querySelectorAll("[data-grade]").forEach(button => button.setAttribute("aria-pressed", String(one.grade) === button.dataset.grade));
      form.flag.value = one.flag || ""; form.note.value = one.note || "";
      const left = slides.filter(slide => !slide.classList.contains("graded") && (said[slide.dataset.label] || {}).grade === undefined).length;
      where.value = `${at + 1} of ${slides.length}, ${left} to grade`;
      collect();
    }
    function collect() {
      lines.value = text();
      command.value = lines.value && `gh pr comment ${home.dataset.pull} --body-file - <<'LMT'\n${lines.value}\nLMT`;
      store.set(name, JSON.stringify(said));
    }
    function go(step) { at = Math.min(Math.max(at + step, 0), slides.length - 1); show(); scrollTo({ top: home.offsetTop - 8 }); }
    function grade(value) { own().grade = value; show(); go(1); }
    function clear() { delete said[label()]; show(); }
    function accept() { const value = slides[at].dataset.suggested; if (value !== "") grade(Number(value)); }
    async function copy(from) { try { await navigator.clipboard.writeText(from.value); status.textContent = "copied"; } catch { from.select(); status.textContent = "selected: copy it"; } }
    const acts = { next: () => go(1), back: () => go(-1), accept, clear, copy: () => copy(lines), gh: () => copy(command), forget() { said = {}; show(); } };
    const keys = { j: acts.next, k: acts.back, ArrowRight: acts.next, ArrowLeft: acts.back, 1: () => grade(1), 2: () => grade(2), 3: () => grade(3), f: () => grade(-2), 0: clear,
      g: () => form.flag.focus(), n: () => form.note.focus() };
    home.addEventListener("click", event => { const button = event.target.closest("button"); if (!button) return; if (button.dataset.grade) grade(Number(button.dataset.grade)); else acts[button.dataset.do]?.(); });
    form.addEventListener("input", () => { own().flag = form.flag.value.trim(); own().note = form.note.value.trim(); collect(); });
    form.addEventListener("submit", event => event.preventDefault());
    addEventListener("keydown", event => {
      if (event.key === "Escape") { document.activeElement.blur(); return; }
      if (typing(event)) return;
      const act = event.key === "Enter" && !event.target.closest("a, button") ? accept : keys[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    bar.hidden = collected.hidden = false;
    const first = slides.findIndex(one => !one.classList.contains("graded") && (said[one.dataset.label] || {}).grade === undefined);
    at = Math.max(first, 0);
    show();
  }

  // two makings of one picture: a slider, a blink, or side by side
  function compare(home) {
    const form = home.querySelector("form"), stage = home.querySelector(".stage"), items = [...home.querySelectorAll("li")], caption = home.querySelector(".caption");
    let timer = 0;
    const link = origin => items.find(one => one.dataset.origin === origin && one.dataset.name === form.picture.value)?.dataset.link || "";
    function set(image, origin) { const found = link(origin); if (found) image.src = found; else image.removeAttribute("src"); image.alt = found ? `${form.picture.value}, ${origin}` : ""; image.hidden = !found; }
    function show() {
      set(stage.querySelector(".left"), form.left.value); set(stage.querySelector(".right"), form.right.value);
      stage.className = `stage ${form.how.value}`; stage.style.setProperty("--at", `${form.at.value}%`);
      form.querySelector(".slide").hidden = form.how.value !== "slider";
      clearInterval(timer);
      caption.textContent = `${form.left.value} | ${form.right.value}`;
      if (form.how.value === "blink") { timer = setInterval(blink, 900); blink(); }
    }
    function blink() { caption.textContent = stage.classList.toggle("on") ? form.right.value : form.left.value; }
    form.addEventListener("input", show);
    addEventListener("keydown", event => { if (event.key === "b" && !typing(event)) { form.how.value = form.how.value === "blink" ? "slider" : "blink"; show(); home.scrollIntoView(); } });
    home.hidden = false;
    show();
  }

  document.querySelectorAll("table.sortable").forEach(sortable);
  const form = document.querySelector(".filters"), walking = document.querySelector(".walk"), comparing = document.querySelector(".compare");
  if (form) filters(form, document.querySelector("#projects"));
  if (walking) walk(walking);
  if (comparing) compare(comparing);
  if (document.body.classList.contains("unit")) addEventListener("keydown", event => {
    if (typing(event)) return;
    const to = { j: "a[rel=next]", k: "a[rel=prev]", u: ".crumbs a" }[event.key];
    document.querySelector(to || "none")?.click();
  });
  // what is running is looked at again, unless somebody is at work on the page
  if (document.querySelector("[data-live]") && location.protocol !== "file:") setInterval(() => { if (!/^(INPUT|SELECT)$/.test(document.activeElement.tagName) && scrollY < 200) location.reload(); }, 60000);
})();
