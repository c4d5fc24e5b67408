/* Keys for people who read all day. A part of a page says its own keys, in data-keys: "g d" for two
   keys one after the other, "s" for one. The list that "?" shows is made from the page itself. */
(() => {
  "use strict";

  const SEQUENCE_MS = 1200;
  const OFF = "lienthong-keys-off"; /* WCAG 2.1.4: keys without a modifier can be switched off */
  const dialog = () => document.querySelector("dialog[data-keys-list]");
  const isOff = () => window.localStorage.getItem(OFF) === "yes";
  const isTyping = (part) => part.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const isShown = (part) => part.getClientRects().length > 0;

  /* The first part of the page that has these keys and can be seen. */
  const partOf = (keys) =>
    [...document.querySelectorAll(`[data-keys="${CSS.escape(keys)}"]`)].find(isShown) ?? document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  const begins = (keys) => document.querySelector(`[data-keys^="${CSS.escape(keys)} "]`) !== null;
  const use = (part) => (part.matches("input:not([type=checkbox], [type=radio]), textarea, select") ? part.focus() : part.click());

  /* Rows of a list: j and k go down and up, x marks the row for a common action. */
  const rows = () => [...document.querySelectorAll("main [data-row]")].filter(isShown);
  const here = (all) => all.findIndex((row) => row.contains(document.activeElement));
  const goTo = (row) => {
    const link = row?.querySelector("a[href]");
    link?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  const inList = {
    j: (all) => goTo(all[Math.min(here(all) + 1, all.length - 1)]),
    k: (all) => goTo(all[Math.max(here(all) - 1, 0)]),
    x: (all) => all[here(all)]?.querySelector("input[type=checkbox]")?.click(),
  };

  const nameOf = (part) =>
    (part.dataset.keysName || part.getAttribute("aria-label") || part.labels?.[0]?.textContent || part.querySelector("span:not(.lt-count)")?.textContent || part.textContent).trim();
  const list = () => {
    const found = new Map();
    document.querySelectorAll("[data-keys]").forEach((part) => {
      if (!found.has(part.dataset.keys)) found.set(part.dataset.keys, nameOf(part));
    });
    const body = dialog().querySelector("[data-keys-rows]");
    body.replaceChildren(
      ...[...found].map(([keys, name]) => {
        const row = document.createElement("tr");
        const cell = document.createElement("th");
        cell.scope = "row";
        keys.split(" ").forEach((key) => {
          const cap = document.createElement("kbd");
          cap.textContent = key;
          cell.append(cap, " ");
        });
        const words = document.createElement("td");
        words.textContent = name;
        row.append(cell, words);
        return row;
      }),
    );
    dialog().querySelector("[data-keys-on]").checked = !isOff();
    dialog().querySelector("[data-keys-of-lists]").hidden = rows().length === 0;
    dialog().showModal();
  };

  let typed = "";
  let since = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form");
      if (form && event.target.tagName === "TEXTAREA") form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isOff() || dialog()?.open) return;
    typed = event.timeStamp - since < SEQUENCE_MS && typed ? `${typed} ${event.key}` : event.key;
    since = event.timeStamp;
    const part = partOf(typed) ?? partOf((typed = event.key));
    if (part) {
      event.preventDefault();
      typed = "";
      use(part);
    } else if (!begins(typed) && inList[event.key] && rows().length) {
      event.preventDefault();
      typed = "";
      inList[event.key](rows());
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-open]")) list();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-on]")) window.localStorage.setItem(OFF, event.target.checked ? "no" : "yes");
  });
  /* The list needs this script, so the entry that opens it is shown by it. */
  const begin = () => document.querySelectorAll("[data-keys-open]").forEach((part) => (part.hidden = false));
  begin();
  document.addEventListener("htmx:load", begin);
})();
