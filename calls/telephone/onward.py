"""Where callers go when the assistant doesn't take the call, or has finished."""

from __future__ import annotations

from dataclasses import dataclass

from businesses.models import Business
from calls.conversation.commands import NextStep
from calls.telephone.announcements import Announcement
from calls.telephone.intake import Refusal


@dataclass(frozen=True, slots=True)
class Onward:
    """Say something (or nothing), then ring a number (or hang up). Without a business: say it in every language."""

    business: Business | None = None
    announcement: Announcement | None = None
    dial: str = ""


def onward_by(step: NextStep, business: Business, *, dial: str = "") -> Onward:
    """Returns where a caller goes after the media stream. `dial`: the number that a person chose for a transfer."""
    if step is NextStep.TRANSFER and dial:
        return Onward(business, Announcement.PUTTING_THROUGH, dial=dial)
    match step:
        case NextStep.HANG_UP:
            return Onward(business)
        case NextStep.TRANSFER if business.fallback_number:  # the assistant has announced it
            return Onward(business, dial=business.fallback_number)
        case NextStep.APOLOGIZE if business.fallback_number:
            return Onward(business, Announcement.SORRY_PUTTING_THROUGH, dial=business.fallback_number)
        case NextStep.TRANSFER | NextStep.APOLOGIZE:
            return Onward(business, Announcement.UNAVAILABLE)


def onward_refused(refusal: Refusal, business: Business) -> Onward:
    """Returns where a caller goes whom the assistant does not answer."""
    match refusal:
        case Refusal.NOT_IN_SERVICE:
            return Onward(business, Announcement.NOT_IN_SERVICE)
        case Refusal.NO_MINUTES | Refusal.ALL_BUSY if business.fallback_number:
            return Onward(business, Announcement.PUTTING_THROUGH, dial=business.fallback_number)
        case Refusal.NO_MINUTES:
            return Onward(business, Announcement.UNAVAILABLE)
        case Refusal.ALL_BUSY:
            return Onward(business, Announcement.ALL_BUSY)
