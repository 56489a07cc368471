"""Where callers go when the assistant doesn't take the call, or has finished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from businesses.models import Business
from calls.conversation.commands import NextStep
from calls.models import Call
from calls.telephone import legs
from calls.telephone.announcements import Announcement
from calls.telephone.intake import Refusal
from calls.telephone.legs import Leg, Ring

ASKED_FOR_A_MESSAGE: Final = frozenset({Refusal.ALL_BUSY, Refusal.DAY_LIMIT, Refusal.CLOSED})
"""Refusals after which a caller may leave a message. Who has no minutes left pays for nothing more."""


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The call goes on with the assistant in a new stream, which the token opens."""

    token: str


@dataclass(frozen=True, slots=True)
class Beep:
    """The caller is asked for a message after a beep. `words`: the business's own before it; "" for the usual ones."""

    voicemail_id: UUID
    words: str
    longest_s: int


@dataclass(frozen=True, slots=True)
class Onward:
    """Say something (or nothing), then ring a number (or hang up). Without a business: say it in every language.

    `dial` is a wish. Nothing rings before `put_through` has made a `leg` of it.
    """

    business: Business | None = None
    announcement: Announcement | None = None
    dial: str = ""
    otherwise: Announcement = Announcement.UNAVAILABLE
    """What is said instead if the number is not dialled."""
    leg: Leg | None = None
    ring: Ring | None = None
    """Somebody whom the caller is put through to, and who may not take the call."""
    says: str = ""
    """The business's own words, said instead of an announcement."""
    beep: Beep | None = None
    rejects: bool = False
    """Don't take the call at all."""


def onward_by(step: NextStep, business: Business) -> Onward:
    """Returns where a caller goes after the media stream, if not to a person (`transferring.py`)."""
    if step is NextStep.HANG_UP:
        return Onward(business)
    if business.fallback_number:
        return Onward(business, Announcement.SORRY_PUTTING_THROUGH, dial=business.fallback_number)
    return Onward(business, Announcement.UNAVAILABLE)


def onward_refused(refusal: Refusal, business: Business) -> Onward:
    """Returns where a caller goes whom the assistant does not answer."""
    match refusal:
        case Refusal.BLOCKED:
            return Onward(business, rejects=True)
        case Refusal.NOT_IN_SERVICE:
            return Onward(business, Announcement.NOT_IN_SERVICE)
        case Refusal.ALL_BUSY if business.fallback_number:
            dial, busy = business.fallback_number, Announcement.ALL_BUSY
            return Onward(business, Announcement.PUTTING_THROUGH, dial=dial, otherwise=busy)
        case Refusal.ALL_BUSY:
            return Onward(business, Announcement.ALL_BUSY)
        case Refusal.CLOSED:
            return Onward(business, Announcement.NOBODY_ANSWERED)
        case Refusal.NO_MINUTES | Refusal.DAY_LIMIT | Refusal.TRIAL_RUNNING:  # a dialled call would cost, too
            return Onward(business, Announcement.UNAVAILABLE)


def put_through(onward: Onward, call: Call, *, now: datetime) -> Onward:
    """Returns the same with the leg that is granted to it, or what is said instead; the record says why."""
    if not onward.dial:
        return onward
    leg = legs.open_leg(call, onward.dial, now=now)
    if leg is None:
        return replace(onward, announcement=onward.otherwise, dial="")
    return replace(onward, leg=leg)
