"""What templates of calls say often."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from businesses.templatetags.pages import phone
from calls.models import Call, CallOutcome, GreetingAudio
from calls.pages import words
from calls.telephone.intake import BROWSER

register = template.Library()


@register.filter
def caller(call: Call) -> SafeString | str:
    """Who called."""
    if call.caller_number == BROWSER:
        return _("A try in the browser")
    return phone(call.caller_number) if call.caller_number else _("Number withheld")


@register.filter
def outcome_badge(call: Call) -> str:
    """The class of the badge of a call's outcome."""
    return words.BADGES[CallOutcome(call.outcome)] if call.outcome else "live"


@register.filter
def seconds(call: Call) -> float | None:
    """How long the assistant was on the line, so far; None if it never was."""
    if call.stream_opened_at is None:
        return None
    return ((call.ended_at or timezone.now()) - call.stream_opened_at).total_seconds()


@register.filter
def end_reason(call: Call) -> str:
    """Returns why a call ended, in words."""
    return words.end_reason(call)


@register.filter
def speech_failure(greeting: GreetingAudio | None) -> str:
    """Returns why a greeting could not be recorded, in words."""
    return words.speech_failure(greeting)
