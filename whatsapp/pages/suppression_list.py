"""Addresses that must not be messaged: the list with reasons, adding, removing, importing, exporting."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.keeping.fingerprints import PREFIX, readable_fingerprints
from businesses.models import Permission
from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import people_answer
from businesses.pages.listing import listing
from whatsapp.broadcasts.reasons import in_words
from whatsapp.errors import BadAudience
from whatsapp.importing import files
from whatsapp.importing.opt_outs import Report, import_opt_outs, reading_by
from whatsapp.models import Consent, Contact, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.pages.contact_forms import SuppressionForm
from whatsapp.pages.file_question import question_context
from whatsapp.pages.import_form import OptOutImportForm
from whatsapp.people import opt_out_table, suppressions
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, to_e164
from whatsapp.states import FileMatter
from whatsapp.tables import uploads
from whatsapp.tables.readings import NO_ANSWERS, Answers, FileQuestion
from whatsapp.tables.tables import open_preview

MOST_ROWS = 5_000
"""Rows that a page takes while somebody waits."""
SHOWN_REJECTED = 200


@require_safe
@business_page(section="contacts")
def suppression_list(request: PageRequest) -> HttpResponse:
    """Show the list, and a form to add to it."""
    return _page(request, SuppressionForm(business=request.business))


@business_page(section="contacts", action_of="suppressions")
def add(request: PageRequest) -> HttpResponse:
    """Stop messages to an address."""
    form = SuppressionForm(request.POST, business=request.business)
    if not form.is_valid():
        return _page(request, form, status=422)
    added = suppressions.suppress(
        request.business,
        form.cleaned_data["address"],
        category=SuppressionCategory(form.cleaned_data["category"]),
        source=SuppressionSource.STAFF,
        now=timezone.now(),
        note=form.cleaned_data["note"],
        by=request.user,
    )
    messages.success(request, _("Added.") if added else _("It was already on the list."))
    return redirect("suppressions", slug=request.business.slug)


@business_page(section="contacts", needs=Permission.LIFT_OPT_OUTS, action_of="suppressions")
def remove(request: PageRequest, suppression_id: int) -> HttpResponse:
    """Allow messages to an address again."""
    entry = get_object_or_404(Suppression, pk=suppression_id)
    suppressions.lift(
        request.business,
        entry.address,
        now=timezone.now(),
        categories=[SuppressionCategory(entry.category)],
        consent=Consent.UNKNOWN,
        source=SuppressionSource.STAFF,
        by=request.user,
    )
    messages.success(request, _("Removed from the list."))
    return redirect("suppressions", slug=request.business.slug)


@require_safe
@business_page(section="contacts", needs=Permission.EXPORT_CONTACTS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send the list as CSV, as an import takes it."""
    rows = opt_out_table.lines(_entries(request).iterator())
    name, header = "not-to-be-messaged", opt_out_table.header()
    return people_answer(request.business, request.user, "suppressions", name=name, header=header, rows=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def import_list(request: PageRequest) -> HttpResponse:
    """Add a file's or pasted addresses to the list; then say how many were added, and which rows were rejected."""
    business, kept = request.business, _kept(request)
    form = OptOutImportForm(request.POST or None, request.FILES or None, business=business, has_file=bool(kept))
    answers, asked, report = _answers(request) if kept or not request.FILES else NO_ANSWERS, None, None
    if form.is_valid():
        try:
            report = _imported(request, form, kept, answers)
        except FileQuestion as question:
            asked, kept = question_context(question), kept or _keep(request, form)
        except BadAudience as error:
            form.add_error("text" if form.cleaned_data["text"] and not kept else "file", str(error))
        else:
            form = OptOutImportForm(business=business)
    if before := request.POST.get("kept", "")[:32]:
        if before != kept or not asked:
            uploads.forget(business, before)
        kept = kept if asked else ""
    rejected = [(each.row, each.given, in_words(each.reason)) for each in report.rejected] if report else []
    context: dict[str, Any] = {
        "form": form,
        "report": report,
        "rejected": rejected[:SHOWN_REJECTED],
        "not_taken": len(rejected),
        "kept": kept,
    }
    context |= {"asked": asked, "answered": {name: said for name, said in answers.kept().items() if asked and said}}
    status = 422 if form.errors or asked else 200
    return render(request, "whatsapp/suppressions_import.html", context, status=status)


def _kept(request: PageRequest) -> str:
    """Returns the name of the file that was chosen before a question; "" if another one is chosen now."""
    return "" if request.FILES else request.POST.get("kept", "")[:32]


def _keep(request: PageRequest, form: OptOutImportForm) -> str:
    """Keep the file of a form until the question about it is answered; pasted text is in the form anyway."""
    file = form.cleaned_data["file"]
    return uploads.keep(request.business, file) if file else ""


def _answers(request: PageRequest) -> Answers:
    """Returns what was said about the file so far."""
    return Answers.from_kept({matter.value: request.POST.get(matter.value, "")[:200] for matter in FileMatter})


def _imported(request: PageRequest, form: OptOutImportForm, kept: str, answers: Answers) -> Report:
    """Raises `FileQuestion` or `BadAudience`; nothing was added then."""
    business, values = request.business, form.cleaned_data
    region = region_of(business)
    with (
        files.opened(uploads.path_of(business, kept)) if kept else nullcontext(form.table()) as file,
        open_preview(file, of=business.pk, reading=reading_by(answers), country=region) as table,
    ):
        return import_opt_outs(
            business,
            table,
            category=SuppressionCategory(values["category"]),
            now=timezone.now(),
            answers=answers,
            most=MOST_ROWS,
            by=request.user,
            region=values["region"],
        )


def _entries(request: PageRequest) -> QuerySet[Suppression]:
    entries = Suppression.objects.filter(business=request.business)
    asked = request.GET.get("q", "").replace("\0", "").strip()[:140]
    digits = "".join(filter(str.isdigit, asked)).lstrip("0")
    if not asked:
        return entries
    hidden = readable_fingerprints(request.business, [_as_address(request, asked)])
    return entries.filter(Q(address__contains=digits or asked) & ~Q(address__startswith=PREFIX) | Q(address__in=hidden))


def _as_address(request: PageRequest, asked: str) -> str:
    """Returns a whole number in any notation as it would be stored: erased ones are found by it, not by a part."""
    try:
        return to_e164(asked, region_of(request.business)).e164
    except NotANumber:
        return asked


def _page(request: PageRequest, form: SuppressionForm, *, status: int = 200) -> HttpResponse:
    shown = listing(request, _entries(request))
    known = Contact.objects.filter(business=request.business, phone__in=[entry.address for entry in shown.rows])
    context = {
        "listing": shown,
        "contacts": {contact.phone: contact for contact in known},
        "form": form,
        "text": request.GET.get("q", ""),
    }
    return render(request, "whatsapp/suppressions.html", context, status=status)
