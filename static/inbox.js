// The inbox: answering by keys, quick replies, notices on the desktop, and the list beside a thread.
"use strict";

// Ctrl+Enter (on a Mac also Command+Enter) sends an answer from its text.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest("form[data-sent-by-keys]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button.main"));
});

// A quick reply goes where the cursor is, between what was typed.
document.addEventListener("submit", (event) => {
  const target = document.getElementById(event.target.dataset.insertsInto ?? "");
  const chosen = event.target.querySelector("option:checked");
  if (!target || !chosen) return;
  event.preventDefault();
  target.setRangeText(chosen.dataset.text, target.selectionStart, target.selectionEnd, "end");
  target.dispatchEvent(new Event("input", { bubbles: true }));
  target.focus();
});

// Notices on the desktop, for members who switched them on in this browser: that somebody waits, never what they said.
const NOTICES = "frontdesk-notices";
const mayNotify = () =>
  "Notification" in window && Notification.permission === "granted" && localStorage.getItem(NOTICES) === "on";
const showNotices = () => {
  for (const button of document.querySelectorAll("[data-notices]")) {
    button.hidden = !("Notification" in window) || Notification.permission === "denied";
    button.textContent = mayNotify() ? button.dataset.off : button.dataset.on;
    button.setAttribute("aria-pressed", String(mayNotify()));
  }
};
document.addEventListener("DOMContentLoaded", showNotices);
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-notices]")) return;
  const isOn = mayNotify();
  if (!isOn && (await Notification.requestPermission()) !== "granted") return showNotices();
  localStorage.setItem(NOTICES, isOn ? "off" : "on");
  showNotices();
});
let waitingBefore; // what waited when the page was last told
document.addEventListener("htmx:afterSwap", () => {
  const list = document.querySelector("[data-waiting-words]");
  if (!list) return;
  const waiting = new Set([...list.querySelectorAll("[data-waits]")].map((each) => each.dataset.waits));
  const isNew = waitingBefore && [...waiting].some((each) => !waitingBefore.has(each));
  waitingBefore = waiting;
  if (isNew && document.hidden && mayNotify()) {
    new Notification(document.title, { body: list.dataset.waitingWords, tag: NOTICES });
  }
});
document.addEventListener("DOMContentLoaded", () => {
  const waiting = document.querySelectorAll("[data-waiting-words] [data-waits]");
  waitingBefore = new Set([...waiting].map((each) => each.dataset.waits));
});

// A list that small screens don't show asks for news only while it is shown.
setInterval(() => {
  for (const list of document.querySelectorAll("[data-news-while-shown]")) {
    if (list.offsetParent && (!document.hidden || mayNotify())) htmx.trigger(list, "news");
  }
}, 10_000);
