"""The page of a person's own sessions: where they are signed in, and ending it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from businesses.models import User
from businesses.signing_in import news
from businesses.signing_in.device import device_of
from businesses.signing_in.sessions import sessions_of


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


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of the person's own sessions, at once: its next request is one of somebody signed out."""
    session = get_object_or_404(UserSession, pk=session_id, user=_person(request))
    _end(request, [session])
    messages.success(request, _("The session is ended."))
    return redirect("sessions")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions but this one."""
    mine = UserSession.objects.filter(user=_person(request)).exclude(session_key=request.session.session_key)
    _end(request, list(mine))
    messages.success(request, _("All other sessions are ended."))
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
