"""Calls on the line now: who speaks, what was said, hang up, and put through to a person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses import audit
from businesses.audit import AuditKind
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.known_people import KnownPerson, people_with
from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from businesses.permissions import demand_transfer
from businesses.validators import dial_words
from calls import mailbox
from calls.conversation.commands import NextStep
from calls.line import live_control
from calls.models import Call, CallStatus, Turn
from calls.pages import words
from calls.records import finishing

TURNS_SHOWN = 6


class TransferForm(forms.Form):
    """The number to transfer a call to."""

    number = WrittenPhoneNumberField(
        label=gettext_lazy("Put through to"),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "tel"}),
    )

    def __init__(self, business: Business, call_id: UUID, data: Any = None, *, is_free: bool = True) -> None:
        """Without `is_free`, the number in the settings is sent along and can't be typed over."""
        super().__init__(data, auto_id=f"{call_id}-%s", initial={"number": business.fallback_number})
        self.business = business
        if not is_free:
            self.fields["number"].widget = forms.HiddenInput()
        if data is not None:
            self.fields["number"].region = business.region()  # type: ignore[attr-defined]

    def clean_number(self) -> str:
        """Refuse a number that may not be dialled. It is judged again when it is dialled (`telephone/legs.py`)."""
        number = str(self.cleaned_data["number"])
        if refusal := self.business.dial_refusal(number):
            raise ValidationError(dial_words(refusal, self.business.countries_to_dial()), code=refusal.value)
        return number


@dataclass(frozen=True, slots=True)
class OnTheLine:
    """One running call: its last turns, the form that transfers it, and who calls, if they are known."""

    call: Call
    lines: list[words.ShownTurn]
    form: TransferForm
    person: KnownPerson | None

    @property
    def speaker(self) -> str:
        """Returns who is speaking; "" if nobody is."""
        last = self.lines[-1] if self.lines else None
        return last.turn.get_speaker_display() if last and last.is_going_on else ""


@require_safe
@business_page(section="live-calls")
def live(request: PageRequest) -> HttpResponse:
    """Show the running calls; for htmx only the part that changes."""
    return _page(request, "calls/live_calls.html" if request.htmx else "calls/live.html")


@business_page(section="live-calls", action_of="live-calls")
def hang_up(request: PageRequest, call_id: UUID) -> HttpResponse:
    """End a call."""
    call = get_object_or_404(Call, pk=call_id, business=request.business)
    _ask(request, call, NextStep.HANG_UP, done=_("The call is being ended."))
    return redirect("live-calls", slug=request.business.slug)


@business_page(section="live-calls", action_of="live-calls")
def transfer(request: PageRequest, call_id: UUID) -> HttpResponse:
    """Take the call from the assistant and ring a person's phone."""
    call = get_object_or_404(Call, pk=call_id, business=request.business)
    form = TransferForm(request.business, call.pk, request.POST, is_free=request.may.transfer_anywhere)
    if not form.is_valid() and call.status == CallStatus.LIVE:
        for error in form.errors.get("number", []) if form.fields["number"].widget.is_hidden else []:
            messages.error(request, str(error))  # a hidden field shows none
        return _page(request, "calls/live.html", wrong=form, status=422)
    if form.is_valid():
        dial = form.cleaned_data["number"]
        _ask(request, call, NextStep.TRANSFER, dial=dial, done=_("The call is being put through."))
    return redirect("live-calls", slug=request.business.slug)


def _ask(request: PageRequest, call: Call, step: NextStep, *, done: str, dial: str = "") -> None:
    if step is NextStep.TRANSFER:
        demand_transfer(request.user, request.business, dial)
    if call.status != CallStatus.LIVE:
        messages.warning(request, _("That call is over."))
        return
    try:
        live_control.ask(call.pk, step, dial=dial)
    except mailbox.NotReached:
        messages.error(request, _("The call could not be reached. Try again."))
        return
    with transaction.atomic():
        Call.objects.filter(pk=call.pk).update(steered_by=request.user, steered_at=timezone.now())
        kind = AuditKind.CALL_TRANSFERRED if step is NextStep.TRANSFER else AuditKind.CALL_ENDED
        audit.record(request.business, kind, call=str(call.pk))
    messages.success(request, done)


def _page(request: PageRequest, template: str, *, wrong: TransferForm | None = None, status: int = 200) -> HttpResponse:
    calls = list(
        Call.objects.filter(finishing.holding_a_line(now=timezone.now()), business=request.business)
        .defer("settings", "usage", "latencies")
        .order_by("started_at")
    )
    said, known = _last_turns(calls), people_with(request.business, {call.caller_number for call in calls})
    on_the_line = []
    for call in calls:
        form = TransferForm(request.business, call.pk, is_free=request.may.transfer_anywhere)
        if wrong is not None and wrong.auto_id == form.auto_id:
            form = wrong
        on_the_line.append(OnTheLine(call, words.shown_turns(said[call.pk]), form, known.get(call.caller_number)))
    return render(request, template, {"on_the_line": on_the_line}, status=status)


def _last_turns(calls: list[Call]) -> dict[UUID, list[Turn]]:
    """Returns the last turns of each call, in one query."""
    latest = Window(RowNumber(), partition_by=F("call_id"), order_by=F("position").desc())
    found: dict[UUID, list[Turn]] = defaultdict(list)
    if calls:
        for turn in Turn.objects.filter(call__in=calls).annotate(back=latest).filter(back__lte=TURNS_SHOWN):
            found[turn.call_id].append(turn)
    for turns in found.values():
        turns.sort(key=lambda turn: turn.position)
    return found
