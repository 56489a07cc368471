"""Sessions: they end when nobody has used them for a while, and people see and end their own.

A session keeps when it was last used; the list of a person's sessions is allauth's table beside Django's. Both are
written at most every few minutes: a read page costs no write.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from businesses.models import User

USED_AT = "used_at"
"""The session's key for when it was last used, in seconds since 1970."""
NOTED_EVERY = timedelta(minutes=5)


def idle_limit() -> timedelta:
    """Returns how long a session lives without being used."""
    return timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def connect() -> None:
    """Note each new session where it begins, whichever door it came by. Called once, when the app is ready."""
    user_logged_in.connect(_begin)


def _begin(request: HttpRequest, user: User, **named: Any) -> None:
    now = timezone.now()
    request.session[USED_AT] = int(now.timestamp())
    if "REMOTE_ADDR" in request.META:  # not from a shell
        if not request.session.session_key:
            request.session.save()
        _note(request, user, now)


class IdleSessions:
    """Middleware: sign out whoever has not used the site for too long; note that others have."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request, signed out if the session was idle for too long."""
        if SESSION_KEY in request.session:
            _use(request, now=timezone.now())
        return self.get_response(request)


def _use(request: HttpRequest, *, now: datetime) -> None:
    used_at = request.session.get(USED_AT)
    idle = timedelta(seconds=now.timestamp() - used_at) if used_at is not None else None
    if idle is not None and idle > idle_limit():
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        logout(request)
    elif idle is None or (idle >= min(NOTED_EVERY, idle_limit() / 4) and not _asks_by_itself(request)):
        request.session[USED_AT] = int(now.timestamp())
        if isinstance(request.user, User):  # not one whose account was switched off
            _note(request, request.user, now)


def _asks_by_itself(request: HttpRequest) -> bool:
    """Returns whether the page, not the person, may have asked: an open page asks for news every few seconds."""
    return request.method == "GET" and "HX-Request" in request.headers


def _note(request: HttpRequest, user: User, now: datetime) -> None:
    values: dict[str, Any] = {
        "user": user,
        "ip": get_adapter().get_client_ip(request),
        "user_agent": request.headers.get("User-Agent", "")[:200],
        "last_seen_at": now,
    }
    UserSession.objects.update_or_create(session_key=request.session.session_key, defaults=values)


def sessions_of(user: User, *, now: datetime) -> list[UserSession]:
    """Returns the person's sessions that still open the site, the last used first. Forgets the others."""
    alive: list[UserSession] = UserSession.objects.purge_and_list(user)
    used = [each for each in alive if now - each.last_seen_at <= idle_limit()]
    return sorted(used, key=lambda each: each.last_seen_at, reverse=True)


def was_here(email: str, address: str) -> bool:
    """Returns whether the person has a session at this network address."""
    found: bool = UserSession.objects.filter(user__email=email, ip=address).exists()
    return found


def forget_dead_sessions() -> None:
    """Remove from the list what no longer opens anything: expired and signed-out sessions."""
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
