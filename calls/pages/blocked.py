"""Callers who are never answered: the list, adding to it, taking off it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses import audit
from businesses.audit import AuditKind
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from calls.models import BlockedCaller


class BlockForm(forms.Form):
    """The number of a caller who is not to be answered any more."""

    number = WrittenPhoneNumberField(
        label=gettext_lazy("Phone number"),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )

    def __init__(self, business: Business, data: Any = None) -> None:
        super().__init__(data)
        if data is not None:
            self.fields["number"].region = business.region()  # type: ignore[attr-defined]


@require_safe
@business_page(section="calls")
def blocked(request: PageRequest) -> HttpResponse:
    """Show the list, and a form to add to it."""
    return _page(request, BlockForm(request.business))


@business_page(section="calls", action_of="blocked-callers")
def block(request: PageRequest) -> HttpResponse:
    """Answer a caller no more."""
    form = BlockForm(request.business, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    with transaction.atomic():
        _entry, is_new = BlockedCaller.objects.get_or_create(
            business=request.business,
            number=form.cleaned_data["number"],
            defaults={"blocked_by": request.user, "blocked_at": timezone.now()},
        )
        if is_new:
            audit.record(request.business, AuditKind.CALLER_BLOCKED)
    messages.success(request, _("This caller is not answered any more."))
    return redirect("blocked-callers", slug=request.business.slug)


@business_page(section="calls", action_of="blocked-callers")
def unblock(request: PageRequest, blocked_id: UUID) -> HttpResponse:
    """Answer a caller again."""
    entry = get_object_or_404(BlockedCaller, pk=blocked_id, business=request.business)
    with transaction.atomic():
        entry.delete()
        audit.record(request.business, AuditKind.CALLER_UNBLOCKED)
    messages.success(request, _("This caller is answered again."))
    return redirect("blocked-callers", slug=request.business.slug)


def _page(request: PageRequest, form: BlockForm, *, status: int = 200) -> HttpResponse:
    entries = BlockedCaller.objects.filter(business=request.business).select_related("blocked_by")
    context = {"listing": listing(request, entries), "form": form}
    return render(request, "calls/blocked.html", context, status=status)
