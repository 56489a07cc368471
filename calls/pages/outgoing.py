"""Outgoing calls: the list with the state of each, asking for one, taking it back, and what an owner chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.known_people import people_with
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.listing import listing
from calls import tasks
from calls.models import OutgoingCall, OutgoingChoices, Task
from calls.outgoing import asking
from calls.outgoing.asking import Asked
from calls.outgoing.choices import choices_of, choose
from calls.outgoing.hours import hours_for
from calls.outgoing.words import first_words
from calls.pages import outgoing_words

if TYPE_CHECKING:
    _Form = forms.ModelForm[OutgoingChoices]
else:
    _Form = forms.ModelForm


class AskForm(forms.Form):
    """Whom to call, and about what."""

    number = WrittenPhoneNumberField(
        label=gettext_lazy("Phone number"),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    who = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    about = forms.CharField(
        label=gettext_lazy("What it is about"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=gettext_lazy("The assistant is told this before it calls."),
    )
    task = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, business: Business, data: Any = None) -> None:
        super().__init__(data)
        if data is not None:
            self.fields["number"].region = business.region()  # type: ignore[attr-defined]


class ChoicesForm(_Form):
    """What an owner chooses for outgoing calls."""

    class Meta:
        model = OutgoingChoices
        fields: ClassVar[list[str]] = [
            "enabled", "earliest", "latest", "only_on_open_days", "words", "at_machine", "machine_words", "retries",
            "retry_minutes", "most_a_day", "most_per_person",
        ]  # fmt: skip
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "earliest": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "latest": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "words": forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            "machine_words": forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        }


@require_safe
@business_page(section="calls")
def outgoing_calls(request: PageRequest) -> HttpResponse:
    """List outgoing calls, newest first, with a form to ask for one."""
    form = AskForm(request.business)
    form.initial = {"number": request.GET.get("number", "")[:40]}
    return _page(request, form)


@business_page(section="calls", action_of="outgoing-calls")
def ask(request: PageRequest) -> HttpResponse:
    """Have the assistant call somebody."""
    form = AskForm(request.business, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    wanted, now = form.cleaned_data, timezone.now()
    task = get_object_or_404(Task, pk=wanted["task"], business=request.business) if wanted["task"] else None
    asked = asking.ask(
        request.business,
        wanted["number"],
        who=wanted["who"] or (task.who if task else ""),
        about=wanted["about"] or (task.about if task else ""),
        task=task,
        by=request.user,
        now=now,
    )
    if not isinstance(asked, Asked):
        form.add_error("number", str(outgoing_words.REASONS[asked]))
        return _page(request, form, status=422)
    if asked.is_new:
        transaction.on_commit(tasks.ring_for_outgoing_calls)
        _tell_when(request, asked.row)
    else:
        messages.info(request, _("A call to this person is under way already."))
    return redirect("outgoing-calls", slug=request.business.slug)


def _tell_when(request: PageRequest, row: OutgoingCall) -> None:
    now = timezone.now()
    hours = hours_for(request.business, choices_of(request.business), row.number)
    if why := hours.refusal(now):
        messages.info(request, _("The person is called as soon as it is allowed. %(why)s") % {
            "why": outgoing_words.REASONS[why]
        })  # fmt: skip
    else:
        messages.success(request, _("The assistant is calling."))


@business_page(section="calls", action_of="outgoing-calls")
def cancel(request: PageRequest, outgoing_id: UUID) -> HttpResponse:
    """Take a call back that waits."""
    row = get_object_or_404(OutgoingCall, pk=outgoing_id, business=request.business)
    if asking.cancel(request.business, row.pk, now=timezone.now()):
        messages.success(request, _("The call is cancelled."))
    else:
        messages.warning(request, _("It is too late: the call was made, or is over."))
    return redirect("outgoing-calls", slug=request.business.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def outgoing_settings(request: PageRequest) -> HttpResponse:
    """Show what an owner has chosen, and save it on POST."""
    form = ChoicesForm(request.POST if request.method == "POST" else None, instance=choices_of(request.business))
    if form.is_valid():
        choose(request.business, form.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect("outgoing-settings", slug=request.business.slug)
    usual = first_words(request.business, OutgoingChoices(), who="")
    return render(
        request, "calls/outgoing_settings.html", {"form": form, "usual": usual}, status=422 if form.errors else 200
    )


def _page(request: PageRequest, form: AskForm, *, status: int = 200) -> HttpResponse:
    rows = OutgoingCall.objects.filter(business=request.business).select_related("asked_by", "call")
    found = listing(request, rows)
    context = {
        "listing": found,
        "form": form,
        "known": people_with(request.business, {each.number for each in found.rows}),
        "is_on": choices_of(request.business).enabled,
        "now": timezone.now(),
    }
    return render(request, "calls/outgoing.html", context, status=status)
