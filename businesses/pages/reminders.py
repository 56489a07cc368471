"""Reminders of appointments: the page on which an owner chooses, with what became of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses import messenger, reminder_calls
from businesses.calendar import reminders, setting_up
from businesses.forms.reminder_form import ReminderForm
from businesses.messenger import Standing
from businesses.models import Business, Reminder
from businesses.pages.access import OWNERS, PageRequest, business_page

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A reminder, and where its message is, if there is one."""

    reminder: Reminder
    standing: Standing | None

    @property
    def could_not_be_reminded(self) -> bool:
        """Whether the person knows nothing of it: see `reminders.UNREACHED`."""
        if self.standing is not None and self.standing.has_failed:
            return True
        return self.reminder.result in reminders.UNREACHED


def shown(business: Business, rows: Sequence[Reminder]) -> list[Shown]:
    """Returns reminders with where their messages are. One question, however many."""
    standings = messenger.standings(business, [row.message for row in rows if row.message])
    return [Shown(row, standings.get(row.message) if row.message else None) for row in rows]


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar", roles=OWNERS)
def choose(request: PageRequest) -> HttpResponse:
    """Show what is chosen, and save it on POST. Another template is asked about before it is saved."""
    templates = messenger.templates(request.business)
    form = ReminderForm(request.POST or None, instance=reminders.choices_of(request.business), templates=templates)
    if request.method == "POST" and form.is_valid():
        setting_up.choose_reminders(form.save(commit=False), now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("reminders", slug=request.business.slug)
    rows = Reminder.objects.filter(business=request.business).select_related("appointment")[:SHOWN]
    context = {
        "form": form,
        "has_templates": bool(templates),
        "is_ready": bool(templates) or messenger.is_ready(request.business),
        "calls_are_off": not reminder_calls.is_on(request.business),
        "last": shown(request.business, list(rows)),
    }
    return render(request, "pages/reminders.html", context, status=422 if form.errors else 200)
