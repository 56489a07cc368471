"""Whom callers can be put through to: the people and departments, in order, and changing them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls import transfer_targets
from calls.models import TransferTarget
from calls.pages.transfer_forms import TransferTargetForm


@require_safe
@business_page(section="calls", roles=OWNERS)
def transfers(request: PageRequest) -> HttpResponse:
    """Show everybody, and a form for one more."""
    return _page(request, TransferTargetForm(request.business))


@business_page(section="calls", roles=OWNERS, action_of="transfers")
def add(request: PageRequest) -> HttpResponse:
    """Add a person or department, behind the others."""
    business = request.business
    form = TransferTargetForm(business, request.POST, instance=TransferTarget(business=business))
    here = TransferTarget.objects.filter(business=business)
    if form.is_valid() and here.count() >= transfer_targets.MOST_TARGETS:
        most = {"most": transfer_targets.MOST_TARGETS}
        form.add_error(None, _("There can be at most %(most)s people and departments.") % most)
    if not form.is_valid():
        return _page(request, form, status=422)
    with transaction.atomic():
        form.instance.position = (here.aggregate(last=Max("position"))["last"] or 0) + 1
        form.save()
        _note(business)
    messages.success(request, _("Added. The assistant puts callers through from the next call on."))
    return redirect("transfers", slug=business.slug)


@business_page(section="calls", roles=OWNERS)
def transfer_target(request: PageRequest, target_id: UUID) -> HttpResponse:
    """Show one person or department, and change it."""
    found = _found(request, target_id)
    form = TransferTargetForm(request.business, request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            _note(request.business)
        messages.success(request, _("Saved."))
        return redirect("transfers", slug=request.business.slug)
    status = 422 if form.is_bound else 200
    return render(request, "calls/transfer_target.html", {"form": form, "target": found}, status=status)


@business_page(section="calls", roles=OWNERS, action_of="transfers")
def move_up(request: PageRequest, target_id: UUID) -> HttpResponse:
    """Let a person or department come before the one above it."""
    with transaction.atomic():
        Business.every.select_for_update(no_key=True).get(pk=request.business.pk)  # one order at a time
        moved = _found(request, target_id)
        everybody = list(TransferTarget.objects.filter(business=request.business))
        if at := everybody.index(moved):
            everybody.insert(at - 1, everybody.pop(at))
        for position, each in enumerate(everybody):
            each.position = position
        TransferTarget.objects.bulk_update(everybody, ["position"])
        _note(request.business)
    return redirect("transfers", slug=request.business.slug)


@business_page(section="calls", roles=OWNERS, action_of="transfers")
def remove(request: PageRequest, target_id: UUID) -> HttpResponse:
    """Put nobody through to a person or department any more."""
    with transaction.atomic():
        _found(request, target_id).delete()
        _note(request.business)
    messages.success(request, _("Removed."))
    return redirect("transfers", slug=request.business.slug)


def _found(request: PageRequest, target_id: UUID) -> TransferTarget:
    return get_object_or_404(TransferTarget, pk=target_id, business=request.business)


def _note(business: Business) -> None:
    audit.record(business, AuditKind.TRANSFERS_CHANGED)


def _page(request: PageRequest, form: TransferTargetForm, *, status: int = 200) -> HttpResponse:
    everybody = TransferTarget.objects.filter(business=request.business)
    rows = transfer_targets.reached(everybody, request.business, now=timezone.now())
    return render(request, "calls/transfers.html", {"rows": rows, "form": form}, status=status)
