"""Setting and checking at Twilio what happens to callers while this installation does not answer (`outage.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from businesses.models import PhoneNumber
from calls.errors import CallsError
from calls.telephone import outage, twilio

if TYPE_CHECKING:
    from twilio.rest import Client


class TwilioUnreachable(CallsError):
    """Twilio did not answer, or not to these credentials."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A number as Twilio has it. `rings`: who is rung when nothing of ours answers, "" for nobody.

    `changed`: its fallback address was another one. `problem`: what else has to be mended, in English.
    """

    number: str
    business: str
    voice_url: str | None = None
    rings: str = ""
    changed: bool = False
    problem: str | None = None


def secure(*, at: str, only_check: bool) -> Iterator[Secured]:
    """Set the fallback address of every number, or only look. Raises `TwilioUnreachable`."""
    client = _client()
    # Across businesses: numbers belong to the operator's one account. `PhoneNumber` is not scoped.
    for number in PhoneNumber.objects.select_related("business").order_by("number"):
        yield _secured(client, number, at=at, only_check=only_check)


def _secured(client: Client, number: PhoneNumber, *, at: str, only_check: bool) -> Secured:
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - only this command asks Twilio

    named: dict[str, Any] = {"number": number.number, "business": number.business.slug}
    address = outage.fallback_address(number, at=at)
    if len(address) > outage.LONGEST_ADDRESS:
        return Secured(**named, problem="The address of the TwiML is too long for Twilio.")
    try:
        found = client.incoming_phone_numbers.list(phone_number=number.number, limit=1)
        if not found:
            return Secured(**named, problem="This Twilio account has no such number.")
        has_changed = found[0].voice_fallback_url != address
        if has_changed and not only_check:
            found[0].update(voice_fallback_url=address, voice_fallback_method="GET")
    except (TwilioException, OSError) as error:
        raise TwilioUnreachable(_words(error)) from error
    asked = found[0].voice_url or ""
    is_ours = asked.rstrip("/") == twilio.voice_url().rstrip("/")
    problem = None if is_ours else f"Calls do not come here: its voice webhook must be {twilio.voice_url()}"
    return Secured(**named, voice_url=asked, rings=outage.dialled(number), changed=has_changed, problem=problem)


def _client() -> Client:
    from twilio.rest import Client  # noqa: PLC0415 - as above

    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        raise TwilioUnreachable("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    client = Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    client.api.base_url = settings.TWILIO_API_URL
    return client


def _words(error: Exception) -> str:
    """Returns what went wrong, without the address that was asked: it may name numbers."""
    answers = (error, *error.args)  # of a list, the library keeps the answer itself
    found = [getattr(each, name, None) for each in answers for name in ("status", "status_code")]
    status = next(filter(None, found), 0)
    if status in {401, 403}:
        return "Twilio does not accept TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN."
    return f"Twilio refused: {status}." if status else f"Twilio does not answer: {type(error).__name__}."
