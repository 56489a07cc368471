// What was typed outlives a session that ended: while its person signs in again, it waits in the browser.
// Kept for one tab, one person and four hours at most; passwords, codes and files never. Nothing is sent by itself.
"use strict";

(() => {
  const person = document.currentScript.dataset.person; // empty on pages for people who are signed out
  const KEY = "frontdesk.drafts";
  const LONGEST_MS = 4 * 60 * 60 * 1000;
  const MOST = 20;
  const NEVER = "[type=password], [type=file], [type=submit], [type=hidden]:not([data-keep]), [autocomplete=one-time-code]";
  let isCarried = false; // the page is left for the same page in another language
  let isForgotten = false;

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    } catch {
      return [];
    }
  };
  const write = (drafts) => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(drafts.slice(-MOST)));
    } catch {
      // Without storage, or with more than it takes, pages work as they do without this script.
    }
  };

  // A form is known by where it sends to, and by its place among those that send there.
  const actionOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;
  const postForms = () => [...document.forms].filter((form) => form.method === "post");
  const fields = (form) => [...form.elements].filter((field) => field.name && field.matches("input, textarea, select") && !field.matches(NEVER));

  const isChosen = (field) => field.matches("[type=checkbox], [type=radio]");
  const isTyped = (field) => {
    if (isChosen(field)) return field.checked !== field.defaultChecked;
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected) && !isFirstOfUnchosen(field);
    return field.value !== field.defaultValue;
  };
  // A list in which the server chose nothing shows its first option.
  const isFirstOfUnchosen = (field) => !field.multiple && field.selectedIndex === 0 && ![...field.options].some((option) => option.defaultSelected);

  const valueOf = (field) => {
    if (isChosen(field)) return field.checked;
    return field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;
  };
  const fill = (field, value) => {
    if (isChosen(field)) field.checked = value;
    else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
    else field.value = value;
  };
  const nameOf = (field) => (isChosen(field) ? `${field.name}=${field.value}` : field.name);

  const draftOf = (form, place) => {
    const wasRefused = Boolean(form.querySelector("[aria-invalid=true], .errorlist")); // the server's values are the typed ones
    const own = fields(form);
    const typed = own.filter((field) => !field.matches("[data-keep]") && (wasRefused || isTyped(field)));
    if (!typed.length) return null;
    const kept = [...typed, ...own.filter((field) => field.matches("[data-keep]"))];
    const values = Object.fromEntries(kept.map((field) => [nameOf(field), valueOf(field)]));
    return { ...place, values, person, at: Date.now(), isLost: isCarried };
  };

  const places = () => {
    const seen = {};
    return postForms().map((form) => {
      const action = actionOf(form);
      seen[action] = (seen[action] ?? -1) + 1;
      return { form, place: { action, index: seen[action] } };
    });
  };
  const isAt = (draft, place) => draft.action === place.action && draft.index === place.index;

  const keep = () => {
    if (isForgotten || !person) return;
    const found = places();
    const here = found.map(({ form, place }) => draftOf(form, place)).filter(Boolean);
    write([...read().filter((draft) => !found.some(({ place }) => isAt(draft, place))), ...here]);
  };

  const offer = () => {
    const drafts = read();
    if (!drafts.length) return;
    if (!person) { // the sign-in, or a page that says what went wrong: what was sent has not arrived
      write(drafts.map((draft) => ({ ...draft, isLost: true })));
      return;
    }
    const alive = drafts.filter((draft) => draft.isLost && draft.person === person && Date.now() - draft.at < LONGEST_MS);
    const found = places();
    const fits = (draft) => found.find(({ place }) => isAt(draft, place));
    write(alive.filter((draft) => !fits(draft)));
    const back = alive.filter(fits);
    for (const draft of back) {
      const { form } = fits(draft);
      for (const field of fields(form)) if (nameOf(field) in draft.values) fill(field, draft.values[nameOf(field)]);
      for (const details of [...document.querySelectorAll("details")]) if (details.contains(form)) details.open = true;
    }
    const note = document.getElementById("kept");
    if (back.length && note) note.hidden = false;
  };

  document.addEventListener("DOMContentLoaded", offer);
  window.addEventListener("pagehide", keep);
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.matches("[data-carry]")) isCarried = true;
    if (event.target.matches("[data-forget]")) {
      isForgotten = true;
      sessionStorage.removeItem(KEY);
    }
  });
})();
