"""Learning from answers under which addresses a provider knows the people that were written to."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.models import TieSource
from whatsapp.people import ties
from whatsapp.people.ties import Tie
from whatsapp.providers.base import SendResult

logger = logging.getLogger(__name__)


def learn(business: Business, answers: Iterable[tuple[str, SendResult]], now: datetime) -> None:
    """Learn from answers, each with the address that was written to.

    In a transaction of its own, before the answers are recorded: they count even if this fails, and reports repeat it.
    """
    told = [
        Tie(address, known_as, TieSource.ANSWER)
        for address, result in answers
        for known_as in result.known_as
        if known_as != address
    ]
    try:
        with acting_for(business):
            ties.learn(business, told, now=now)
    except DatabaseError as problem:
        logger.warning("What answers say about addresses can't be stored: %s", type(problem).__name__)
