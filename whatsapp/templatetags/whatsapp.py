"""Filters for the templates of WhatsApp's pages."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.broadcasts import figures
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.models import Broadcast
from whatsapp.pages import history
from whatsapp.pages.rejection import rejection_words
from whatsapp.pages.template_list import language_in_words
from whatsapp.pages.thread_search import around

register = template.Library()

# Meta's kinds of messages without text (Cloud API, webhooks, messages.type).
_KINDS = {
    "image": gettext_lazy("A picture"),
    "video": gettext_lazy("A video"),
    "audio": gettext_lazy("A voice message"),
    "document": gettext_lazy("A document"),
    "sticker": gettext_lazy("A sticker"),
    "location": gettext_lazy("A place on the map"),
    "contacts": gettext_lazy("A contact card"),
    "reaction": gettext_lazy("A reaction taken back"),
    "revoke": gettext_lazy("A message that was deleted before it arrived here"),
    "system": gettext_lazy("A notice of WhatsApp"),
}


@register.filter
def message_kind(kind: str) -> str:
    """Returns what is shown in place of the text of a message that has none."""
    return str(_KINDS.get(kind) or _("A message that can't be shown here"))


@register.filter
def wall_time(broadcast: Broadcast) -> str:
    """Returns its scheduled start as local time in the chosen zone."""
    return history.wall_time(broadcast.scheduled_wall_time, broadcast.scheduled_zone)


register.filter("standing", figures.standing)
register.filter("around", around)
register.filter("language", language_in_words)
register.filter("reason_words", reason_words)
register.filter("rejection_words", rejection_words)
