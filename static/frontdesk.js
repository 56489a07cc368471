// What every page shares. Without it all pages still show their content and all forms still work.
"use strict";

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}, true);

// A form is sent once, however often its button is clicked.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// Filters apply as soon as they are chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Parts of a form that belong to one choice of a group of radio buttons or of a list: data-when="name=value|value".
const showChosen = () => {
  for (const part of document.querySelectorAll("[data-when]")) {
    const split = part.dataset.when.indexOf("=");
    const name = CSS.escape(part.dataset.when.slice(0, split));
    const values = part.dataset.when.slice(split + 1).split("|");
    const chosen = document.querySelector(`input[name="${name}"]:checked, select[name="${name}"]`);
    part.hidden = Boolean(chosen) && !values.includes(chosen.value);
  }
};
document.addEventListener("change", showChosen);
document.addEventListener("DOMContentLoaded", showChosen);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.copied;
});
