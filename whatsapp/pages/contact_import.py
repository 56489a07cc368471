"""Importing contacts in three steps: the file, what its columns are, and what became of each row."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.pages.access import PageRequest, business_page
from whatsapp.contact_import import import_contacts
from whatsapp.errors import BadAudience
from whatsapp.pages import uploads
from whatsapp.pages.contact_forms import tags_in
from whatsapp.pages.csv_export import csv_answer
from whatsapp.pages.import_form import FileForm, MappingForm, preview, refuse_long

SHOWN_REJECTED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def upload(request: PageRequest) -> HttpResponse:
    """Take the file."""
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            uploads.refuse_large(file.size)
            preview(file)
            refuse_long(file)
            name = uploads.keep(request.business, file, file.size)
        except BadAudience as error:
            form.add_error("file", str(error))
        else:
            return redirect("contacts-import-columns", slug=request.business.slug, upload=name)
    return render(request, "whatsapp/import_file.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def columns(request: PageRequest, upload: str) -> HttpResponse:
    """Ask what each column is, showing the first rows; then import."""
    try:
        with uploads.opened(request.business, upload) as file:
            header, rows = preview(file)
    except BadAudience as error:
        context = {"form": FileForm(), "problem": str(error)}
        return render(request, "whatsapp/import_file.html", context, status=422)
    form = MappingForm(request.POST or None, header=header)
    if form.is_valid():
        try:
            kept = _imported(request, upload, form)
        except BadAudience as error:
            form.add_error(None, str(error))
        else:
            return redirect("contacts-import-result", slug=request.business.slug, upload=kept)
    samples = [[row.cells[n] if n < len(row.cells) else "" for row in rows] for n in range(len(header))]
    context = {"form": form, "columns": list(zip(form.column_fields(), samples, strict=True))}
    return render(request, "whatsapp/import_columns.html", context, status=422 if form.errors else 200)


@require_safe
@business_page(section="contacts")
def result(request: PageRequest, upload: str) -> HttpResponse:
    """Say how many were added and updated, and which rows were not taken and why."""
    outcome = _outcome(request, upload)
    context = {"outcome": outcome, "rejected": outcome["rejected"][:SHOWN_REJECTED], "upload": upload}
    return render(request, "whatsapp/import_result.html", context)


@require_safe
@business_page(section="contacts")
def rejected(request: PageRequest, upload: str) -> HttpResponse:
    """The rows that were not taken, as CSV."""
    rows = _outcome(request, upload)["rejected"]
    header = [_("Row"), _("As it was written"), _("Why it was not taken")]
    return csv_answer("rows-not-taken", header, ([row["row"], row["given"], row["text"]] for row in rows))


def _imported(request: PageRequest, upload: str, form: MappingForm) -> str:
    """Import, and keep what became of the rows for the page that comes next; its name."""
    with uploads.opened(request.business, upload) as file:
        outcome = import_contacts(
            request.business,
            file,
            now=timezone.now(),
            tags=tags_in(form.cleaned_data["tags"]),
            consent_source=form.cleaned_data["consent_source"],
            roles=form.roles(),
            by=request.user,
        )
    content = json.dumps(asdict(outcome)).encode()
    kept = uploads.keep(request.business, io.BytesIO(content), len(content))
    uploads.forget(request.business, upload)
    return kept


def _outcome(request: PageRequest, upload: str) -> dict[str, Any]:
    """What was kept of an import. 404 for what is gone, another business's, or something else."""
    try:
        with uploads.opened(request.business, upload) as file:
            outcome = json.load(file)
    except (BadAudience, ValueError):
        raise Http404 from None
    if not isinstance(outcome, dict) or "rejected_total" not in outcome:
        raise Http404
    return outcome
