"""A change of category that WhatsApp has announced for a template: what it will cost, while something can be done."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from whatsapp.broadcasts import categories
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.reasons import Datum, shown

OVERDUE = timedelta(days=3)
"""A change that did not come by so long after its day was taken back: WhatsApp does not say so."""


def is_announced(template: MessageTemplate, now: datetime) -> bool:
    """Returns whether the template will have another category. Once it has it, nothing is announced any more."""
    category, moment = template.announced_category, template.announced_for
    return bool(category) and category != template.category and moment is not None and now < moment + OVERDUE


def of_template(template: MessageTemplate, now: datetime) -> str:
    """Returns what will change, with both prices of a message to the business's country; "" if nothing will."""
    if not is_announced(template, now):
        return ""
    country = template.business.region() or ""
    return _change(template, categories.prices(country, template.category, template.announced_category))


def of_broadcast(broadcast: Broadcast, now: datetime) -> str:
    """Returns the same for a broadcast that is not over, with what its unsent messages cost; "" if nothing will."""
    template = broadcast.template
    if not is_announced(template, now):
        return ""
    compared = categories.compare(broadcast, template.category, template.announced_category)
    rest = _(
        "The unsent messages (%(people)s) would then cost %(new_total)s %(currency)s instead of %(old_total)s. "
        "What has not left by then waits until somebody agrees."
    )
    return f"{_change(template, compared)} {rest % _in_words(compared)}"


def _change(template: MessageTemplate, compared: dict[str, Datum]) -> str:
    day = date_format(localtime(template.announced_for), "SHORT_DATETIME_FORMAT")
    text = _(
        "On %(day)s WhatsApp moves this template from “%(old_category)s” to “%(new_category)s”. "
        "A message to %(country)s then costs %(new_price)s %(currency)s instead of %(old_price)s."
    )
    return text % {"day": day, **_in_words(compared)}


def _in_words(compared: dict[str, Datum]) -> dict[str, str]:
    return {name: shown(name, value) for name, value in compared.items()}
