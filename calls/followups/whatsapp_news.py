"""News of calls to members by WhatsApp, as each has chosen: at most once each, and by mail what does not reach them.

The calls are the queue, as for mails (`news.py`). A sweep looks for ended calls that a member is still to be told of,
and for daily messages whose hour has come. The row and the message (`businesses.messenger`) are written in one
transaction, under a lock of the member's choice, so that whoever is killed leaves both or none; the sending loop does
the rest. Later sweeps look at what became of each message.

Free text is sent while the member's last message is younger than 24 hours, a template otherwise.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation

from businesses import messenger
from businesses.messenger import MessageRefused, Refusal
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.followups import news, rescue, short_news, whatsapp_choices
from calls.followups.short_news import Short
from calls.models import Call, WhatsappNews, WhatsappNewsChoice, WhatsappNewsResult, WhatsappWhen

logger = logging.getLogger(__name__)

MOST: Final = 50
FIRST_LOOK: Final = timedelta(seconds=20)
LOOKS_FOR: Final = timedelta(days=1)
"""So long it is looked at what became of a message: later, a mail instead would be no news."""


@dataclass(frozen=True, slots=True)
class Due:
    """A member who is to be told now: of a call, or of the day."""

    choice: int
    call: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a message tells of: a call, or all calls from `since` to `until`."""

    call: Call | None = None
    since: datetime | None = None
    until: datetime | None = None


def due(*, now: datetime) -> list[Due]:
    """Returns whom to tell of what, for every business."""
    with across_businesses():  # the workers serve the whole installation; each is then decided for its business
        return [*_calls_due(now), *(Due(key) for key in days_due(now).values_list("pk", flat=True)[:MOST])]


def days_due(now: datetime) -> QuerySet[WhatsappNewsChoice]:
    """Returns the choices whose daily message is due. Expects the businesses to be set."""
    return WhatsappNewsChoice.objects.filter(next_digest_at__lte=now, when=WhatsappWhen.DAILY)


def calls_to_tell_of(now: datetime, *, within: timedelta = news.LATELY) -> QuerySet[Call]:
    """Returns the calls of which a member is to be told at once. Expects the businesses to be set."""
    told = WhatsappNews.objects.filter(choice=OuterRef("pk"), call=OuterRef(OuterRef("pk")))
    untold = _at_once().filter(~Exists(told), business=OuterRef("business"), since__lt=OuterRef("ended_at"))
    return news.to_tell(now, within=within).filter(Exists(untold), business__in=_at_once().values("business"))


def just_ended(now: datetime) -> QuerySet[Call]:
    """Returns those of them that ended a moment ago."""
    return calls_to_tell_of(now, within=news.JUST)


def to_look_at(now: datetime) -> QuerySet[WhatsappNews]:
    """Returns the messages of which it is to be noted what became. Expects the businesses to be set."""
    return WhatsappNews.objects.filter(look_at__lte=now)


def tell(wanted: Due, *, now: datetime) -> WhatsappNewsResult | None:
    """Decide about one message, and have it sent. Returns None if it was decided or is not to be."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        found = WhatsappNewsChoice.objects.select_related("business").filter(pk=wanted.choice).first()
    if found is None:
        return None
    with acting_for(found.business), transaction.atomic():
        rows = WhatsappNewsChoice.objects.select_related("business", "membership__user", "membership__business")
        choice = rows.select_for_update(of=("self",), no_key=True).filter(pk=found.pk, proved_at__isnull=False).first()
        if choice is None or choice.when == WhatsappWhen.NEVER or not choice.membership.user.is_active:
            return None
        told = _of_call(choice, wanted.call) if wanted.call else _of_day(choice, now)
        if told is None:
            return None
        key = uuid4()
        result = _write(choice, told, key, now)
        if result is WhatsappNewsResult.OPTED_OUT:
            whatsapp_choices.end(choice, now=now)
        is_refused = result not in {WhatsappNewsResult.SENT, WhatsappNewsResult.OPTED_OUT}
        WhatsappNews.objects.create(
            id=key,
            business=choice.business,
            choice=choice,
            call=told.call,
            since=told.since,
            until=told.until,
            result=result,
            is_mailed=is_refused and _mail_instead(choice, told, now),
            look_at=now + FIRST_LOOK if result is WhatsappNewsResult.SENT else None,
            at=now,
        )
    logger.info("news %s to a member of business %s by WhatsApp: %s", key, choice.business_id, result.value)
    return result


def look(*, now: datetime) -> int:
    """Note what became of messages that were sent, and have a mail written for those that failed. Returns how many."""
    with across_businesses():  # one query for all businesses
        rows = to_look_at(now).select_related("business", "call", "choice__membership__business")
        groups: dict[UUID, list[WhatsappNews]] = defaultdict(list)
        for row in rows.order_by("look_at")[:MOST]:
            groups[row.business_id].append(row)
    for group in groups.values():
        with acting_for(group[0].business):
            _look_at(group, now)
    return sum(map(len, groups.values()))


def _at_once() -> QuerySet[WhatsappNewsChoice]:
    return WhatsappNewsChoice.objects.filter(when=WhatsappWhen.AT_ONCE, proved_at__isnull=False)


def _calls_due(now: datetime) -> list[Due]:
    told = news.who_is_told(calls_to_tell_of(now).order_by("ended_at"), _at_once())
    return [Due(choice, call) for _business, call, choice in told]


def _of_call(choice: WhatsappNewsChoice, call_id: UUID) -> _Told | None:
    call = Call.objects.select_related("business").filter(business=choice.business, pk=call_id).first()
    if call is None or choice.when != WhatsappWhen.AT_ONCE:
        return None
    return None if WhatsappNews.objects.filter(choice=choice, call=call).exists() else _Told(call)


def _of_day(choice: WhatsappNewsChoice, now: datetime) -> _Told | None:
    """Returns the day that is over, and sets when the next one is; None on a day without calls."""
    at, since = choice.next_digest_at, choice.since
    if at is None or at > now:
        return None
    choice.since, choice.next_digest_at = at, news.next_digest(choice.membership, choice.digest_hour, now)
    choice.save(update_fields=["since", "next_digest_at"])
    are_there = news.calls_between(choice.business, since, at).exists()
    return _Told(since=since, until=at) if are_there else None


def _write(choice: WhatsappNewsChoice, told: _Told, key: UUID, now: datetime) -> WhatsappNewsResult:
    """Have the member written to, or return why not."""
    business, number = choice.business, choice.number
    if refusal := messenger.may_message(business, number):
        return WhatsappNewsResult(refusal.value)
    with translation.override(choice.language), timezone.override(ZoneInfo(business.time_zone)):
        short = _short(business, told)
    try:
        messenger.send_text(business, number, short.text, key=key, now=now)
        return WhatsappNewsResult.SENT
    except MessageRefused as refused:
        if refused.why is not Refusal.NO_WINDOW:
            return WhatsappNewsResult(refused.why.value)
    template = rescue.choices_of(business).news_template
    if not template:
        return WhatsappNewsResult.NO_WINDOW
    try:
        messenger.send_template(business, number, template, short.values(business), key=key, now=now)
    except MessageRefused as refused:
        return WhatsappNewsResult(refused.why.value)
    return WhatsappNewsResult.SENT


def _short(business: Business, told: _Told) -> Short:
    if told.call:
        return short_news.of_call(told.call)
    return short_news.of_day(business, list(news.calls_between(business, told.since, told.until)))


def _look_at(rows: list[WhatsappNews], now: datetime) -> None:
    """Write down what became of messages of the current business."""
    standings = messenger.standings(rows[0].business, [row.pk for row in rows])
    for row in rows:
        standing, before = standings.get(row.pk), row.look_at
        next_look = now + max(now - row.at, FIRST_LOOK)
        row.look_at = next_look if standing and next_look < row.at + LOOKS_FOR else None
        with transaction.atomic():
            if standing and standing.has_failed:
                row.result, row.look_at = WhatsappNewsResult.FAILED, None
                row.is_mailed = _mail_instead(row.choice, _Told(row.call, row.since, row.until), now)
            elif standing and standing.has_arrived:
                row.result, row.look_at = WhatsappNewsResult.ARRIVED, None
            mine = WhatsappNews.objects.filter(pk=row.pk, look_at=before)
            mine.update(result=row.result, look_at=row.look_at, is_mailed=row.is_mailed)


def _mail_instead(choice: WhatsappNewsChoice, told: _Told, now: datetime) -> bool:
    member, language = choice.membership, choice.language
    return news.mail_instead(member, call=told.call, since=told.since, until=told.until, language=language, now=now)
