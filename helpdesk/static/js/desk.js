/** Keyboard shortcuts of staff pages, off while a person types. */
"use strict";

(() => {
  const page = document.querySelector("[data-shortcuts]");
  if (!page) return;

  const NAMES = { j: "Next row", k: "Previous row", o: "Open the row", r: "Reply", n: "Internal note", a: "Assign to me", "?": "This list" };
  const rows = () => [...page.querySelectorAll("[data-row]")];
  let current = -1;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    current = Math.min(Math.max(current + step, 0), all.length - 1);
    all.forEach((row, index) => row.classList.toggle("is-current", index === current));
    const link = all[current].querySelector("[data-open]");
    link?.focus({ preventScroll: true });
    all[current].scrollIntoView({ block: "nearest" });
  }

  function press(key) {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    if (target.matches("a, button")) target.click();
    else {
      target.closest("details")?.setAttribute("open", "");
      target.focus();
      target.scrollIntoView({ block: "center" });
    }
    return true;
  }

  function isOffered(key) {
    if (key === "?") return true;
    return "jko".includes(key) ? rows().length > 0 : document.querySelector(`[data-key="${key}"]`) !== null;
  }

  function help() {
    const dialog = document.createElement("dialog");
    dialog.className = "help-dialog";
    dialog.setAttribute("aria-label", "Keyboard shortcuts");
    const title = document.createElement("h2");
    title.textContent = "Keyboard shortcuts";
    const list = document.createElement("dl");
    for (const [key, name] of Object.entries(NAMES).filter(([key]) => isOffered(key))) {
      const pair = document.createElement("div");
      const term = document.createElement("dt");
      const cap = document.createElement("kbd");
      const text = document.createElement("dd");
      cap.textContent = key;
      text.textContent = name;
      term.append(cap);
      pair.append(term, text);
      list.append(pair);
    }
    const close = document.createElement("button");
    close.className = "button button-secondary";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, close);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  const open = () => rows()[current]?.querySelector("[data-open]")?.click();
  const ACTIONS = { j: () => move(1), k: () => move(-1), o: open, "?": help };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!(event.key in NAMES)) return;
    const action = ACTIONS[event.key];
    if (action) action();
    else if (!press(event.key)) return;
    event.preventDefault();
  });
})();
