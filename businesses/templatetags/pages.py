"""Template tags and filters of a business's pages."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from businesses.keeping.fingerprints import PREFIX
from businesses.keeping.person import ERASED
from businesses.models import Permission
from businesses.pages.badges import Badge, badges_of
from businesses.permissions import REFUSALS

register = template.Library()


@register.simple_tag(takes_context=True)
def badges(context: dict[str, Any]) -> dict[str, Badge]:
    """Returns what waits for somebody, by the section of the navigation: `{% badges as badge_of %}`."""
    return badges_of(context["request"].business)


@register.simple_tag(takes_context=True)
def page(context: dict[str, Any], name: str, **named: Any) -> str:
    """Returns the address of a page of the current business: `{% page "call" call_id=call.pk %}`."""
    return reverse(name, kwargs={"slug": context["request"].business.slug, **named})


@register.simple_tag
def why_not(permission: str) -> str:
    """Returns why something isn't offered to this member: `{% why_not "may_export_contacts" %}`."""
    return str(REFUSALS[Permission(permission)])


@register.filter
def phone(number: str | None) -> SafeString:
    """Returns a number in readable format, left to right also in Hebrew text. Other text is returned unchanged."""
    written = number or ""
    if written.startswith((ERASED, PREFIX)):
        return format_html('<span class="quiet">{}</span>', _("erased"))
    if written.startswith("+"):
        try:
            parsed = phonenumbers.parse(written)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is not None:
            written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return format_html('<bdi dir="ltr" class="phone">{}</bdi>', written)


@register.filter
def duration(seconds: float | None) -> str:
    """Returns seconds as minutes and seconds: 1:05."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


@register.filter
def milliseconds(value: int | None) -> str:
    """Returns a position in a call (milliseconds) as minutes and seconds: 1:05."""
    return duration(None if value is None else value / 1000)


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    """Returns the entry of a mapping for a key in a template variable."""
    return mapping.get(key)
