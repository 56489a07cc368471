"""Filters that the templates of calls share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from businesses.templatetags.pages import phone
from calls import model_checks
from calls.models import BROWSER, Call, CallOutcome, GreetingAudio, OutgoingCall, Sentiment, Transfer, TransferTarget
from calls.outgoing.choices import choices_of
from calls.pages import gist_words, model_words, moment_words, outgoing_words, transfer_words, words
from calls.records.certificates import Certificate

register = template.Library()


@register.inclusion_tag("admin/model_check.html")
def model_check() -> dict[str, object]:
    """Show operators what the last check of OpenAI's models found."""
    row = model_checks.latest()
    return {"check": row, "problems": list(model_words.sentences(row)) if row else []}


@register.filter
def caller(call: Call) -> SafeString | str:
    """Returns who called, as shown."""
    if call.caller_number == BROWSER:
        return _("A test call from the browser")
    return phone(call.caller_number) if call.caller_number else _("Number withheld")


@register.filter
def outgoing_badge(row: OutgoingCall) -> str:
    """Return the class of the badge of an outgoing call's state."""
    return outgoing_words.badge(row)


@register.filter
def outgoing_reason(row: OutgoingCall) -> str:
    """Return why an outgoing call waits, or how it went; "" if its state says it all."""
    return outgoing_words.reason(row)


@register.inclusion_tag("calls/call_back.html", takes_context=True)
def call_back(context: Context, number: str, who: str = "", task: UUID | None = None) -> dict[str, Any]:
    """Show a button that has the assistant call a number (E.164), where the business has switched that on."""
    request = context["request"]
    if "calls_back" not in context:  # asked once for a page, however many buttons it has
        context.dicts[0]["calls_back"] = choices_of(request.business).enabled
    return {
        "is_on": context["calls_back"] and number,
        "slug": request.business.slug,
        "number": number,
        "who": who or "",
        "task": task,
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def outcome_badge(call: Call) -> str:
    """Returns the CSS class of the outcome's badge."""
    return words.BADGES[CallOutcome(call.outcome)] if call.outcome else "live"


@register.filter
def mood_badge(call: Call) -> str | None:
    """Returns the CSS class of the badge of the caller's mood; None if that is not known."""
    return gist_words.BADGES.get(Sentiment(call.sentiment))


@register.filter
def verdict(certificate: Certificate | None) -> str:
    """Returns whether the greeting was heard whole, and when; "" for a call without greeting or certificate."""
    return moment_words.verdict_at(certificate) if certificate else ""


@register.filter
def proof(certificate: Certificate) -> str:
    """Returns the figures of a greeting certificate, in words."""
    return moment_words.proof(certificate)


@register.filter
def tenths(value: int) -> str:
    """Returns a position in a call (milliseconds) as minutes, seconds and tenths: 1:05.3."""
    minutes, rest = divmod(value // 100, 600)
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


@register.filter
def seconds(call: Call) -> float | None:
    """Returns the seconds that the assistant has been on the line; None if it never was."""
    return words.seconds_on_the_line(call, now=timezone.now())


@register.filter
def cost(call: Call) -> SafeString | str:
    """Returns what OpenAI takes for a call, or that no price is known; "" for a call without tokens."""
    told = words.cost(call)
    return format_html('<bdi dir="ltr">${}</bdi>', told) if told[:1].isdigit() else told


@register.filter
def end_reason(call: Call) -> str:
    """Returns why a call ended, in words."""
    return words.end_reason(call)


@register.filter
def not_dialled(call: Call) -> str:
    """Returns why a caller was not put through, in words."""
    return words.not_dialled(call)


@register.filter
def reached_when(target: TransferTarget) -> str:
    """Returns when a person or department takes calls, in words."""
    return transfer_words.reached_when(target)


@register.filter
def transfer_result(transfer: Transfer) -> str:
    """Returns what became of a transfer, in words."""
    return transfer_words.result(transfer)


@register.filter
def speech_failure(greeting: GreetingAudio | None) -> str:
    """Returns why a greeting could not be recorded, in words."""
    return words.speech_failure(greeting)
