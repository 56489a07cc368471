// When the server doesn't answer: live pages say since when their figures are old, and buttons wait.
"use strict";

(() => {
  const ASK_AGAIN_MS = 2000;
  const ANSWERS_WITHIN_MS = 5000;
  const BUTTON_WAITS_MS = 60_000; // later the person may have gone, and must press again
  let line;
  let heardAt = Date.now();
  let isLost = false;
  let isAsking = false;
  let waiting = 0;

  const isLive = () => Boolean(document.querySelector("[hx-trigger^='every'], [data-live]"));

  const say = () => {
    const time = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: line.dataset.timeZone,
    }).format(heardAt);
    const parts = [line.dataset[isLive() ? "stale" : "lost"].replace("{time}", time), waiting ? line.dataset.waits : ""];
    const words = parts.filter(Boolean).join(" ");
    if (line.textContent !== words) line.textContent = words;
    line.hidden = false;
  };

  const reach = async () => {
    try {
      const answer = await fetch(line.dataset.alive, {
        method: "HEAD", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
      });
      return answer.status < 500;
    } catch {
      return false;
    }
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));

  const lose = () => {
    isLost = true;
    say();
    askUntilBack();
  };
  const recover = () => {
    heardAt = Date.now();
    isLost = false;
    line.hidden = true;
  };
  // A live page is right again once its own news has come; others once the server answers.
  const askUntilBack = async () => {
    if (isAsking) return;
    isAsking = true;
    while (isLost && !isLive()) {
      await pause();
      if (await reach()) recover();
    }
    isAsking = false;
  };

  const hold = async (form, button) => {
    const pressedAt = Date.now();
    form.dataset.waiting = "1";
    waiting += 1;
    button?.setAttribute("aria-disabled", "true");
    let isThere = await reach();
    while (!isThere && Date.now() - pressedAt < BUTTON_WAITS_MS) {
      lose();
      await pause();
      isThere = await reach();
    }
    waiting -= 1;
    delete form.dataset.waiting;
    delete form.dataset.sent;
    button?.removeAttribute("aria-disabled");
    if (!isThere) return say();
    if (!isLive()) recover();
    form.dataset.reached = "1";
    form.requestSubmit(button);
    delete form.dataset.reached;
  };

  // After the question and the guard against double clicks (frontdesk.js).
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.waiting) return event.preventDefault();
    if (event.defaultPrevented || form.method !== "post" || form.dataset.reached || !line) return;
    event.preventDefault();
    hold(form, event.submitter);
  });

  document.addEventListener("DOMContentLoaded", () => {
    line = document.getElementById("connection");
    if (!line) return;
    for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, lose);
    document.addEventListener("htmx:afterRequest", (event) => {
      const status = event.detail.xhr?.status ?? 0;
      if (event.detail.successful) recover();
      else if (status >= 500 || status === 404) lose();
    });
    window.addEventListener("offline", lose);
  });
})();
