"""Words for transfers: when somebody takes calls, and what became of a call that was put through."""

from __future__ import annotations

from django.utils import formats
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import ReachedWhen, Transfer, TransferState, TransferTarget
from calls.pages.words import NOT_DIALLED

_RESULTS = {
    "no-answer": gettext_lazy("no answer"),
    "busy": gettext_lazy("busy"),
    "failed": gettext_lazy("the number could not be reached"),
    "canceled": gettext_lazy("the caller hung up meanwhile"),
    "not_taken": gettext_lazy("answered, but did not take the call"),
}
"""What became of one number, as an owner reads it."""
_SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


def reached_when(target: TransferTarget) -> str:
    """Returns when a person or department takes calls."""
    if target.reached_when == ReachedWhen.ALWAYS:
        return _("At any time")
    if target.reached_when == ReachedWhen.OPEN:
        return _("While the business is open")
    days = " ".join(str(WEEKDAYS_ABBR[day]) for day in _SUNDAY_FIRST if str(day) in target.weekdays)
    times = ""
    if target.from_time is not None and target.until_time is not None:
        times = f"{formats.time_format(target.from_time)}–{formats.time_format(target.until_time)}"
    return ", ".join(filter(None, (days, times))) or _("At any time")


def result(transfer: Transfer) -> str:
    """Returns what became of a transfer, with what each number said where nobody took the call."""
    state = str(TransferState(transfer.state).label)
    if transfer.state not in (TransferState.UNREACHED, TransferState.LEFT):
        return state
    each = (_RESULTS.get(code) or NOT_DIALLED.get(code, "") for code in transfer.results)
    tried = ", ".join(dict.fromkeys(str(words).rstrip(".") for words in each if words))
    return f"{state} ({tried})" if tried else state
