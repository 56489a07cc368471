"""Twilio's account, and every number that a business is called at: do its calls come here, and go on if we are down?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from businesses.doctor import table
from businesses.doctor.table import ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.models import PhoneNumber
from calls.telephone import securing
from calls.telephone.securing import Secured, TwilioUnreachable

ACCOUNT = "twilio: account"


def register() -> None:
    """Have it tried."""
    table.register("twilio", _account)
    table.register("numbers", _numbers, needs=(table.TABLES, ACCOUNT))


def state(status: str) -> Verdict:
    """Returns whether the account may be used; `status` is Twilio's."""
    if status == "active":
        return ok("It accepts our credentials, and is active.")
    return wrong(f"It is {status}.", "Have Twilio activate it: look into its console for what it asks for.")


def as_set(found: Secured) -> Verdict:
    """Returns whether a number is set up at Twilio as it should be."""
    if found.problem:
        return wrong(
            found.problem,
            "Correct it in Twilio's console (A call comes in). manage.py secure_numbers --check says which number.",
        )
    if found.changed:
        return wrong("Callers would hear an error while this installation is down.", "Run: manage.py secure_numbers")
    return ok("Its calls come here, and it knows what to do while we are down.")


def _account() -> Iterator[Check]:
    yield Check("account", _ask_account)


def _numbers() -> Iterator[Check]:
    numbers = PhoneNumber.objects.select_related("business").order_by("business__slug", "number")
    for place, number in enumerate(numbers, start=1):
        yield Check(f"{number.business.slug}, number {place}", partial(_ask_number, number))


def _ask_account() -> Verdict:
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        return not_tried("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set.")
    try:
        return state(securing.account_status(timeout_s=ASK_S))
    except TwilioUnreachable as error:
        return wrong(str(error), "Compare both with Twilio's console (Account info), and let port 443 out.")


def _ask_number(number: PhoneNumber) -> Verdict:
    try:
        return as_set(securing.look_at(number, timeout_s=ASK_S))
    except TwilioUnreachable as error:
        return wrong(str(error), "Try again; Twilio tells of its troubles at status.twilio.com.")
