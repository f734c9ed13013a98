// show opens what a link leads to, and what it is in.
const show = (item) => {
  const details = item.matches("details") ? item : item.querySelector("details");
  if (details) {
    details.open = true;
    details.querySelector("summary").focus();
  }
  item.scrollIntoView();
};

// draw puts in their places the pieces that a case shows once it is open.
const draw = (details) => {
  for (const place of details.querySelectorAll("[data-draw]")) {
    for (const piece of place.dataset.draw.split(" ")) place.append(byId("piece-" + piece).content.cloneNode(true));
    place.removeAttribute("data-draw");
  }
};

// The list of cases, which a run of mutants alone has not.
const cases = (list) => {
  const all = Array.from(list.children);
  const search = byId("search");
  const shown = byId("shown");
  const buttons = Array.from(document.querySelectorAll("[data-verdict]"));
  const choices = Array.from(document.querySelectorAll("[data-token]"));

  // What a case says, read when it is first looked for.
  const texts = new Map();
  const text = (item) => {
    if (!texts.has(item)) texts.set(item, [item.textContent, item.dataset.label, item.dataset.rule].join(" ").replace(/\s+/g, " ").toLowerCase());
    return texts.get(item);
  };
  // A hop is asked for with its port, or with all ports of the service.
  const goes = (item, hop) => Array.from(item.querySelectorAll("[data-at]")).some((check) => {
    const at = check.dataset.at.toLowerCase();
    return at === hop || at.startsWith(hop + ":");
  });
  const has = (item, what, value) => (item.dataset[what] || "").toLowerCase().split(" ").includes(value);
  const pressed = () => buttons.filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.verdict);
  const press = (verdicts) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(verdicts.includes(button.dataset.verdict))));

  // Words, what stands in quotes as it is, hop:"CLIENT -> SERVICE:PORT" for the cases that go over it, label:LABEL and rule:RULE.
  const filter = () => {
    const asked = Array.from(search.value.toLowerCase().matchAll(/hop:"([^"]*)"|(label|rule):(\S+)|"([^"]*)"|(\S+)/g));
    const verdicts = pressed();
    const fits = (item, [, hop, what, value, quoted, word]) => {
      if (hop !== undefined) return goes(item, hop);
      if (what !== undefined) return has(item, what, value);
      return text(item).includes(quoted ?? word);
    };
    const fit = all.filter((item) => (verdicts.length === 0 || verdicts.includes(item.dataset.result)) && asked.every((one) => fits(item, one)));
    for (const choice of choices) {
      const one = asked.find(([, , what]) => what === choice.dataset.token);
      choice.value = one ? one[3] : "";
    }
    list.replaceChildren(...fit);
    shown.textContent = fit.length === all.length ? "all " + fit.length + " cases" : fit.length + " of " + all.length + " cases";
  };
  const ask = (words, verdicts) => {
    search.value = words;
    press(verdicts);
    filter();
  };
  const remember = () => {
    const parts = new URLSearchParams();
    if (search.value) parts.set("q", search.value);
    for (const verdict of pressed()) parts.append("verdict", verdict);
    history.replaceState(null, "", parts.toString() ? "#?" + parts.toString() : location.pathname + location.search);
  };

  search.addEventListener("input", () => { filter(); remember(); });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
      remember();
    });
  }
  for (const choice of choices) {
    choice.addEventListener("change", () => {
      const kept = search.value.replace(new RegExp(choice.dataset.token + ":\\S+", "g"), "").trim();
      search.value = choice.value ? (kept + " " + choice.dataset.token + ":" + choice.value).trim() : kept;
      filter();
      remember();
    });
  }
  for (const link of document.querySelectorAll("[data-hop]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      ask('hop:"' + link.dataset.hop + '"', []);
      remember();
      byId("cases-heading").scrollIntoView();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key === "Escape") { ask("", pressed()); remember(); search.blur(); }
      return;
    }
    if (event.target instanceof HTMLSelectElement) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "n" || event.key === "p") {
      const red = Array.from(list.children).filter((item) => item.dataset.result !== "PASS" && item.dataset.result !== "SKIPPED").map((item) => item.querySelector("summary"));
      if (red.length === 0) return;
      const at = red.indexOf(document.activeElement);
      const next = event.key === "n" ? at + 1 : Math.max(at, 0) - 1;
      red[(next + red.length) % red.length].focus();
    }
  });
  list.addEventListener("toggle", (event) => { if (event.target.open) draw(event.target); }, true);
  filter();
  return {
    ask,
    // A case that the filter has left out comes back.
    find: (id) => {
      const item = all.find((one) => one.id === id);
      if (item && !item.isConnected) ask("", []);
      return item;
    },
  };
};

const list = byId("cases") && cases(byId("cases"));

// A link leads to a case or a cause, or to what was looked for.
const follow = () => {
  const hash = decodeURIComponent(location.hash.slice(1));
  if (hash.startsWith("?")) {
    const parts = new URLSearchParams(location.hash.slice(2));
    if (list) list.ask(parts.get("q") || "", parts.getAll("verdict"));
    return;
  }
  const item = hash && ((list && list.find(hash)) || byId(hash));
  if (item) show(item);
};
addEventListener("hashchange", follow);
follow();
