"""Applying stored webhooks: in batches, each in one transaction with the marks that they were applied.

An update that matches nothing is tried again: a status may arrive before the answer to its own message is committed.
In the end it is given up: it belongs to a message of other software on the same number.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from businesses.tenancy import across_businesses
from whatsapp.broadcasts import course
from whatsapp.models import NewsProblem, WebhookNews
from whatsapp.providers.events import (
    AccountChange,
    Event,
    Inbound,
    NumberChange,
    Preference,
    StatusUpdate,
    TemplateChange,
)
from whatsapp.providers.registry import provider_for
from whatsapp.sending.bulk import update_rows
from whatsapp.webhooks import changes, direct_statuses, people, reported_rows, statuses, ties

logger = logging.getLogger(__name__)

BATCH = 500
TRY_AGAIN = (timedelta(seconds=1), timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10))
"""How old an update must be for its next try, by the number of its tries."""


def apply_news(now: datetime) -> int:
    """Apply the next batch. Returns the number of updates looked at."""
    # An update itself tells its business, by an attempt, a message or a number; `origin` says if it may touch it.
    with across_businesses(), transaction.atomic():
        batch = list(due_rows(now).select_for_update(skip_locked=True)[:BATCH])
        if not batch:
            return 0
        problems = _apply_together(batch, now)
        done = [news.pk for news in batch if news.pk not in problems]
        WebhookNews.objects.filter(pk__in=done).update(tries=F("tries") + 1, problem="", applied_at=now)
        update_rows(WebhookNews, [_mark(news, problems[news.pk], now) for news in batch if news.pk in problems])
    return len(batch)


def due_rows(now: datetime) -> QuerySet[WebhookNews]:
    """Returns the news that are due. Expects the businesses to be set."""
    due = Q(tries=0)
    for tries, age in enumerate(TRY_AGAIN, start=1):
        due |= Q(tries=tries, received_at__lt=now - age)
    return WebhookNews.objects.filter(due, applied_at=None).order_by("pk")


def _mark(news: WebhookNews, problem: NewsProblem, now: datetime) -> dict[str, object]:
    given_up = news.tries >= len(TRY_AGAIN)
    return {"pk": news.pk, "tries": news.tries + 1, "problem": problem, "applied_at": now if given_up else None}


def _apply_together(batch: Sequence[WebhookNews], now: datetime) -> dict[int, NewsProblem]:
    """Apply a batch together; if the database refuses something in it, one by one, so that only that is left out."""
    try:
        with transaction.atomic():
            return _apply(batch, now)
    except (DataError, IntegrityError) as problem:
        if len(batch) == 1:
            logger.warning("Webhook news %s can't be stored: %s", batch[0].pk, type(problem).__name__)
            return {batch[0].pk: NewsProblem.UNKEEPABLE}
    problems: dict[int, NewsProblem] = {}
    for news in batch:
        problems |= _apply_together([news], now)
    return problems


def _apply(batch: Sequence[WebhookNews], now: datetime) -> dict[int, NewsProblem]:
    """Apply what can be applied. Returns why the others could not be, by their keys."""
    problems: dict[int, NewsProblem] = {}
    told: list[tuple[WebhookNews, Event]] = []
    for news in batch:
        try:
            event = provider_for(news.provider).read(news.payload, news.received_at)
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            logger.warning("Webhook news %s can't be understood: %r", news.pk, problem)
            problems[news.pk] = NewsProblem.UNREADABLE
            continue
        if event is not None:
            told.append((news, event))
    reports = [(news, event) for news, event in told if isinstance(event, StatusUpdate)]
    rows = reported_rows.find(reports)
    ties.learn(told, rows, now)
    moved: list[course.Change] = []
    for news, event in told:
        if not isinstance(event, StatusUpdate) and not _apply_one(news, event, moved, now):
            problems[news.pk] = NewsProblem.NOBODYS
    for news, _update in direct_statuses.apply(statuses.apply(reports, rows, moved, now)):
        problems[news.pk] = NewsProblem.NO_MESSAGE
    course.count(moved, now)
    return problems


def _apply_one(news: WebhookNews, event: Event, moved: list[course.Change], now: datetime) -> bool:
    """Apply an event of a rare kind. Returns whether there was something that these news may touch.

    A reply to a broadcast is added to `moved`.
    """
    match event:
        case Inbound():
            return people.receive(news, event, moved, now)
        case Preference():
            return people.prefer(news, event, now)
        case TemplateChange():
            return changes.change_template(news, event, now)
        case NumberChange():
            return changes.change_number(news, event)
        case AccountChange():
            return changes.change_account(news, event, now)
        case StatusUpdate():
            raise TypeError("Statuses are applied together, by statuses.apply.")
