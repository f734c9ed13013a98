// show opens what a link leads to, and all that it is in.
const show = (item) => {
  for (let up = item; up; up = up.parentElement) if (up.matches("details")) up.open = true;
  const summary = item.querySelector("summary");
  if (summary) summary.focus();
  item.scrollIntoView();
};

// The tree of namespaces, which a mesh without services has not.
const tree = (root) => {
  const search = byId("search");
  const from = byId("from");
  const to = byId("to");
  const shown = byId("shown");
  const buttons = Array.from(document.querySelectorAll("[data-status]"));
  const fewServices = 10;

  // What is in the tree, and what each part of it says, read when it is first looked for.
  const said = (item) => item.textContent.replace(/\s+/g, " ").toLowerCase();
  const callers = Array.from(document.querySelectorAll(".callers"), said);
  let read;
  const parts = () => read ??= Array.from(root.children, (item) => ({
    item, name: item.firstChild.dataset.name, text: item.firstChild.dataset.name.toLowerCase(),
    services: Array.from(item.querySelectorAll(".service"), (service) => ({
      item: service.parentElement, open: service, text: said(service.querySelector("code")) + " " + Array.from(service.querySelectorAll(":scope > p"), said).join(" "),
      answers: Array.from(service.querySelectorAll(".answer"), (answer) => ({
        item: answer, status: answer.dataset.of, text: said(answer.querySelector(".head")) + " " + said(answer.querySelector(".strip")),
        lines: Array.from(answer.lastElementChild.children, (line) => ({
          item: line, from: line.dataset.from.split(" "), text: said(line), all: Array.from(line.querySelectorAll("[data-all]"), (one) => one.dataset.all),
        })),
      })),
    })),
  }));

  const pressed = () => buttons.filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.status);
  const press = (statuses) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(statuses.includes(button.dataset.status))));

  // Each word must stand in a line, in what it is in, or in the names of clients of which the line has all. What stands in quotes is one
  // word.
  const filter = () => {
    const words = Array.from(search.value.toLowerCase().matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, word]) => quoted ?? word);
    const statuses = pressed();
    const asked = words.length > 0 || statuses.length > 0 || from.value || to.value;
    const named = new Map(words.map((word) => [word, callers.map((text) => text.includes(word))]));
    const lacking = (text, words) => words.filter((word) => !text.includes(word));
    const has = (line, words) => lacking(line.text, words).every((word) => line.all.some((place) => named.get(word)[place]));
    let lines = 0, all = 0;
    const fit = [];
    for (const namespace of parts()) {
      const before = fit.length;
      const ofNamespace = lacking(namespace.text, words);
      for (const service of namespace.services) {
        const ofService = lacking(service.text, ofNamespace);
        let fits = !asked || (service.answers.length === 0 && ofService.length === 0 && statuses.length === 0 && !from.value && (!to.value || to.value === namespace.name));
        for (const answer of service.answers) {
          const ofAnswer = lacking(answer.text, ofService);
          let some = false;
          for (const line of answer.lines) {
            const ok = (statuses.length === 0 || statuses.includes(answer.status)) && (!to.value || to.value === namespace.name) &&
              (!from.value || line.from.includes(from.value)) && has(line, ofAnswer);
            line.item.hidden = !ok;
            some ||= ok;
            lines += ok;
            all++;
          }
          answer.item.hidden = !some;
          fits ||= some;
        }
        service.item.hidden = !fits;
        if (fits) fit.push(service);
      }
      namespace.item.hidden = fit.length === before;
    }
    if (asked && fit.length <= fewServices) {
      for (const service of fit) {
        service.open.open = true;
        service.open.parentElement.closest("details").open = true;
      }
    }
    shown.textContent = asked ? lines + " of " + all + " lines, of " + fit.length + " services" : "all " + all + " lines";
  };

  const choose = (select, name) => { select.value = Array.from(select.options).find((option) => option.value && option.text === name)?.value ?? ""; };
  const chosen = (select) => select.value ? select.selectedOptions[0].text : "";
  const ask = (words, statuses, client, server) => {
    search.value = words;
    press(statuses);
    choose(from, client);
    choose(to, server);
    filter();
  };
  const remember = () => {
    const parts = new URLSearchParams();
    if (search.value) parts.set("q", search.value);
    for (const status of pressed()) parts.append("status", status);
    if (from.value) parts.set("from", chosen(from));
    if (to.value) parts.set("to", chosen(to));
    history.replaceState(null, "", parts.toString() ? "#?" + parts.toString() : location.pathname + location.search);
  };
  const changed = () => { filter(); remember(); };

  search.addEventListener("input", changed);
  from.addEventListener("change", changed);
  to.addEventListener("change", changed);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      changed();
    });
  }
  for (const link of document.querySelectorAll("[data-to]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      ask("", [], link.dataset.from, link.dataset.to);
      remember();
      show(byId("ns-" + link.dataset.to));
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === from || event.target === to) return;
    if (event.target === search) {
      if (event.key === "Escape") { ask("", pressed(), chosen(from), chosen(to)); remember(); search.blur(); }
      return;
    }
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "n" || event.key === "p") {
      const wrong = parts().filter((namespace) => !namespace.item.hidden).flatMap((namespace) => namespace.services)
        .filter((service) => !service.item.hidden && service.answers.some((answer) => answer.status !== "OK")).map((service) => service.open);
      if (wrong.length === 0) return;
      const at = wrong.indexOf(document.activeElement.parentElement);
      const next = event.key === "n" ? at + 1 : Math.max(at, 0) - 1;
      show(wrong[(next + wrong.length) % wrong.length]);
    }
  });
  return { ask, changed };
};

const list = byId("tree") && tree(byId("tree"));

// A link leads to a namespace, a service or a cause, or to what was looked for.
const follow = () => {
  const hash = decodeURIComponent(location.hash.slice(1));
  if (hash.startsWith("?")) {
    const parts = new URLSearchParams(location.hash.slice(2));
    if (list) list.ask(parts.get("q") || "", parts.getAll("status"), parts.get("from") || "", parts.get("to") || "");
    return;
  }
  const item = hash && byId(hash);
  if (item) show(item);
};
addEventListener("hashchange", follow);
follow();
