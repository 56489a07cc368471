"""Checks of what people type about a business."""

from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def validate_e164(value: str) -> None:
    """Accept only a possible number in E.164: a plus sign, the country code, the number, nothing else."""
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        parsed = None
    canonical = parsed and phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not parsed or canonical != value or not phonenumbers.is_possible_number(parsed):
        raise ValidationError(
            _("Write the number in international form without blanks, like +972501234567."), code="not_e164"
        )


def validate_time_zone(value: str) -> None:
    """Accept only a zone that this machine knows."""
    if value not in available_timezones():
        raise ValidationError(_("This time zone does not exist. Write it like Asia/Jerusalem."), code="no_such_zone")
