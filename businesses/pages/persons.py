"""Erasing and exporting a person, for owners: what will be erased is shown first. Contacts and calls lead here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from businesses import tasks
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.keeping import erasing, exporting, table
from businesses.keeping.person import Person
from businesses.models import Erasure
from businesses.pages.access import OWNERS, PageRequest, business_page

AT_ONCE_S = 2.0
"""How long a request erases itself; the rest is done in the background."""


class PersonForm(forms.Form):
    """The number of a person, in any notation."""

    phone = WrittenPhoneNumberField(
        label=gettext_lazy("Phone number"), widget=forms.TextInput(attrs={"dir": "ltr", "type": "tel"})
    )

    def __init__(self, *args: object, region: str | None, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        number = self.fields["phone"]
        assert isinstance(number, WrittenPhoneNumberField)  # noqa: S101 - declared above
        number.region = region


@dataclass(frozen=True, slots=True)
class Line:
    """How much there is of one sort of data."""

    label: str
    rows: int


def lines(counted: dict[str, int]) -> list[Line]:
    """Returns counts by their codes as lines to be shown."""
    return [Line(table.label_of(code), rows) for code, rows in counted.items()]


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def person_of_row(request: PageRequest, sort: str, **row: UUID) -> HttpResponseBase:
    """Show what is kept of the person of a contact or a call (the id in the address); export it, or erase it."""
    (row_id,) = row.values()
    return _page(request, _found(request, sort, row_id))


@business_page(section="settings", roles=OWNERS, action_of="keeping")
def person_of_number(request: PageRequest) -> HttpResponseBase:
    """Show what is kept under a number, as above. By POST, so that the number is in no address and no log."""
    form = PersonForm(request.POST, region=request.business.region())
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["phone"])))
        return redirect("keeping", slug=request.business.slug)
    phone = form.cleaned_data["phone"]
    return _page(request, table.whole(Person(request.business, frozenset({phone}))), phone)


@require_safe
@business_page(section="settings", roles=OWNERS)
def erasure(request: PageRequest, erasure_id: UUID) -> HttpResponse:
    """Show how far an erasure is."""
    asked = get_object_or_404(Erasure, business=request.business, pk=erasure_id)
    context = {
        "asked": asked,
        "lines": lines(asked.removed),
        "waits_for": table.wait_in_words(asked.waits_for) if asked.waits_for else "",
    }
    return render(request, "pages/erasure.html", context)


def _found(request: PageRequest, sort: str, row_id: UUID) -> Person:
    person = table.found(sort, request.business, row_id)
    if person is None:
        raise Http404
    return person


def _page(request: PageRequest, person: Person, phone: str = "") -> HttpResponseBase:
    match request.POST.get("do", ""):
        case "export":
            return _archive(person)
        case "erase":
            return _erase(request, person)
    context = {"person": person, "lines": lines(erasing.preview(person)), "phone": phone}
    answer = render(request, "pages/person.html", context)
    add_never_cache_headers(answer)
    return answer


def _erase(request: PageRequest, person: Person) -> HttpResponse:
    asked = erasing.ask(person, now=timezone.now(), by=request.user)
    keep_going = tasks.for_seconds(AT_ONCE_S)
    if not erasing.work(request.business, asked.pk, clock=timezone.now, keep_going=keep_going):
        tasks.ring()
    return redirect("erasure", slug=request.business.slug, erasure_id=asked.pk)


def _archive(person: Person) -> HttpResponseBase:
    ready = exporting.export(person, now=timezone.now())
    answer = StreamingHttpResponse(_sent(ready), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{_("person")}-{timezone.localdate():%Y-%m-%d}.zip"'
    add_never_cache_headers(answer)
    return answer


async def _sent(ready: exporting.Export) -> AsyncIterator[bytes]:
    parts = ready.parts()
    while (part := await sync_to_async(lambda: next(parts, None), thread_sensitive=False)()) is not None:
        if part:
            yield part
