"""Are the models of this installation there, and for how long? Asked of OpenAI every hour, not by the next caller.

OpenAI's `GET /v1/models` lists what a key may use, some with a `shutdown_date`. Days that were announced and are not in
the list are in `openai_models.py`. A server without such a list can't tell, which is no trouble.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings

from calls.models import ModelCheck
from calls.openai_errors import Meaning
from calls.openai_http import openai_client, refusal
from calls.openai_models import announced_end

logger = logging.getLogger(__name__)

WARNED_AHEAD: Final = timedelta(days=60)
_TIMEOUT_S: Final = 20.0
_LONGEST_NAME: Final = 100


class ModelUse(StrEnum):
    """What a model is used for. The value is the setting that names it."""

    CALLS = "OPENAI_REALTIME_MODEL"
    GREETINGS = "OPENAI_SPEECH_MODEL"
    TRANSCRIPTS = "OPENAI_TRANSCRIPTION_MODEL"
    SUMMARIES = "OPENAI_SUMMARY_MODEL"


class CheckFault(StrEnum):
    """Why no list was to be had."""

    NO_ACCESS = "no_access"
    NO_CREDIT = "no_credit"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NO_LIST = "no_list"  # another server than OpenAI's, which has none


class ModelTrouble(StrEnum):
    """What is the matter with a model."""

    MISSING = "missing"
    ENDED = "ended"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Finding:
    """A model that is in trouble. `day`: of its shutdown, like 2027-01-06; "" if there is none."""

    use: ModelUse
    model: str
    trouble: ModelTrouble
    day: str = ""


def in_use() -> dict[ModelUse, str]:
    """Returns the models that this installation uses."""
    return {use: model for use in ModelUse if (model := str(getattr(settings, use)))}


def check(*, now: datetime) -> ModelCheck:
    """Ask OpenAI and keep what it says. Without an answer, the findings of the last one stay."""
    fault, listed = _ask(_TIMEOUT_S)
    changes: dict[str, object] = {"checked_at": now, "fault": fault or ""}
    if fault in (None, CheckFault.NO_LIST):
        changes["findings"] = [asdict(found) for found in findings(in_use(), listed, today=now.date())]
    row, _created = ModelCheck.objects.update_or_create(pk=ModelCheck.ONLY, defaults=changes)
    for found in findings_of(row):
        logger.warning("model %s (%s): %s %s", found.model, found.use, found.trouble, found.day)
    if is_fault(row):
        logger.warning("OpenAI's list of models: %s", row.fault)
    return row


def look(*, now: datetime, timeout_s: float) -> ModelCheck:
    """Ask OpenAI. Returns what it says as a row that is not kept."""
    fault, listed = _ask(timeout_s)
    found = [asdict(each) for each in findings(in_use(), listed, today=now.date())] if not fault else []
    return ModelCheck(checked_at=now, fault=fault or "", findings=found)


def latest() -> ModelCheck | None:
    """Returns what the last check found; None before the first."""
    return ModelCheck.objects.filter(pk=ModelCheck.ONLY).first()


def findings(used: dict[ModelUse, str], listed: dict[str, date | None] | None, *, today: date) -> Iterator[Finding]:
    """Yields the models that are in trouble. `listed`: models and the days of their end; None: nobody can tell."""
    for use, model in used.items():
        end = (listed or {}).get(model) or announced_end(model)
        day = end.isoformat() if end else ""
        if end and end <= today:
            yield Finding(use, model, ModelTrouble.ENDED, day)
        elif listed is not None and model not in listed:
            yield Finding(use, model, ModelTrouble.MISSING)
        elif end and end <= today + WARNED_AHEAD:
            yield Finding(use, model, ModelTrouble.ENDS, day)


def findings_of(row: ModelCheck) -> list[Finding]:
    """Returns what was found, without models that are no longer used."""
    used = in_use()
    found = [
        Finding(ModelUse(each["use"]), each["model"], ModelTrouble(each["trouble"]), each["day"])
        for each in row.findings
    ]
    return [each for each in found if used.get(each.use) == each.model]


def is_fault(row: ModelCheck) -> bool:
    """Returns whether OpenAI's silence is a trouble."""
    return row.fault not in ("", CheckFault.NO_LIST)


def _ask(timeout_s: float) -> tuple[CheckFault | None, dict[str, date | None] | None]:
    """Returns why there is no list, or the list."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never ask

    try:
        with openai_client(timeout_s=timeout_s) as client:
            answer = client.get("/models", cast_to=object)
    except openai.APIStatusError as error:
        found = refusal(error)
        if found.status in (404, 405, 501):
            return CheckFault.NO_LIST, None
        by_meaning = {Meaning.NO_ACCESS: CheckFault.NO_ACCESS, Meaning.NO_CREDIT: CheckFault.NO_CREDIT}
        return by_meaning.get(found.meaning, CheckFault.REFUSED), None
    except openai.OpenAIError:
        return CheckFault.UNREACHABLE, None
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        return CheckFault.NO_LIST, None
    return None, dict(_listed(rows))


def _listed(rows: Iterable[object]) -> Iterator[tuple[str, date | None]]:
    for row in rows:
        if isinstance(row, dict) and isinstance(name := row.get("id"), str):
            yield name[:_LONGEST_NAME], _day(row.get("shutdown_date"))


def _day(written: object) -> date | None:
    """Returns a day that is written as ISO 8601 or in seconds since 1970; None for anything else."""
    try:
        if isinstance(written, str):
            return date.fromisoformat(written[:10])
        if isinstance(written, int | float) and written:
            return datetime.fromtimestamp(written, tz=UTC).date()
    except (ValueError, OverflowError, OSError):
        pass
    return None
