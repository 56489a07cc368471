// Select2 replaces Django's field with its own, which has no accessible name: label it, for screen readers.
// Django's autocomplete.js must be loaded before this script, so that Select2's field exists when this runs.
django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const drawn = document.getElementById(`select2-${select.id}-container`);
    const label = document.querySelector(`label[for="${select.id}"]`);
    if (drawn && label) drawn.setAttribute("aria-label", label.textContent.trim().replace(/:$/, ""));
  }
});
