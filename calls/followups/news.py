"""Mails to members about calls, as each has chosen: which are due, and sending each of them at most once.

The rows are the queue. A mail is claimed and committed before it is handed to the mail server, since nothing can
take it back afterwards: a process that dies in between leaves `SENDING`, which becomes `UNKNOWN` and is not repeated.
What certainly did not leave (no connection, refused) is tried again a few times.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation

from businesses.mail import NOT_SENT, can_mail
from businesses.models import Business, Membership, Role
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.end_reasons import EndReason
from calls.followups import news_words
from calls.models import (
    BROWSER,
    Call,
    CallOutcome,
    CallStatus,
    News,
    NewsChoice,
    NewsState,
    NewsWhen,
    Task,
    Voicemail,
    WeekOfCalls,
    WhatsappNewsChoice,
)
from calls.weekly import Week, monday_of

logger = logging.getLogger(__name__)

SUMMARY_WITHIN: Final = timedelta(minutes=2)
"""So long a mail waits for the call's summary."""
LATELY: Final = timedelta(hours=6)
JUST: Final = SUMMARY_WITHIN + timedelta(minutes=5)
_LEASE: Final = timedelta(minutes=3)  # longer than the mail server's time-out
_FIRST_RETRY: Final = timedelta(minutes=1)
MAX_ATTEMPTS: Final = 5
MOST: Final = 50

_MISSED = Q(outcome__in=(CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.FALLBACK), is_outgoing=False)


def matters() -> Q:
    """Returns the condition of calls that are told of: somebody spoke, left something to do, or was missed."""
    left_something = Exists(Task.objects.filter(call=OuterRef("pk")))
    is_news = Q(user_has_spoken=True) | Q(outcome=CallOutcome.TRANSFERRED) | _MISSED | Q(left_something)
    return Q(status=CallStatus.ENDED) & ~Q(caller_number=BROWSER) & ~Q(end_reason=EndReason.BLOCKED) & is_news


def to_tell(now: datetime, *, within: timedelta = LATELY) -> QuerySet[Call]:
    """Returns the calls of every business that ended lately and of which all is known that news tell."""
    calls = Call.objects.filter(
        matters(), started_at__gt=now - LATELY, ended_at__gt=now - within, ended_at__lte=now
    ).filter(Q(summary_due_at=None) | Q(ended_at__lte=now - SUMMARY_WITHIN))
    return calls.filter(~Exists(Voicemail.objects.filter(call=OuterRef("pk"), settled_at=None)))


def choose(member: Membership, *, mail: str, digest_hour: int, language: str, now: datetime) -> NewsChoice:
    """Store what a member has chosen; it holds for calls that end from now on."""
    with transaction.atomic():
        before = NewsChoice.objects.select_for_update().filter(membership=member).first()
        is_same = before is not None and before.mail == mail
        chosen, _is_new = NewsChoice.objects.update_or_create(
            membership=member,
            defaults={
                "business": member.business,
                "mail": mail,
                "digest_hour": digest_hour,
                "language": language,
                "since": before.since if before and is_same else now,
                "next_digest_at": next_digest(member, digest_hour, now) if mail == NewsWhen.DAILY else None,
            },
        )
    return chosen


def next_digest(member: Membership, hour: int, now: datetime) -> datetime:
    """Returns the next time at which the business's clock shows this hour."""
    local = now.astimezone(ZoneInfo(member.business.time_zone))
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return today if today > local else (today + timedelta(days=1)).replace(fold=0)


def write_due(*, now: datetime) -> int:
    """Write the rows of mails that are due now. Returns how many."""
    return _write_at_once(now) + _write_digests(now) + _write_weeks(now) if can_mail() else 0


def due(*, now: datetime) -> list[UUID]:
    """Returns the mails of every business that wait; those of a dead process become unknown."""
    with across_businesses():  # the workers serve the whole installation; each mail is then handled for its business
        due_rows(now).filter(state=NewsState.SENDING).update(state=NewsState.UNKNOWN, due_at=None)
        waiting = due_rows(now).filter(state=NewsState.WAITING)
        return list(waiting.order_by("due_at").values_list("pk", flat=True)[:MOST])


def due_rows(now: datetime) -> QuerySet[News]:
    """Returns the mails that wait, and those of a dead process. Expects the businesses to be set."""
    return News.objects.filter(state__in=(NewsState.SENDING, NewsState.WAITING), due_at__lte=now)


def send(news_id: UUID, *, now: datetime) -> NewsState | None:
    """Send one mail. Returns what became of it; None if another process has it."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        found = News.objects.select_related("business", "choice__membership__user", "call").filter(pk=news_id).first()
    if found is None:
        return None
    with acting_for(found.business):
        claimed = News.objects.filter(pk=found.pk, state=NewsState.WAITING, attempts=found.attempts, due_at__lte=now)
        if not claimed.update(state=NewsState.SENDING, attempts=found.attempts + 1, due_at=now + _LEASE):
            return None
        state, again_at = _post(found, now)
        mine = News.objects.filter(pk=found.pk, state=NewsState.SENDING, attempts=found.attempts + 1)
        mine.update(state=state, due_at=again_at)
    return state


def calls_between(business: Business, since: datetime | None, until: datetime | None) -> QuerySet[Call]:
    """Returns the calls that daily news tell of, oldest first."""
    calls = Call.objects.filter(matters(), business=business, ended_at__gt=since, ended_at__lte=until)
    return calls.order_by("started_at")


def mail_instead(
    member: Membership,
    *,
    call: Call | None,
    since: datetime | None,
    until: datetime | None,
    language: str,
    now: datetime,
) -> bool:
    """Write the row of a mail about what could not be told otherwise. Returns whether a mail tells of it."""
    if not can_mail():
        return False
    never = {"business": member.business, "mail": NewsWhen.NEVER, "language": language, "since": now}
    choice, _is_new = NewsChoice.objects.get_or_create(membership=member, defaults=never)
    tells_of_calls = choice.mail == NewsWhen.AT_ONCE and bool(call and call.ended_at and call.ended_at > choice.since)
    tells_of_days = choice.mail == NewsWhen.DAILY and call is None
    if not (tells_of_calls or tells_of_days):
        row = News(business=member.business, choice=choice, call=call, since=since, until=until, is_instead=True)
        row.due_at = row.created_at = now
        News.objects.bulk_create([row], ignore_conflicts=True)
    return True


def _post(news: News, now: datetime) -> tuple[NewsState, datetime | None]:
    """Hand a claimed mail to the mail server. Returns its new state, and when it is tried again."""
    choice, user = news.choice, news.choice.membership.user
    if (choice.mail == NewsWhen.NEVER and not news.is_instead) or not user.is_active:
        return NewsState.NOTHING, None
    with translation.override(choice.language), timezone.override(ZoneInfo(news.business.time_zone)):
        letter = _letter(news)
    if letter is None:
        return NewsState.NOTHING, None
    try:
        send_mail(letter.subject, letter.body, None, [user.email])
    except NOT_SENT as error:
        what = type(error).__name__  # its text may hold the address
        logger.warning("mail %s about calls was not sent, attempt %d: %s", news.pk, news.attempts + 1, what)
        if news.attempts + 1 >= MAX_ATTEMPTS:
            return NewsState.FAILED, None
        return NewsState.WAITING, now + _FIRST_RETRY * 2**news.attempts
    except OSError as error:  # a time-out, a broken connection: it may have left
        logger.warning("mail %s about calls may not have been sent: %s", news.pk, type(error).__name__)
        return NewsState.UNKNOWN, None
    return NewsState.SENT, None


def _letter(news: News) -> news_words.Letter | None:
    """Returns the mail; None if there is nothing to tell (any more)."""
    if news.week:
        week = WeekOfCalls.objects.filter(business=news.business, monday=news.week, is_below=True).first()
        return news_words.of_week(news.business, Week(week.monday, week)) if week else None
    if news.call:
        return news_words.of_call(news.call, is_instead=news.is_instead)
    calls = list(calls_between(news.business, news.since, news.until)[: news_words.MOST_CALLS + 1])
    return news_words.of_day(news.business, calls, is_instead=news.is_instead) if calls else None


def _write_at_once(now: datetime) -> int:
    with across_businesses():  # one query for all businesses
        rows = [
            News(business_id=business, choice_id=choice, call_id=call, due_at=now, created_at=now)
            for business, call, choice in who_is_told(calls_to_tell_of(now), _at_once())
        ]
        News.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def who_is_told(
    calls: QuerySet[Call], choices: QuerySet[NewsChoice] | QuerySet[WhatsappNewsChoice]
) -> list[tuple[UUID, UUID, int]]:
    """Returns business, call and choice for the first of these calls and each member who has wanted news by its end."""
    found = list(calls.values_list("pk", "business_id", "ended_at")[:MOST])
    members: dict[UUID, list[tuple[int, datetime]]] = defaultdict(list)
    of_these = choices.filter(business__in={business for _call, business, _ended in found})
    for choice, business, since in of_these.values_list("pk", "business_id", "since"):
        members[business].append((choice, since))
    return [
        (business, call, choice)
        for call, business, ended_at in found
        for choice, since in members[business]
        if ended_at and since < ended_at
    ]


def calls_to_tell_of(now: datetime, *, within: timedelta = LATELY) -> QuerySet[Call]:
    """Returns the calls of which members are to be told at once. Expects the businesses to be set."""
    return to_tell(now, within=within).filter(
        Exists(_at_once().filter(business=OuterRef("business"), since__lt=OuterRef("ended_at"))),
        ~Exists(News.objects.filter(call=OuterRef("pk"), is_instead=False)),
        business__in=_at_once().values("business"),
    )


def just_ended(now: datetime) -> QuerySet[Call]:
    """Returns those of them that ended a moment ago: of the others, thousands that were told, one asks less often."""
    return calls_to_tell_of(now, within=JUST)


def _at_once() -> QuerySet[NewsChoice]:
    return NewsChoice.objects.filter(mail=NewsWhen.AT_ONCE)


def digests_due(now: datetime) -> QuerySet[NewsChoice]:
    """Returns the choices whose daily mail is due. Expects the businesses to be set."""
    return NewsChoice.objects.filter(next_digest_at__lte=now, mail=NewsWhen.DAILY)


def weeks_to_tell_of(now: datetime) -> QuerySet[NewsChoice]:
    """Returns the choices of owners who may be told of a week now. Expects the businesses to be set."""
    lately = (now - timedelta(days=14)).date()
    fell_short = _weeks_below(now).filter(business=OuterRef("business"), monday__lte=(now - timedelta(days=6)).date())
    told = News.objects.filter(choice=OuterRef("pk"), week__gt=lately)
    wanting = NewsChoice.objects.exclude(mail=NewsWhen.NEVER).filter(membership__role=Role.OWNER)
    return wanting.filter(Exists(fell_short), ~Exists(told))


def _weeks_below(now: datetime) -> QuerySet[WeekOfCalls]:
    return WeekOfCalls.objects.filter(is_below=True, monday__gt=(now - timedelta(days=14)).date())


def _write_digests(now: datetime) -> int:
    with across_businesses():  # the workers serve the whole installation; each choice is then handled for its business
        choices = list(digests_due(now).select_related("membership__business")[:MOST])
    return sum(_write_digest(choice, now) for choice in choices)


def _write_weeks(now: datetime) -> int:
    """Write the mails to owners about a week that is over and fell short: on Monday, at the hour of the daily mail."""
    with across_businesses():  # one query for all businesses
        rows = [
            News(business_id=choice.business_id, choice=choice, week=monday, due_at=now, created_at=now)
            for choice in weeks_to_tell_of(now).select_related("membership__business")[:MOST]
            if (monday := _week_to_tell_of(choice, now))
            and _weeks_below(now).filter(business=choice.business_id, monday=monday).exists()
        ]
        News.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _week_to_tell_of(choice: NewsChoice, now: datetime) -> date | None:
    """Returns the Monday of the last whole week, by the business's clock; None before Monday's hour of mails."""
    business = choice.membership.business
    monday, local = monday_of(business, now), now.astimezone(ZoneInfo(business.time_zone))
    is_early = local.date() == monday and local.hour < choice.digest_hour
    return None if is_early else monday - timedelta(weeks=1)


def _write_digest(choice: NewsChoice, now: datetime) -> bool:
    """Write the row of a day, and set the next one, in one transaction. Returns False if another process did."""
    at = choice.next_digest_at
    later = next_digest(choice.membership, choice.digest_hour, now)
    with acting_for(choice.membership.business), transaction.atomic():
        if not NewsChoice.objects.filter(pk=choice.pk, next_digest_at=at).update(next_digest_at=later, since=at):
            return False
        News.objects.create(
            business_id=choice.business_id, choice=choice, since=choice.since, until=at, due_at=now, created_at=now
        )
    return True
