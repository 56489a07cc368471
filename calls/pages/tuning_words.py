"""The words for what other settings would have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.models import Business
from calls.models import TuningCall
from calls.records.trying import Moment, Outcome

LEAST_MS = 10
"""A smaller difference is less than half a frame: none."""

_IGNORED, _WENT_ON, _INTERRUPTED = Outcome.IGNORED, Outcome.WENT_ON, Outcome.INTERRUPTED
Told = Callable[[int], str]


def _coughs(number: int) -> str:
    return ngettext(
        "%(number)d cough or other short noise would have interrupted",
        "%(number)d coughs or other short noises would have interrupted",
        number,
    ) % {"number": number}


def _ignored(number: int) -> str:
    return ngettext(
        "%(number)d sound that was ignored would have interrupted",
        "%(number)d sounds that were ignored would have interrupted",
        number,
    ) % {"number": number}


def _more_pauses(number: int) -> str:
    return ngettext(
        "%(number)d more time it would have fallen silent for nothing",
        "%(number)d more times it would have fallen silent for nothing",
        number,
    ) % {"number": number}


def _fewer_pauses(number: int) -> str:
    return ngettext(
        "%(number)d time less it would have fallen silent for nothing",
        "%(number)d times less it would have fallen silent for nothing",
        number,
    ) % {"number": number}


def _missed(number: int) -> str:
    return ngettext(
        "%(number)d interruption would not have come",
        "%(number)d interruptions would not have come",
        number,
    ) % {"number": number}


def _sooner(number: int) -> str:
    return ngettext(
        "%(number)d interruption would have come sooner",
        "%(number)d interruptions would have come sooner",
        number,
    ) % {"number": number}


def _later(number: int) -> str:
    return ngettext(
        "%(number)d interruption would have come later",
        "%(number)d interruptions would have come later",
        number,
    ) % {"number": number}


_TOLD: Mapping[tuple[Outcome, Outcome], Told] = {
    (_WENT_ON, _INTERRUPTED): _coughs,
    (_IGNORED, _INTERRUPTED): _ignored,
    (_INTERRUPTED, _WENT_ON): _missed,
    (_INTERRUPTED, _IGNORED): _missed,
    (_IGNORED, _WENT_ON): _more_pauses,
    (_WENT_ON, _IGNORED): _fewer_pauses,
}


def moments_of(row: TuningCall) -> list[Moment]:
    """Returns what was found out about a call."""
    return [Moment(each["at"], Outcome(each["was"]), Outcome(each["would"]), each["sooner_ms"]) for each in row.moments]


def sentences(rows: Iterable[TuningCall]) -> list[str]:
    """Returns what would have changed in these calls, the most important first."""
    return _sentences([moment for row in rows for moment in moments_of(row)])


def of_call(row: TuningCall) -> str:
    """Returns what would have changed in one call; "" for nothing."""
    return ", ".join(_counted(moments_of(row)))


def changes(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the names of settings with their values, as they are written."""
    return [(_label(name), _written(value)) for name, value in values.items()]


def _label(name: str) -> str:
    field = Business._meta.get_field(name)
    return capfirst(str(getattr(field, "verbose_name", name)))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return str(value)


def _sentences(moments: Sequence[Moment]) -> list[str]:
    both = [moment.sooner_ms for moment in moments if moment.was is moment.would is _INTERRUPTED]
    usual = round(median(both)) if both else 0
    first: list[str] = []
    if usual >= LEAST_MS:
        first.append(_("Interruptions: %(ms)d ms sooner at the median") % {"ms": usual})
    elif usual <= -LEAST_MS:
        first.append(_("Interruptions: %(ms)d ms later at the median") % {"ms": -usual})
    return [*first, *(capfirst(told) for told in _counted(moments))]


def _counted(moments: Iterable[Moment]) -> list[str]:
    counts = Counter(told for moment in moments if (told := _teller(moment)))
    order = (_coughs, _ignored, _missed, _more_pauses, _fewer_pauses, _sooner, _later)
    return [told(counts[told]) for told in order if counts[told]]


def _teller(moment: Moment) -> Told | None:
    if moment.was is moment.would:
        if moment.was is not _INTERRUPTED or abs(moment.sooner_ms) < LEAST_MS:
            return None
        return _sooner if moment.sooner_ms > 0 else _later
    return _TOLD[moment.was, moment.would]
