"""Tasks: made from messages that callers leave and from what a call leaves to do, given to somebody, done.

All functions expect the business to be set (`acting_for`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from businesses.happenings import Happening, happened
from businesses.models import Business, Membership, User
from businesses.pages import badges
from businesses.phone_numbers import NotDialable, dialable_e164
from calls.models import Call, Task, TaskKind, TaskState

LONGEST_NAME: Final = 120
LONGEST_NUMBER: Final = 40
LONGEST_TEXT: Final = 1_000
LONGEST_WHEN: Final = 200
LEFT_BY_CALLERS: Final = (TaskKind.MESSAGE, TaskKind.CALL_BACK, TaskKind.VOICEMAIL)
"""Kinds of tasks that callers themselves have left."""


def take_message(
    business: Business,
    call: Call | None,
    *,
    who: str,
    about: str,
    call_back_at_words: str,
    number: str,
    now: datetime,
) -> Task:
    """Keep what a caller wants the business to know. Returns the task that is made of it.

    `call_back_at_words`: when they want to be called back, in their words; "" if they don't. `number`: where they can
    be reached; "" for the number that they call from. Longer texts are cut.
    """
    when = _line(call_back_at_words, LONGEST_WHEN)
    with transaction.atomic():
        task = Task.objects.create(
            business=business,
            call=call,
            kind=TaskKind.CALL_BACK if when else TaskKind.MESSAGE,
            who=_line(who, LONGEST_NAME),
            number=_number(business, number) or (call.caller_number if call and _is_number(call.caller_number) else ""),
            about=as_text(about),
            when=when,
            created_at=now,
        )
        happened(business, Happening.MESSAGE_TAKEN, _told(task), now=now)
    return task


def take_voicemail(business: Business, call: Call, *, about: str, now: datetime) -> Task:
    """Keep a voice message. `about`: its words; "" where there are none. Returns the task that is made of it."""
    with transaction.atomic():
        task = Task.objects.create(
            business=business,
            call=call,
            kind=TaskKind.VOICEMAIL,
            number=call.caller_number if _is_number(call.caller_number) else "",
            about=as_text(about),
            created_at=now,
        )
        happened(business, Happening.MESSAGE_TAKEN, _told(task), now=now)
    return task


def _told(task: Task) -> dict[str, str | None]:
    """Returns what a business's own systems are told of a message."""
    return {
        "id": str(task.pk),
        "call": str(task.call_id) if task.call_id else None,
        "kind": task.kind,
        "who": task.who,
        "number": task.number,
        "about": task.about,
        "when": task.when,
    }


def add_follow_up(business: Business, call: Call, *, place: int, what: str, when: str, who: str, now: datetime) -> Task:
    """Add what a call has left to do, once: `place` says which of the call's follow-ups it is of.

    `when`: by when, as it was said in the call; "" if nothing was.
    """
    return Task.objects.get_or_create(
        business=business,
        call=call,
        follow_up=place,
        defaults={
            "kind": TaskKind.FOLLOW_UP,
            "who": _line(who, LONGEST_NAME),
            "number": call.caller_number if _is_number(call.caller_number) else "",
            "about": as_text(what),
            "when": _line(when, LONGEST_WHEN),
            "created_at": now,
        },
    )[0]


def finish(task: Task, *, by: User, now: datetime) -> bool:
    """Mark a task as done. Returns False if it was done already: who did it stays."""
    return _move(task, TaskState.OPEN, state=TaskState.DONE, done_at=now, done_by=by)


def reopen(task: Task) -> bool:
    """Mark a task as not done after all. Returns False if it was open."""
    return _move(task, TaskState.DONE, state=TaskState.OPEN, done_at=None, done_by=None)


def give(task: Task, to: Membership | None, due_at: datetime | None) -> None:
    """Give a task to a member, or to nobody, with or without a time by which it is due."""
    Task.objects.filter(pk=task.pk).update(assigned_to=to, due_at=due_at)


def in_order(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Returns open tasks as they should be done: those with a time first, then the oldest; done ones behind them."""
    return tasks.order_by("-state", F("due_at").asc(nulls_last=True), "created_at", "pk")


def count_open(business: Business) -> int:
    """Returns the number of open tasks, as far as the navigation shows it."""
    return Task.objects.filter(business=business, state=TaskState.OPEN)[: badges.MOST + 1].count()


def _move(task: Task, since: TaskState, **changes: object) -> bool:
    return bool(Task.objects.filter(pk=task.pk, state=since).update(**changes))


def _number(business: Business, written: str) -> str:
    """Returns the number in E.164; as it was said if no telephone can have it."""
    said = _line(written, LONGEST_NUMBER)
    try:
        return dialable_e164(said, business.region()) if said else ""
    except NotDialable:
        return said


def _is_number(caller: str) -> bool:
    return caller.startswith("+")


def _line(text: str, most: int) -> str:
    return " ".join(text.replace("\0", "").split())[:most]


def as_text(text: str) -> str:
    """Returns a text as a task keeps it: cut, and without what no database takes."""
    return text.replace("\0", "").strip()[:LONGEST_TEXT]
