"""Filters that the templates of calls share."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from businesses.templatetags.pages import phone
from calls.models import BROWSER, Call, CallOutcome, GreetingAudio
from calls.pages import words

register = template.Library()


@register.filter
def caller(call: Call) -> SafeString | str:
    """Returns who called, as shown."""
    if call.caller_number == BROWSER:
        return _("A try in the browser")
    return phone(call.caller_number) if call.caller_number else _("Number withheld")


@register.filter
def outcome_badge(call: Call) -> str:
    """Returns the CSS class of the outcome's badge."""
    return words.BADGES[CallOutcome(call.outcome)] if call.outcome else "live"


@register.filter
def seconds(call: Call) -> float | None:
    """Returns the seconds that the assistant has been on the line; None if it never was."""
    if call.stream_opened_at is None:
        return None
    return ((call.ended_at or timezone.now()) - call.stream_opened_at).total_seconds()


@register.filter
def end_reason(call: Call) -> str:
    """Returns why a call ended, in words."""
    return words.end_reason(call)


@register.filter
def not_dialled(call: Call) -> str:
    """Returns why a caller was not put through, in words."""
    return words.not_dialled(call)


@register.filter
def speech_failure(greeting: GreetingAudio | None) -> str:
    """Returns why a greeting could not be recorded, in words."""
    return words.speech_failure(greeting)
