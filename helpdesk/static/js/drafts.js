/** Autosave: a form marked `data-draft` is kept by the server, and in this tab until the server has it.
 * With `data-draft-here` only in this tab: its writer has no account, and finds it again after signing in. */
"use strict";

(() => {
  const PAUSE = 1200; // milliseconds without typing before a save
  const ADDRESS = "/drafts";

  const csrfToken = () => document.querySelector('meta[name="csrf-token"]').content;
  const isKept = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);
  const localKey = (key) => `draft:${key}`;

  function read(form) {
    const fields = {};
    for (const field of [...form.elements].filter(isKept)) {
      if (field.type === "checkbox") fields[field.name] = field.checked;
      else if (field.type !== "radio" || field.checked) fields[field.name] = field.value;
    }
    return fields;
  }

  function fill(form, fields) {
    for (const field of [...form.elements].filter(isKept)) {
      if (!(field.name in fields)) continue;
      if (field.type === "checkbox") field.checked = fields[field.name] === true;
      else if (field.type === "radio") field.checked = field.value === fields[field.name];
      else field.value = fields[field.name];
    }
  }

  // What the server put into the page (an edit, a failed form) stands above any draft.
  const isEmpty = (form) =>
    ![...form.elements].some((field) => field.matches("textarea, input[type=text]") && isKept(field) && field.value.trim());

  class Draft {
    constructor(form) {
      this.form = form;
      this.key = form.dataset.draft;
      this.isHere = "draftHere" in form.dataset;
      this.state = form.querySelector("[data-draft-state]");
      form.addEventListener("input", () => this.changed());
      // On the document, after site.js: a sending that was called off must not stop the draft.
      document.addEventListener("submit", (event) => this.stop(event));
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden" && this.timer) this.save();
      });
    }

    changed() {
      this.isStopped = false; // typing after a refused sending saves again
      sessionStorage.setItem(localKey(this.key), JSON.stringify(read(this.form)));
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), this.isHere ? 0 : PAUSE);
    }

    // A save that lands after the form was accepted, or was no longer needed, would bring the draft back.
    stop(event) {
      const isOurs = event.target === this.form || event.target.matches("[data-abandon]");
      if (!isOurs || event.defaultPrevented) return;
      this.isStopped = true;
      clearTimeout(this.timer);
      this.timer = null;
      this.running?.abort();
      sessionStorage.removeItem(localKey(this.key));
    }

    async save() {
      clearTimeout(this.timer);
      this.timer = null;
      if (this.isHere) {
        this.form.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true }));
        return;
      }
      this.running?.abort();
      const running = (this.running = new AbortController());
      try {
        const answer = await fetch(ADDRESS, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
          body: JSON.stringify({ key: this.key, fields: read(this.form) }),
          keepalive: true,
          signal: running.signal,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        this.saved((await answer.json()).saved_at);
      } catch {
        if (!running.signal.aborted) this.say("Not saved yet. A copy is kept in this tab; keep it open.");
      }
    }

    saved(at) {
      if (this.isStopped) return;
      this.say(`Saved at ${new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`);
      if (this.timer) return; // more was typed meanwhile
      sessionStorage.removeItem(localKey(this.key));
      this.form.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true }));
    }

    say(text) {
      if (this.state) this.state.textContent = text;
    }

    async restore() {
      const copy = sessionStorage.getItem(localKey(this.key));
      const isResumed = copy && "draftResume" in this.form.dataset;
      if (!isResumed && !isEmpty(this.form)) return;
      const fields = copy ? JSON.parse(copy) : await this.kept();
      if (!fields || (!isResumed && !isEmpty(this.form))) return;
      fill(this.form, fields);
      if (!isEmpty(this.form)) this.say("Your draft is back.");
      this.form.querySelector("[data-suggest]")?.dispatchEvent(new Event("input", { bubbles: true }));
    }

    async kept() {
      if (this.isHere) return null;
      try {
        const answer = await fetch(`${ADDRESS}?key=${encodeURIComponent(this.key)}`);
        return answer.status === 200 ? (await answer.json()).fields : null;
      } catch {
        return null;
      }
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.getAttribute("action")?.endsWith("/sign-out")) return;
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:")) sessionStorage.removeItem(key);
  });

  for (const form of document.querySelectorAll("form[data-draft]")) new Draft(form).restore();
})();
