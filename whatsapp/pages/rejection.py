"""Why WhatsApp rejected or paused a template, and what helps: Meta tells a code, Twilio words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.models import MessageTemplate, TemplateStatus

_CODES: Mapping[str, Promise] = {
    "ABUSIVE_CONTENT": gettext_lazy(
        "WhatsApp rejected it: the text breaks its rules for business messages, or sounds threatening or offensive. "
        "Write it more politely, without pressure."
    ),
    "INVALID_FORMAT": gettext_lazy(
        "WhatsApp rejected it for its form: a variable stands at the edge or beside another, there are too many "
        "variables for so few words, or a link or a number can't be right. Correct that, and hand it over again."
    ),
    "PROMOTIONAL": gettext_lazy(
        "WhatsApp rejected it: as utility it must be about an order or a booking, and this text advertises. "
        "Choose marketing, or leave the offer out."
    ),
    "INCORRECT_CATEGORY": gettext_lazy(
        "WhatsApp rejected it: the text does not fit the chosen category. Choose the other one."
    ),
    "TAG_CONTENT_MISMATCH": gettext_lazy(
        "WhatsApp rejected it: the text is not in the chosen language, or does not fit the category."
    ),
    "SCAM": gettext_lazy(
        "WhatsApp rejected it: the text looks like fraud. Leave out shortened links and requests for payment data, "
        "and say who you are."
    ),
}

_PAUSED = gettext_lazy(
    "WhatsApp paused it: too many people blocked these messages or reported them. It can be sent again when the pause "
    "is over. Send it to fewer people, and only to those who expect it."
)
_FOR_QUALITY = "LOW_QUALITY"


def rejection_words(template: MessageTemplate) -> str:
    """Returns why a template was rejected or paused, and what to do; "" if it was neither."""
    if template.status == TemplateStatus.PAUSED:
        return str(_PAUSED)
    if template.status != TemplateStatus.REJECTED:
        return ""
    code = template.status_detail.partition(":")[0].strip().upper()
    told = _CODES.get(code)
    return (
        str(told) if told else _("WhatsApp rejected it, and did not say why. Look at the text once more, or ask there.")
    )


def is_explained(template: MessageTemplate) -> bool:
    """Returns whether the provider's own words about a template say no more than ours."""
    detail = template.status_detail.strip().upper()
    if template.status == TemplateStatus.PAUSED:
        return detail == _FOR_QUALITY
    return template.status == TemplateStatus.REJECTED and detail in _CODES
