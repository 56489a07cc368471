"""What the check of OpenAI's models found, in words for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls import model_checks
from calls.model_checks import CheckFault, Finding, ModelTrouble
from calls.models import ModelCheck

FAULTS = {
    CheckFault.NO_ACCESS: gettext_lazy("OpenAI does not accept the key: no call is answered. Look at OPENAI_API_KEY."),
    CheckFault.NO_CREDIT: gettext_lazy("OpenAI's credit is used up: no call is answered until somebody pays."),
    CheckFault.UNREACHABLE: gettext_lazy("OpenAI could not be reached when the models were checked."),
    CheckFault.REFUSED: gettext_lazy("OpenAI refused to list its models."),
}


def sentences(row: ModelCheck) -> Iterator[str]:
    """Yields what is the matter, a sentence each."""
    if model_checks.is_fault(row):
        yield str(FAULTS.get(CheckFault(row.fault), FAULTS[CheckFault.REFUSED]))
    for found in model_checks.findings_of(row):
        yield _sentence(found)


def shown_day(found: Finding) -> str:
    """Returns the day of a model's end as it is shown."""
    return date_format(date.fromisoformat(found.day), "DATE_FORMAT")


def _sentence(found: Finding) -> str:
    named = {"model": found.model, "setting": found.use.value}
    match found.trouble:
        case ModelTrouble.MISSING:
            return _("OpenAI has no model %(model)s for this key. Set %(setting)s to another one.") % named
        case ModelTrouble.ENDED:
            ended = _("OpenAI has shut down %(model)s on %(day)s. Set %(setting)s to another one.")
            return ended % {**named, "day": shown_day(found)}
        case ModelTrouble.ENDS:
            ends = _("OpenAI shuts down %(model)s on %(day)s. Set %(setting)s to another one before that.")
            return ends % {**named, "day": shown_day(found)}
