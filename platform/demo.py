"""The demo business of `make run`, for trying calls and broadcasts before anything is set up."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from django.core.management import call_command

if TYPE_CHECKING:
    from businesses.models import Business

SLUG = "demo"
PHONE = "+15005550006"  # one of Twilio's test numbers: no phone rings
OWNER_EMAIL = "owner@demo.example"
OWNER_PASSWORD = "frontdesk-demo"  # noqa: S105 - printed on the screen; `serve --demo` refuses outside DEBUG
INSTRUCTIONS = """\
You answer the phone of a small dental clinic.
Opening hours: Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon, closed on Saturday.
Address: 12 Garden Street, second floor. There is parking behind the house.
A first visit takes half an hour and costs 200 shekels. For an appointment, ask for a name, a phone number and a time.
"""
ARGUMENTS = [
    *("--name", "Demo Dental Clinic"),
    *("--phone", PHONE),
    *("--language", "en"),
    *("--greeting", "Hello, and thank you for calling the demo dental clinic. How can I help you today?"),
    *("--instructions", INSTRUCTIONS),
    *("--owner-email", OWNER_EMAIL),
    *("--owner-password", OWNER_PASSWORD),
]


def seed() -> bool:
    """Create the demo business unless it exists (its owner may have edited it). Returns whether it was created."""
    from businesses.models import Business  # noqa: PLC0415 - the login is also read where Django is not set up
    from businesses.tenancy import acting_for  # noqa: PLC0415

    if Business.objects.filter(slug=SLUG).exists():
        return False
    call_command("create_business", SLUG, *ARGUMENTS, stdout=StringIO())
    call_command("connect_whatsapp", SLUG, "--provider", "sandbox", stdout=StringIO())
    call_command("sync_templates", SLUG, stdout=StringIO())
    business = Business.objects.get(slug=SLUG)
    with acting_for(business):
        _let_book(business)
    return True


def _let_book(business: Business) -> None:
    """Give it a dentist with hours as its instructions say, and what can be booked with her."""
    from businesses.calendar.setting_up import save_calendar, save_service  # noqa: PLC0415 - see `seed`
    from businesses.models import Calendar, Service  # noqa: PLC0415

    day, friday = [["08:00", "18:00"]], [["08:00", "12:00"]]
    dentist = Calendar(business=business, name="Dr. Garden", hours=[day, day, day, day, friday, [], day])
    save_calendar(dentist)
    save_service(Service(business=business, name="First visit", minutes=30, step_minutes=30), [dentist])
    save_service(Service(business=business, name="Cleaning", minutes=45, after_minutes=15, step_minutes=30), [dentist])
