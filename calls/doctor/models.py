"""OpenAI: is the key accepted, and are the models there? What `check_models` asks, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.utils import timezone, translation

from businesses.doctor import table
from businesses.doctor.table import ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from calls import model_checks
from calls.model_checks import CheckFault
from calls.pages import model_words


def register() -> None:
    """Have it tried."""
    table.register("openai", _checks)


def judged(fault: str, problems: Sequence[str], *, models: Sequence[str]) -> Verdict:
    """Returns whether the models can be used. `problems`: sentences that say what to do."""
    if fault == CheckFault.NO_LIST:
        return not_tried("The server at OPENAI_BASE_URL lists no models, so it can't tell.")
    if fault == CheckFault.UNREACHABLE:
        return wrong(problems[0], "Let port 443 out to OpenAI, and compare OPENAI_BASE_URL if it is set.")
    if problems:
        return wrong(problems[0], " ".join(problems[1:]) or "Correct it in .env, and restart every process.")
    return ok(f"The key is accepted, and has {', '.join(models)}.")


def _checks() -> Iterator[Check]:
    yield Check("models", _ask)


def _ask() -> Verdict:
    if not settings.OPENAI_API_KEY:
        return not_tried("OPENAI_API_KEY is not set: the stand-in engine answers calls.")
    row = model_checks.look(now=timezone.now(), timeout_s=ASK_S)
    with translation.override("en"):
        return judged(row.fault, list(model_words.sentences(row)), models=list(model_checks.in_use().values()))
