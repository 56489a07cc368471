"""The words for what becomes of outgoing calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import OutgoingCall, OutgoingState
from calls.outgoing.rules import Why

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

REASONS: Final[dict[str, StrOrPromise]] = {
    Why.OFF: gettext_lazy("Outgoing calls are switched off."),
    Why.NOT_AGREED: gettext_lazy(
        "This person has not asked to be called: no message, no call and no consent of the last 30 days is on record."
    ),
    Why.BLOCKED: gettext_lazy("This caller is blocked."),
    Why.OPTED_OUT: gettext_lazy("This person opted out."),
    Why.NOT_A_NUMBER: gettext_lazy("This is not a number that can be called."),
    Why.COSTLY: gettext_lazy("Numbers like this one can cost a lot, so they are not called."),
    Why.COUNTRY: gettext_lazy("Your operator has not allowed calls to this country."),
    Why.OURS: gettext_lazy("This number is answered by an assistant here."),
    Why.NO_OWN_NUMBER: gettext_lazy("The business has no phone number in service to call from."),
    Why.TOO_LATE: gettext_lazy("It could not be made within 5 days."),
    Why.NEVER_OPEN: gettext_lazy("There is no hour that is allowed both here and where the person is."),
    Why.NOT_WANTED: gettext_lazy("Calls instead of reminders were switched off meanwhile."),
    Why.CHANGED: gettext_lazy("The appointment was moved or cancelled before the call was made."),
    Why.REMINDED: gettext_lazy("The reminder arrived by WhatsApp before the call was made."),
    Why.TOO_NEAR: gettext_lazy("It was too late for a call before the appointment."),
    Why.HOURS_THERE: gettext_lazy("It is too early or too late where the person is."),
    Why.OWN_HOURS: gettext_lazy("It is outside the hours that you have chosen."),
    Why.DAY_OFF: gettext_lazy("Today is a day off."),
    Why.CALLS_TODAY: gettext_lazy("The day's outgoing calls are used up."),
    Why.PERSON_TODAY: gettext_lazy("The person was called often enough today."),
    Why.DAY_LIMIT: gettext_lazy("A limit of the day was reached."),
    Why.NO_MINUTES: gettext_lazy("No paid minutes were left."),
    Why.NO_LINE: gettext_lazy("No line is free: one is always kept for callers."),
    Why.ONE_BEFORE: gettext_lazy("An earlier call to this person may still be on the line."),
    Why.RETRY: gettext_lazy("Nobody was reached, so it is tried again."),
    Why.TWILIO_AWAY: gettext_lazy("The phone network took no calls. It is tried again."),
    Why.REFUSED: gettext_lazy("The phone network refused the call."),
    Why.NO_STREAM: gettext_lazy("Somebody answered, but the assistant was not connected."),
    Why.NOT_TAKEN: gettext_lazy("Somebody answered, but there was nothing left to pay for the call."),
}
_BADGES: Final = {
    OutgoingState.RINGING: "live",
    OutgoingState.TALKING: "live",
    OutgoingState.TALKED: "good",
    OutgoingState.BUSY: "warn",
    OutgoingState.NO_ANSWER: "warn",
    OutgoingState.FAILED: "bad",
    OutgoingState.UNKNOWN: "bad",
    OutgoingState.NOT_ALLOWED: "bad",
}


def badge(row: OutgoingCall) -> str:
    """Returns the class of a state's badge."""
    return _BADGES.get(OutgoingState(row.state), "")


def reason(row: OutgoingCall) -> str:
    """Returns why a call waits, or how it went, in a sentence; "" if the state says it all."""
    if row.state == OutgoingState.UNKNOWN:
        return _("Nobody knows whether the call was made, so it is not repeated by itself.")
    if row.state == OutgoingState.TALKED and row.answered_by == "unknown":
        return _("It could not be told whether a person or a machine answered.")
    if row.why.isdigit():
        return _("The phone network refused the call (%(code)s).") % {"code": row.why}
    return str(REASONS.get(row.why, ""))
