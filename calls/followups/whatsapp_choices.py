"""What members choose about news of calls by WhatsApp, and the proof that a number is theirs.

Whoever holds a WhatsApp number proves it by writing a code from it to the business's number; only the member who
entered the number has seen the code. That message opens the 24 hours in which free text may be sent, too.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from businesses import messenger
from businesses.mail import defused
from businesses.messenger import MessageRefused
from businesses.models import Membership
from businesses.tenancy import across_businesses, acting_for
from calls.followups.news import next_digest
from calls.models import WhatsappNewsChoice, WhatsappWhen

logger = logging.getLogger(__name__)

CODE_HOLDS: Final = timedelta(hours=1)
MOST: Final = 100


def choose(
    member: Membership, *, when: str, digest_hour: int, number: str, language: str, now: datetime
) -> WhatsappNewsChoice:
    """Store what a member has chosen. `number` is in E.164; another one than before is to be proved."""
    with transaction.atomic():
        before = WhatsappNewsChoice.objects.select_for_update().filter(membership=member).first()
        proved_at = before.proved_at if before and before.number == number else None
        is_same = before is not None and before.when == when and proved_at is not None
        wants, must_prove = when != WhatsappWhen.NEVER, when != WhatsappWhen.NEVER and proved_at is None
        code, until = _code(before, number, now) if must_prove else ("", None)
        chosen, _is_new = WhatsappNewsChoice.objects.update_or_create(
            membership=member,
            defaults={
                "business": member.business,
                "when": when,
                "digest_hour": digest_hour,
                "number": number,
                "code": code,
                "code_until": until,
                "proved_at": proved_at,
                "stopped_at": before.stopped_at if before and not wants else None,
                "language": language,
                "since": before.since if before and is_same else now,
                "next_digest_at": _next(member, when, digest_hour, now) if proved_at else None,
            },
        )
    return chosen


def to_prove(*, now: datetime) -> list[int]:
    """Returns the choices of every business that wait for their code."""
    with across_businesses():  # the workers serve the whole installation; each choice is then handled for its business
        return list(waiting_for_code(now).order_by("code_until").values_list("pk", flat=True)[:MOST])


def waiting_for_code(now: datetime) -> QuerySet[WhatsappNewsChoice]:
    """Returns the choices that `to_prove` chooses from. Expects the businesses to be set."""
    return WhatsappNewsChoice.objects.filter(code_until__gt=now).exclude(when=WhatsappWhen.NEVER)


def prove(choice_id: int, *, now: datetime) -> bool:
    """Note that a number is the member's if its code has come from it, and say so there. Returns whether it was noted.

    News begin with calls that end from now on.
    """
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        found = WhatsappNewsChoice.objects.select_related("business", "membership").filter(pk=choice_id).first()
    if found is None or found.code_until is None or found.code_until <= now:
        return False
    with acting_for(found.business), transaction.atomic():
        asked_at = found.code_until - CODE_HOLDS
        if not messenger.has_written(found.business, found.number, found.code, since=asked_at):
            return False
        mine = WhatsappNewsChoice.objects.filter(pk=found.pk, code=found.code, number=found.number)
        next_at = _next(found.membership, found.when, found.digest_hour, now)
        if not mine.update(code="", code_until=None, proved_at=now, since=now, next_digest_at=next_at):
            return False
        _confirm(found, now)
    logger.info("a member of business %s has proved a WhatsApp number", found.business_id)
    return True


def end(choice: WhatsappNewsChoice, *, now: datetime) -> None:
    """End the news of a member who has opted out."""
    mine = WhatsappNewsChoice.objects.filter(pk=choice.pk)
    mine.update(when=WhatsappWhen.NEVER, stopped_at=now, next_digest_at=None)


def text_to_write(choice: WhatsappNewsChoice) -> str:
    """Returns what the member writes to the business's number."""
    return _("News of calls %(code)s") % {"code": choice.code}


def _code(before: WhatsappNewsChoice | None, number: str, now: datetime) -> tuple[str, datetime]:
    """Returns the code that is to be written and until when; the same one while it holds for the same number."""
    if before and before.number == number and before.code and before.code_until and before.code_until > now:
        return before.code, before.code_until
    return f"{secrets.randbelow(900_000) + 100_000}", now + CODE_HOLDS


def _next(member: Membership, when: str, hour: int, now: datetime) -> datetime | None:
    return next_digest(member, hour, now) if when == WhatsappWhen.DAILY else None


def _confirm(choice: WhatsappNewsChoice, now: datetime) -> None:
    """Answer the member's message. That it can't be answered takes nothing from the proof."""
    with translation.override(choice.language):
        text = _("%(business)s: you get news of calls here from now on. Write “stop” to get none.")
        words = text % {"business": defused(choice.business.name)}
    key = uuid5(NAMESPACE_URL, f"whatsapp-news:{choice.pk}:{choice.code}")
    try:
        messenger.send_text(choice.business, choice.number, words, key=key, now=now)
    except MessageRefused as refused:
        logger.info("the proof of a member of business %s is not confirmed: %s", choice.business_id, refused.why.value)
