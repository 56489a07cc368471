"""The start page and a business's home page. They show data of all apps, so this module is above them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.calendar.soon import booked_next
from businesses.known_people import KnownPerson, people_with
from businesses.models import Business, User
from businesses.pages.access import PageRequest, business_page
from calls.followups import todo
from calls.models import Call, Task, TaskState
from calls.records.call_figures import calls_of_home, missed_callers
from frontdesk.attention import attention
from frontdesk.first_steps import first_steps
from frontdesk.home_charts import charts
from whatsapp.broadcasts.under_way import not_over, under_way
from whatsapp.pages.conversations import waiting

MOST_SHOWN = 5
"""Of missed callers, and of people who wait for a reply."""


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Redirect a person to their business, or let them choose one of several; operators go to the admin."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    businesses = [membership.business for membership in request.user.own_memberships]
    if len(businesses) == 1 and "choose" not in request.GET:
        return redirect("home", slug=businesses[0].slug)
    if not businesses and request.user.is_superuser:
        return redirect("admin:index")
    return render(request, "pages/start.html", {"businesses": businesses})


@require_safe
@business_page(section="home")
def home(request: PageRequest) -> HttpResponse:
    """Show today's figures, what needs attention, and the first steps of a new business."""
    now = timezone.now()
    steps, broadcasts = first_steps(request.business), not_over(request.business)
    context = {
        "calls": calls_of_home(request.business, now=now),
        "missed": _named(request.business, missed_callers(request.business, now=now, most=MOST_SHOWN)),
        "waiting": waiting(request.business, now=now)[:MOST_SHOWN],
        "booked": booked_next(request.business, now=now),
        "broadcasts": under_way(broadcasts),
        "charts": charts(request.business, now=now),
        "tasks": list(todo.in_order(Task.objects.filter(business=request.business, state=TaskState.OPEN))[:MOST_SHOWN]),
        "attention": attention(request.business, broadcasts),
        "steps": steps,
        "all_done": all(step.is_done for step in steps),
    }
    return render(request, "pages/home.html", context)


def _named(business: Business, calls: list[Call]) -> list[tuple[Call, KnownPerson | None]]:
    known = people_with(business, [call.caller_number for call in calls])
    return [(call, known.get(call.caller_number)) for call in calls]
