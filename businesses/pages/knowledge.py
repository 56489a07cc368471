"""The pages of what a business knows: entries, their search, and texts from files."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from businesses.errors import KnowledgeFull
from businesses.forms.plain_words import plain_formfield
from businesses.knowledge import budget, entries, search, splitting
from businesses.models import KnowledgeEntry
from businesses.pages.access import OWNERS, PageRequest, business_page

if TYPE_CHECKING:
    _Form = forms.ModelForm[KnowledgeEntry]
else:
    _Form = forms.ModelForm

MOST_BYTES = 1_000_000
_ENDINGS = {".txt", ".md", ".markdown"}


class EntryForm(_Form):
    """One entry."""

    class Meta:
        model = KnowledgeEntry
        fields = ("title", "text", "is_on")
        formfield_callback = plain_formfield
        widgets = {  # noqa: RUF012 - as Django reads it
            "title": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            "text": forms.Textarea(attrs={"dir": "auto", "rows": 4}),
        }


class FileForm(forms.Form):
    """A text file, of which entries are made."""

    file = forms.FileField(
        label=gettext_lazy("Text file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.md,text/plain,text/markdown"}),
        help_text=gettext_lazy("A .txt or .md file up to 1 MB. Headings and questions in it become entries."),
    )

    def clean_file(self) -> list[tuple[str, str]]:
        """Returns the entries of the file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if PurePath(file.name or "").suffix.lower() not in _ENDINGS:
            raise forms.ValidationError(_("Only .txt and .md files can be read. Save the text as one of these."))
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is too large. Divide it into files of up to 1 MB."))
        text = splitting.decode(file.read())
        if text is None:
            raise forms.ValidationError(_("This file holds no text. Save it as plain text (UTF-8)."))
        parts = splitting.split(text)
        if not parts:
            raise forms.ValidationError(_("There is no text in this file."))
        return parts


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="knowledge", roles=OWNERS)
def knowledge(request: PageRequest) -> HttpResponse:
    """Show the entries and what a question finds, and add an entry on POST."""
    if request.method != "POST":
        return _page(request)
    form = EntryForm(request.POST, instance=KnowledgeEntry(business=request.business))
    if form.is_valid() and _stored(form):
        messages.success(request, _("Saved. The next call follows it."))
        return _done(request)
    return _page(request, form=form, status=422)


@business_page(section="knowledge", roles=OWNERS, action_of="knowledge")
def upload(request: PageRequest) -> HttpResponse:
    """Make entries of a file."""
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            added = entries.add_all(request.business, form.cleaned_data["file"])
        except KnowledgeFull as full:
            form.add_error("file", _full(full))
        else:
            words = ngettext("%(count)s entry was made of it.", "%(count)s entries were made of it.", added)
            messages.success(request, words % {"count": added})
            return _done(request)
    return _page(request, file_form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="knowledge", roles=OWNERS)
def entry(request: PageRequest, entry_id: UUID) -> HttpResponse:
    """Show one entry, and save it on POST."""
    row = _row(request, entry_id)
    form = EntryForm(request.POST or None, instance=row)
    if form.is_valid() and _stored(form):
        messages.success(request, _("Saved. The next call follows it."))
        return _done(request)
    context = {"form": form, "entry_id": entry_id}
    return render(request, "pages/knowledge_entry.html", context, status=422 if form.errors else 200)


@business_page(section="knowledge", roles=OWNERS, action_of="knowledge")
def switch(request: PageRequest, entry_id: UUID) -> HttpResponse:
    """Switch an entry on or off."""
    entries.switch(_row(request, entry_id), is_on=request.POST.get("is_on") == "on")
    return _done(request)


@business_page(section="knowledge", roles=OWNERS, action_of="knowledge")
def up(request: PageRequest, entry_id: UUID) -> HttpResponse:
    """Put an entry before the one above it."""
    entries.move_up(_row(request, entry_id))
    return _done(request)


@business_page(section="knowledge", roles=OWNERS, action_of="knowledge")
def remove(request: PageRequest, entry_id: UUID) -> HttpResponse:
    """Remove an entry."""
    entries.remove(_row(request, entry_id))
    messages.success(request, _("Removed."))
    return _done(request)


def _row(request: PageRequest, entry_id: UUID) -> KnowledgeEntry:
    rows = KnowledgeEntry.objects.select_related("business")
    return get_object_or_404(rows, business=request.business, pk=entry_id)


def _stored(form: EntryForm) -> bool:
    try:
        entries.save(form.instance)
    except KnowledgeFull as full:
        form.add_error(None, _full(full))
    return not form.errors


def _full(full: KnowledgeFull) -> str:
    return _("A business can have at most %(most)s entries. Put some together, or remove some.") % {"most": full.most}


def _done(request: PageRequest) -> HttpResponse:
    return redirect("knowledge", slug=request.business.slug)


def _page(
    request: PageRequest, *, form: EntryForm | None = None, file_form: FileForm | None = None, status: int = 200
) -> HttpResponse:
    asked = request.GET.get("ask", "").strip()[:200]
    rows = list(KnowledgeEntry.objects.filter(business=request.business))
    divided = budget.divided([row for row in rows if row.is_on], most=budget.room(request.business))
    told = {each.pk for each in divided.told}
    context: dict[str, Any] = {
        "entries": [(row, row.pk in told) for row in rows],
        "looked_up": sum(row.is_on and row.pk not in told for row in rows),
        "asked": asked,
        "found": search.find(request.business, asked) if asked else [],
        "form": form or EntryForm(),
        "file_form": file_form or FileForm(),
    }
    return render(request, "pages/knowledge.html", context, status=status)
