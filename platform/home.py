"""The first pages: which business, and how it stands today. It looks into every room, so it stands above them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.models import User
from businesses.pages.access import PageRequest, business_page
from calls.records.todays_calls import calls_today
from frontdesk.attention import attention
from frontdesk.first_steps import first_steps
from whatsapp.broadcasts.under_way import broadcasts_under_way


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Lead a person to their business, or let them choose one of several; operators go to the admin."""
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
    """Today at a glance, what needs attention, and what a new business does first."""
    now = timezone.now()
    steps = first_steps(request.business)
    context = {
        "calls": calls_today(request.business, now=now),
        "broadcasts": broadcasts_under_way(request.business),
        "attention": attention(request.business),
        "steps": steps,
        "all_done": all(step.is_done for step in steps),
    }
    return render(request, "pages/home.html", context)
