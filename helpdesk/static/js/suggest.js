/** Suggestions while a person types: htmx asks, this decides what is asked and announces what came. */
"use strict";

(() => {
  const LEAST_WORDS = 3;
  // Enough in scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Han.
  const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}/;
  const MOST_CHARACTERS = 2000; // what the server reads

  const isSuggesting = (element) => element?.matches?.("[data-suggest]");

  function typed(element) {
    const fields = element.form ? element.form.querySelectorAll("[data-suggest]") : [element];
    return [...fields].map((field) => field.value.trim()).filter(Boolean).join(" ").slice(0, MOST_CHARACTERS);
  }

  function offerJump(isOffered) {
    for (const link of document.querySelectorAll("[data-suggest-jump]")) link.hidden = !isOffered;
  }

  function announce(text) {
    for (const region of document.querySelectorAll("[data-suggest-live]")) region.textContent = text;
  }

  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (!isSuggesting(ctx.sourceElement)) return;
    const text = typed(ctx.sourceElement);
    if (text.split(/\s+/).length < LEAST_WORDS && !UNSPACED.test(text)) {
      event.preventDefault();
      ctx.sourceElement.dispatchEvent(new CustomEvent("htmx:abort")); // an answer to a longer text may be on its way
      ctx.target.replaceChildren();
      announce("");
      offerJump(false);
      return;
    }
    ctx.request.body = new FormData();
    ctx.request.body.set("q", text);
  });

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!isSuggesting(ctx.sourceElement)) return;
    announce(ctx.target.querySelector("[data-suggest-status]")?.textContent ?? "");
    offerJump(ctx.target.querySelector("li, dl") !== null);
  });
})();
