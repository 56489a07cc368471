// Shared by all pages. Without JavaScript, pages still show their content and forms still work.
"use strict";

document.addEventListener("submit", (event) => {
  if (event.target.dataset.reached) return; // asked already, before the connection was tried (connection.js)
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}, true);

// A form is submitted once, even if its button is clicked repeatedly.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// Filters apply as soon as they are changed.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Parts of a form that are shown only for some choices of radio buttons or a list: data-when="name=value|value".
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

// Leaving a long form with changes asks first: the browser's own question. A form that was refused is unsaved, too.
let isBeingSent = false;
document.addEventListener("submit", (event) => {
  isBeingSent = !event.defaultPrevented;
});
window.addEventListener("beforeunload", (event) => {
  const form = document.querySelector("form[data-unsaved]");
  if (!form || isBeingSent) return;
  const isChanged = (field) => {
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.matches("select")) {
      const usual = [...field.options].findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(usual, 0);
    }
    return field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue;
  };
  if (form.querySelector(".errorlist") || [...form.elements].some(isChanged)) event.preventDefault();
});
