"""Importing contacts in three steps: the file, the roles of its columns, and the result."""

from __future__ import annotations

import time
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import csv_answer
from whatsapp import tasks
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.errors import BadAudience
from whatsapp.importing import files, imports, reading, undoing
from whatsapp.importing.imports import notes_of
from whatsapp.models import ContactImport, ImportedContact, ImportStatus, RejectedRow
from whatsapp.pages.contact_forms import tags_in
from whatsapp.pages.file_question import answer_in, question_context
from whatsapp.pages.import_form import FileForm, MappingForm
from whatsapp.tables.readings import Answers

SHOWN_IMPORTS = 10
SHOWN_REPEATED = 50
SHOWN_REJECTED = 200
AT_ONCE_S = 1.0
"""How long a request reads a file; a worker reads the rest in the background."""
AT_ONCE_BYTES = 5_000_000
"""Bytes; opening a larger workbook takes longer than that, so it is left to a worker."""


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def upload(request: PageRequest) -> HttpResponse:
    """Take a file; below the form are the latest imports."""
    form = FileForm(request.POST or None, request.FILES or None, business=request.business)
    if form.is_valid():
        file, answers = form.cleaned_data["file"], Answers(region=form.cleaned_data["region"])
        now = timezone.now()
        try:
            made = imports.draft(
                request.business, file, name=file.name, now=now, by=request.user, answers=answers, may_ask=True
            )
        except BadAudience as error:
            form.add_error("file", str(error))
        else:
            return redirect("contacts-import-columns", slug=request.business.slug, import_id=made.pk)
    rows = ContactImport.objects.filter(business=request.business).select_related("created_by")
    context = {"form": form, "imports": rows.defer("samples", "header")[:SHOWN_IMPORTS]}
    return render(request, "whatsapp/import_file.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def columns(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Ask what is unclear about the file, then for the role of each column; then start the import."""
    found = _find(request, import_id)
    if found.status != ImportStatus.DRAFT:
        return redirect("contacts-import-result", slug=request.business.slug, import_id=import_id)
    if given := answer_in(request.POST):
        imports.answer(found, *given)
        return redirect("contacts-import-columns", slug=request.business.slug, import_id=import_id)
    try:
        question = imports.question_of(found)
    except BadAudience as error:
        return render(request, "whatsapp/import_refused.html", {"import": found, "problem": str(error)}, status=422)
    if question is not None:
        return render(request, "whatsapp/import_question.html", {"import": found, **question_context(question)})
    form = MappingForm(request.POST or None, header=found.header, phone=found.reading.get("phone"))
    if form.is_valid():
        _begin(found, form)
        return redirect("contacts-import-result", slug=request.business.slug, import_id=import_id)
    samples = [[row[n] if n < len(row) else "" for row in found.samples] for n in range(len(found.header))]
    columns = list(zip(form.column_fields(), samples, strict=True))
    context = {"import": found, "form": form, "columns": columns, "notes": notes_of(found)}
    return render(request, "whatsapp/import_columns.html", context, status=422 if form.errors else 200)


@require_safe
@business_page(section="contacts")
def result(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Show the progress; at the end, how many contacts were added and updated, and the rejected rows with reasons."""
    found = _find(request, import_id)
    if found.status == ImportStatus.DRAFT:
        return redirect("contacts-import-columns", slug=request.business.slug, import_id=import_id)
    rejected = RejectedRow.objects.filter(contact_import=found).order_by("row").defer("cells")
    repeated = ImportedContact.objects.filter(contact_import=found, is_repeated=True).select_related("contact")
    shown = list(repeated[:SHOWN_REPEATED])
    context = {
        "import": found,
        "percent": _percent(found),
        "rejected": rejected[:SHOWN_REJECTED],
        "repeated": shown,
        "repeated_people": repeated.count() if len(shown) == SHOWN_REPEATED else len(shown),
        "undoable_until": undoing.undoable_until(found, now=timezone.now()),
    }
    return render(request, "whatsapp/import_result.html", context)


@require_safe
@business_page(section="contacts")
def progress(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Show only the part that changes during reading; at the end the browser loads the whole page."""
    found = _find(request, import_id)
    answer = render(request, "whatsapp/import_progress.html", {"import": found, "percent": _percent(found)})
    if found.status != ImportStatus.RUNNING:
        answer["HX-Refresh"] = "true"
    return answer


@business_page(section="contacts", action_of="contacts-import-result")
def cancel(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Stop reading. A file whose columns have not been chosen yet is removed."""
    found = _find(request, import_id)
    if imports.discard(found):
        messages.success(request, _("File discarded. Nothing was imported from it."))
        return redirect("contacts-import", slug=request.business.slug)
    if not imports.cancel(found, now=timezone.now()):
        messages.info(request, _("It had already ended."))
    return redirect("contacts-import-result", slug=request.business.slug, import_id=import_id)


@business_page(section="contacts", action_of="contacts-import-result")
def undo(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Take back what the import did to contacts."""
    if not undoing.undo(_find(request, import_id), now=timezone.now(), by=request.user):
        messages.info(request, _("It can no longer be undone."))
    return redirect("contacts-import-result", slug=request.business.slug, import_id=import_id)


@require_safe
@business_page(section="contacts")
def rejected(request: PageRequest, import_id: UUID) -> HttpResponseBase:
    """Send the rejected rows as CSV, with their reasons, to be corrected and imported again."""
    found = _find(request, import_id)
    rows = RejectedRow.objects.filter(contact_import=found).order_by("row")
    header = [_("Row of the file"), _("Why it was rejected"), *found.header]
    lines = ([row.row, reason_words(row), *row.cells] for row in rows.iterator(chunk_size=2_000))
    return csv_answer("rows-not-taken", header, lines)


def _find(request: PageRequest, import_id: UUID) -> ContactImport:
    """Returns the import of this business; 404 for any other."""
    rows = ContactImport.objects.select_related("business", "created_by")
    return get_object_or_404(rows, business=request.business, pk=import_id)


def _begin(draft: ContactImport, form: MappingForm) -> None:
    """Start reading, and read for about a second: a short file is done when its page is shown."""
    values, ends_at = form.cleaned_data, time.monotonic() + AT_ONCE_S
    is_short = files.size_of(draft.file.name or "") <= AT_ONCE_BYTES
    begun = imports.start(
        draft,
        form.roles(),
        tags=tags_in(values["tags"]),
        consent_source=values["consent_source"],
        now=timezone.now(),
    )
    if not begun:
        return  # a second click
    has_ended = is_short and reading.read(
        draft, clock=timezone.now, keep_going=lambda _rows: time.monotonic() < ends_at
    )
    if not has_ended:
        tasks.ring_for_import(draft)


def _percent(found: ContactImport) -> int | None:
    """Returns how much of the file has been read; None if its length is unknown."""
    if found.status == ImportStatus.DONE:
        return 100
    return min(99, 100 * found.rows_read // found.about_rows) if found.about_rows else None
