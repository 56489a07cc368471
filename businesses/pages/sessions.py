"""The page of a person's own sessions: where they are signed in, and ending it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from businesses.models import User
from businesses.signing_in import news
from businesses.signing_in.device import device_of
from businesses.signing_in.sessions import sessions_of

LONGEST_NUMBER = 19
"""Digits with which a number still fits the database's own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One session as the page shows it."""

    session: Any
    device: str
    is_this: bool


@never_cache
@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """List the person's sessions."""
    user = _person(request)
    shown = [
        Shown(each, device_of(each.user_agent), is_this=each.session_key == request.session.session_key)
        for each in sessions_of(user, now=timezone.now())
    ]
    return render(request, "pages/sessions.html", {"sessions": shown})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of the person's own sessions (`session`, its number) or all others, at once. A GET leads to the list."""
    if request.method != "POST":
        return redirect("sessions")
    mine, number = UserSession.objects.filter(user=_person(request)), request.POST.get("session", "")
    if number == "others":
        _end(request, list(mine.exclude(session_key=request.session.session_key)))
        messages.success(request, _("All other sessions are ended."))
        return redirect("sessions")
    session = mine.filter(pk=int(number)).first() if number.isdecimal() and len(number) < LONGEST_NUMBER else None
    if session is None:
        raise Http404
    _end(request, [session])
    messages.success(request, _("The session is ended."))
    return redirect("sessions")


def _end(request: HttpRequest, sessions: list[Any]) -> None:
    for session in sessions:
        news.session_ended(_person(request), device=device_of(session.user_agent), address=session.ip)
        is_this = session.session_key == request.session.session_key
        session.end()
        if is_this:
            logout(request)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    return request.user
