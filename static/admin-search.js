// Select2 draws its own field over Django's and leaves it without a name: give it the label's, for screen readers.
// Django's autocomplete.js comes before this script, so that the drawing is done when this is called.
django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const drawn = document.getElementById(`select2-${select.id}-container`);
    const label = document.querySelector(`label[for="${select.id}"]`);
    if (drawn && label) drawn.setAttribute("aria-label", label.textContent.trim().replace(/:$/, ""));
  }
});
