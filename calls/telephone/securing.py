"""Setting and checking at Twilio what happens to callers while this installation does not answer (`outage.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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


_TIMEOUT_S: Final = 30.0


def secure(*, at: str, only_check: bool) -> Iterator[Secured]:
    """Set the fallback address of every number, or only look. Raises `TwilioUnreachable`."""
    account = client(_TIMEOUT_S)
    # Across businesses: numbers belong to the operator's one account. `PhoneNumber` is not scoped.
    for number in PhoneNumber.objects.select_related("business").order_by("number"):
        yield _secured(account, number, at=at, only_check=only_check)


def look_at(number: PhoneNumber, *, timeout_s: float) -> Secured:
    """Only look at one number, whatever service its fallback address is at. Raises `TwilioUnreachable`."""
    return _secured(client(timeout_s), number, at=None, only_check=True)


def account_status(*, timeout_s: float) -> str:
    """Returns the state of the operator's account in Twilio's words, like "active". Raises `TwilioUnreachable`."""
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - as below

    try:
        return str(client(timeout_s).api.accounts(settings.TWILIO_ACCOUNT_SID).fetch().status)
    except (TwilioException, OSError) as error:
        raise TwilioUnreachable(_words(error)) from error


def _secured(account: Client, number: PhoneNumber, *, at: str | None, only_check: bool) -> Secured:
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - only this command asks Twilio

    named: dict[str, Any] = {"number": number.number, "business": number.business.slug}
    address = outage.fallback_address(number, at=at or outage.ECHO)
    if len(address) > outage.LONGEST_ADDRESS:
        return Secured(**named, problem="The address of the TwiML is too long for Twilio.")
    try:
        found = account.incoming_phone_numbers.list(phone_number=number.number, limit=1)
        if not found:
            return Secured(**named, problem="This Twilio account has no such number.")
        known = found[0].voice_fallback_url or ""
        # Without `at`, what the service is told counts, not which one it is.
        has_changed = known != address if at else known.partition("?")[2] != address.partition("?")[2]
        if has_changed and not only_check:
            found[0].update(voice_fallback_url=address, voice_fallback_method="GET")
    except (TwilioException, OSError) as error:
        raise TwilioUnreachable(_words(error)) from error
    asked = found[0].voice_url or ""
    is_ours = asked.rstrip("/") == twilio.voice_url().rstrip("/")
    problem = None if is_ours else f"Calls do not come here: its voice webhook must be {twilio.voice_url()}"
    return Secured(**named, voice_url=asked, rings=outage.dialled(number), changed=has_changed, problem=problem)


def client(timeout_s: float) -> Client:
    """Returns a client of the operator's account. Raises `TwilioUnreachable` without its credentials."""
    from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415 - as above
    from twilio.rest import Client  # noqa: PLC0415

    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        raise TwilioUnreachable("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    made = Client(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=TwilioHttpClient(timeout=timeout_s)
    )
    made.api.base_url = settings.TWILIO_API_URL
    return made


def _words(error: Exception) -> str:
    """Returns what went wrong, without the address that was asked: it may name numbers."""
    answers = (error, *error.args)  # of a list, the library keeps the answer itself
    found = [getattr(each, name, None) for each in answers for name in ("status", "status_code")]
    status = next(filter(None, found), 0)
    if status in {401, 403}:
        return "Twilio does not accept TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN."
    return f"Twilio refused: {status}." if status else f"Twilio does not answer: {type(error).__name__}."
