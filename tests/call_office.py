"""Access to a Daphne process's database through the project's own models, in a separate thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import dj_database_url
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections
from django.db.utils import load_backend
from pytest_django import DjangoDbBlocker

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import across_businesses
from calls.conversation.commands import EndCall
from calls.conversation.end_reasons import EndReason
from calls.models import Call, CallStatus, Turn
from calls.plan import settings_of
from calls.records import replay
from calls.records.replay import Difference
from calls.records.traces import Decided, TraceLine, read_trace

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Records:
    """The database records of one call."""

    call: Call
    turns: list[Turn]
    trace: list[TraceLine]

    @property
    def is_whole(self) -> bool:
        """Whether the call's own process has written its end; Twilio's status callback may be recorded earlier."""
        return not self.call.stream_opened_at or any(
            isinstance(line, Decided) and isinstance(line.command, EndCall) for line in self.trace
        )


class Office:
    """Queries the database at `database_url`, which is not the tests' own database that pytest-django guards."""

    def __init__(self, database_url: str, blocker: DjangoDbBlocker) -> None:
        self._url = database_url
        self._blocker = blocker
        self._thread = ThreadPoolExecutor(max_workers=1, initializer=self._connect, thread_name_prefix="office")

    def _connect(self) -> None:
        own = connections.databases["default"]
        other = {**own, **dj_database_url.parse(self._url), "OPTIONS": own["OPTIONS"]}
        connections["default"] = load_backend(str(other["ENGINE"])).DatabaseWrapper(other, "default")

    async def ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that uses models, and return its result."""

        def asked() -> T:
            with self._blocker.unblock(), across_businesses():  # tests may see rows of every business
                return question(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, asked)

    def close(self) -> None:
        """Close its connection."""
        self._thread.submit(_disconnect).result()
        self._thread.shutdown()


def _disconnect() -> None:
    connection.close()  # Django keeps a connection for each thread


def member_cookies(business: Business) -> dict[str, str]:
    """Returns the session cookies of a new owner of the business."""
    user = User.objects.create_user(f"owner@{business.slug}.test", "pw")
    Membership.objects.create(business=business, user=user, role=Role.OWNER)
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key), settings.CSRF_COOKIE_NAME: "c" * 32}


def replayed_otherwise() -> tuple[int, dict[str, list[Difference]]]:
    """Returns how many calls have a whole trace, and where a replay of them decides otherwise than the call did.

    A call that a mistake of ours ended is left out: there the conversation was not asked any more.
    """
    replayed, found = 0, dict[str, list[Difference]]()
    for call in Call.objects.filter(status=CallStatus.ENDED, stream_opened_at__isnull=False):
        trace = read_trace(call)
        if not Records(call, [], trace).is_whole or call.end_reason == EndReason.OUR_MISTAKE:
            continue
        replayed += 1
        if wrong := replay.differences(trace, replay.replay(trace, settings_of(call.settings), own_ticks=False)):
            found[call.twilio_call_sid] = wrong
    return replayed, found


def records_of(call_sid: str) -> Records:
    """Returns all records of a call."""
    call = Call.objects.select_related("business").get(twilio_call_sid=call_sid)
    return Records(call, list(Turn.objects.filter(call=call)), read_trace(call))
