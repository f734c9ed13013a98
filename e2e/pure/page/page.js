"use strict";
document.documentElement.classList.add("scripted");
const byId = (id) => document.getElementById(id);
const list = byId("cases");
const cases = Array.from(document.querySelectorAll("#cases > li"));
const search = byId("search");
const shown = byId("shown");
const buttons = Array.from(document.querySelectorAll("[data-verdict]"));

// What a case says, read when it is first looked for.
const texts = new Map();
const text = (item) => {
  if (!texts.has(item)) texts.set(item, item.textContent.replace(/\s+/g, " ").toLowerCase());
  return texts.get(item);
};

const filter = () => {
  // Words, and what stands in quotes as it is.
  const words = Array.from(search.value.toLowerCase().matchAll(/"([^"]*)"|(\S+)/g), (found) => found[1] ?? found[2]);
  const verdicts = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.verdict);
  const fit = cases.filter((item) => (verdicts.length === 0 || verdicts.includes(item.dataset.result)) && words.every((word) => text(item).includes(word)));
  list.replaceChildren(...fit);
  shown.textContent = fit.length === cases.length ? "all " + fit.length + " cases" : fit.length + " of " + cases.length + " cases";
};

const remember = () => {
  const parts = new URLSearchParams();
  if (search.value) parts.set("q", search.value);
  for (const b of buttons) if (b.getAttribute("aria-pressed") === "true") parts.append("verdict", b.dataset.verdict);
  history.replaceState(null, "", parts.toString() ? "#?" + parts.toString() : location.pathname + location.search);
};

// A link leads to a case, or to what was looked for.
const follow = () => {
  const hash = decodeURIComponent(location.hash.slice(1));
  if (hash.startsWith("?")) {
    const parts = new URLSearchParams(location.hash.slice(2));
    search.value = parts.get("q") || "";
    for (const b of buttons) b.setAttribute("aria-pressed", String(parts.getAll("verdict").includes(b.dataset.verdict)));
    filter();
    return;
  }
  if (!hash) return;
  const item = byId(hash) || cases.find((one) => one.id === hash);
  if (!item) return;
  if (!item.isConnected) list.append(item);
  const details = item.matches("details") ? item : item.querySelector("details");
  if (details) {
    details.open = true;
    details.querySelector("summary").focus();
  }
  item.scrollIntoView();
};

search.addEventListener("input", () => { filter(); remember(); });
for (const b of buttons) {
  b.addEventListener("click", () => {
    b.setAttribute("aria-pressed", String(b.getAttribute("aria-pressed") !== "true"));
    filter();
    remember();
  });
}
for (const link of document.querySelectorAll("[data-hop]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    search.value = '"' + link.dataset.hop + '"';
    filter();
    remember();
    byId("cases-heading").scrollIntoView();
  });
}
byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === search) {
    if (event.key === "Escape") { search.value = ""; filter(); remember(); search.blur(); }
    return;
  }
  if (event.key === "/") { event.preventDefault(); search.focus(); }
  if (event.key === "n" || event.key === "p") {
    const red = Array.from(list.children).filter((item) => item.dataset.result !== "PASS").map((item) => item.querySelector("summary"));
    if (red.length === 0) return;
    const at = red.indexOf(document.activeElement);
    const next = event.key === "n" ? at + 1 : at - 1;
    red[(next + red.length) % red.length].focus();
  }
});
addEventListener("hashchange", follow);
filter();
follow();
