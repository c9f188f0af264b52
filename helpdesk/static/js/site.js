/** On every page: send once, keep what was typed, close menus, show errors first. */
"use strict";

(() => {
  const unsaved = new Set();

  const csrfToken = () => document.querySelector('meta[name="csrf-token"]').content;

  const submitButtons = (form) => [...form.elements].filter((element) => element.type === "submit");

  function sendOnce(event) {
    const form = event.target;
    if (event.defaultPrevented) return; // htmx sends it
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.matches("[data-once]") && "sent" in form.dataset) {
      event.preventDefault();
      return;
    }
    unsaved.delete(form);
    if (form.matches("[data-abandon]")) unsaved.clear(); // "this answered me": the question need not be kept
    if (!form.matches("[data-once]")) return;
    form.dataset.sent = "";
    for (const button of submitButtons(form)) button.setAttribute("aria-disabled", "true");
  }

  // The back button may show this page again from memory, with its forms still marked as sent.
  function allowSendingAgain() {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of submitButtons(form)) button.removeAttribute("aria-disabled");
    }
  }

  function noteTyping(event) {
    const form = event.target.form;
    if (form?.method === "post" && event.target.matches("textarea")) unsaved.add(form);
  }

  function sendByKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.form;
    if (event.target.matches("textarea") && form) {
      event.preventDefault();
      form.requestSubmit(submitButtons(form)[0]);
    }
  }

  function closeMenus(event) {
    const isEscape = event.type === "keydown" && event.key === "Escape";
    if (event.type === "keydown" && !isEscape) return;
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (!isEscape && menu.contains(event.target)) continue;
      const hadFocus = menu.contains(document.activeElement);
      menu.open = false;
      if (isEscape && hadFocus) menu.querySelector("summary").focus();
    }
  }

  document.addEventListener("submit", sendOnce);
  document.addEventListener("input", noteTyping);
  document.addEventListener("draft:saved", (event) => unsaved.delete(event.target));
  document.addEventListener("keydown", sendByKey);
  document.addEventListener("keydown", closeMenus);
  document.addEventListener("click", closeMenus);
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.request.method !== "GET") ctx.request.headers["X-CSRFToken"] = csrfToken();
  });
  window.addEventListener("pageshow", allowSendingAgain);
  window.addEventListener("beforeunload", (event) => {
    if (unsaved.size) event.preventDefault();
  });

  document.querySelector("[data-error-summary]")?.focus();
})();
