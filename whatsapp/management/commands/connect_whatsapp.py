"""Connect a business to its WhatsApp number, or change the number's token and limits."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.errors import WhatsappError
from whatsapp.management.asking import answer, business_of
from whatsapp.models import Provider
from whatsapp.numbers.connecting import Connected, Number, connect, stand_in

NEEDED = {
    Provider.CLOUD: ("phone_number_id", "waba_id", "access_token"),
    Provider.TWILIO: ("account_sid", "auth_token", "sender"),
    Provider.SANDBOX: (),
}


class Command(BaseCommand):
    """Prints one JSON object. Run again for the same number, it updates the options that are given."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options of both providers."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument("--provider", choices=Provider.values, required=True)
        parser.add_argument("--phone-number-id", help="cloud: the number's id in Meta's WhatsApp Manager")
        parser.add_argument("--waba-id", help="cloud: the WhatsApp business account's id")
        parser.add_argument("--access-token", help="cloud: a system user's token")
        parser.add_argument("--app-secret", help="cloud: if the number belongs to a Meta app of its own")
        parser.add_argument("--account-sid", help="twilio: AC…")
        parser.add_argument("--auth-token", help="twilio: the account's auth token")
        parser.add_argument(
            "--from", dest="sender", help="twilio: the WhatsApp number (+E164), or a messaging service (MG…)"
        )
        parser.add_argument("--phone", default="", help="the number as people see it, +E164")
        parser.add_argument(
            "--mps",
            type=_positive,
            metavar="N",
            help="most messages per second; while people chat, at most 80 %% of the channel's level",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the number, make it active if the provider confirms it, and print its state."""
        business = business_of(options["slug"])
        missing = [name for name in NEEDED[options["provider"]] if not options[name]]
        if missing:
            flags = ", ".join("--from" if name == "sender" else f"--{name.replace('_', '-')}" for name in missing)
            raise CommandError(f"--provider {options['provider']} also needs {flags}.")
        with acting_for(business):
            try:
                connected = connect(business, _number(business, options), now=timezone.now(), vouched=True)
            except WhatsappError as error:
                raise CommandError(str(error)) from error
            if connected.problem:
                self.stderr.write(
                    "Note: the number is kept, but is not active, because it could not be checked. "
                    f"{connected.problem} Run this again, or sync_templates, which asks once more."
                )
            answer(self, _report(business, connected))


def _number(business: Business, options: dict[str, Any]) -> Number:
    phone, mps = options["phone"], options["mps"]
    match options["provider"]:
        case Provider.CLOUD:
            kept = {"access_token": options["access_token"], "app_secret": options["app_secret"]}
            tokens = {name: value for name, value in kept.items() if value}
            return Number(Provider.CLOUD, options["phone_number_id"], options["waba_id"], tokens, phone, mps)
        case Provider.TWILIO:
            sid, sender = options["account_sid"], options["sender"].removeprefix("whatsapp:")
            tokens = {"account_sid": sid, "auth_token": options["auth_token"]}
            return Number(Provider.TWILIO, sender, sid, tokens, phone or _phone_in(sender), mps)
        case _:
            return stand_in(business, number_id=options["phone_number_id"] or "", phone=phone, max_mps=mps)


def _phone_in(sender: str) -> str:
    return sender if sender.startswith("+") else ""


def _positive(written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written!r} is not a number") from None
    if not 0 < value <= 1000:
        raise argparse.ArgumentTypeError("it must be above 0 and at most 1000")
    return value


def _report(business: Business, connected: Connected) -> dict[str, Any]:
    sender = connected.sender
    return {
        "id": str(sender.pk),
        "business": business.slug,
        "provider": sender.provider,
        "phone_number_id": sender.number_id,
        "account_id": sender.account_id,
        "phone": sender.phone,
        "mps": sender.max_mps,
        "throughput": sender.throughput_mps,
        "people_per_24h": sender.messaging_limit,
        "quality": sender.quality,
        "created": connected.is_new,
        "proved": sender.is_proved,
        "problem": str(connected.problem) if connected.problem else None,
    }
