"""`manage.py create_business`: create a business with its numbers and owner, or change an existing one."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from businesses.business_options import BadSetting, read_setting, settable_names
from businesses.errors import AddressUnproved, MissingDetail, NumberTaken
from businesses.models import Business, Language, PhoneNumber, Voice
from businesses.phone_numbers import NotDialable, dialable_e164
from businesses.public_address import public_url
from businesses.registration import OwnerLogin, Registration, create_or_update_business

OPTION_OF_FIELD = {
    "slug": "SLUG",
    "name": "--name",
    "greeting_text": "--greeting",
    "language": "--language",
    "instructions": "--instructions",
    "voice": "--voice",
    "fallback_number": "--fallback",
    "time_zone": "--time-zone",
    "number": "--phone",
    "email": "--owner-email",
    "password": "--owner-password",
}
"""The option that sets each field; every other field is set by `--set`."""


class Command(BaseCommand):
    """Prints one JSON object. For an existing SLUG, only the given options are changed."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("slug", metavar="SLUG", help="short name in addresses, like north-clinic")
        parser.add_argument("--name", help="what the business is called; a new one needs it")
        parser.add_argument(
            "--phone",
            dest="phones",
            metavar="+E164",
            action="append",
            default=[],
            help="a number that callers dial, like +97231234567; may be repeated; a new business needs one",
        )
        parser.add_argument(
            "--greeting", dest="greeting_text", metavar="TEXT", help="the words every caller hears first; '' for none"
        )
        parser.add_argument("--language", choices=Language.values, help="of greeting and answers")
        parser.add_argument("--instructions", help="what the assistant should know and do")
        parser.add_argument("--voice", choices=Voice.values)
        parser.add_argument(
            "--fallback",
            dest="fallback_number",
            metavar="+E164",
            help="rings when the assistant can't take a call; '' for none",
        )
        parser.add_argument("--time-zone", help="like Asia/Jerusalem")
        parser.add_argument(
            "--assistant-speaks-first",
            action=argparse.BooleanOptionalAction,
            help="without a greeting, the assistant opens the call in its own words",
        )
        parser.add_argument(
            "--set",
            dest="assignments",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help=f"any setting, may be repeated: {', '.join(settable_names())}",
        )
        parser.add_argument("--owner-email", help="makes this person an owner, who may sign in to the admin")
        parser.add_argument("--owner-password", help="a new person needs one; sets it for one who exists")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the action with the options and print the resulting business."""
        try:
            registration = create_or_update_business(
                options["slug"],
                values=self._values(options),
                numbers=[self._e164(phone, "--phone") for phone in options["phones"]],
                owner=self._owner(options),
            )
        except NumberTaken as error:
            raise CommandError(
                f"--phone: {error}. Remove it there first (admin, phone numbers), or give another number."
            ) from error
        except MissingDetail as error:
            raise CommandError(f"{_option(error.detail)}: {error}") from error
        except AddressUnproved as error:
            raise CommandError(
                f"--owner-email: {error}. Ask the person to choose a new password by mail, or, if you know that the "
                f"account is theirs, run: manage.py verify_address {error.email}"
            ) from error
        except ValidationError as error:
            raise CommandError(_by_option(error)) from error
        for sentence in registration.business.advice():
            self.stderr.write(f"Note: {sentence}")
        self.stdout.write(json.dumps(_summary(registration, options["owner_email"])))

    def _values(self, options: dict[str, Any]) -> dict[str, object]:
        names = ("name", "greeting_text", "language", "instructions", "voice", "time_zone", "assistant_speaks_first")
        values: dict[str, object] = {name: options[name] for name in names if options[name] is not None}
        if options["fallback_number"] is not None:
            number = options["fallback_number"].strip()
            values["fallback_number"] = self._e164(number, "--fallback") if number else ""
        for assignment in options["assignments"]:
            try:
                name, value = read_setting(assignment)
            except BadSetting as error:
                raise CommandError(f"--set {assignment}: {error}") from error
            values[name] = value
        return values

    def _e164(self, written: str, option: str) -> str:
        try:
            return dialable_e164(written)
        except NotDialable:
            raise CommandError(
                f"{option} {written}: not a phone number. Write it with its country, like +972501234567."
            ) from None

    def _owner(self, options: dict[str, Any]) -> OwnerLogin | None:
        email, password = options["owner_email"], options["owner_password"]
        if not email:
            if password:
                raise CommandError("--owner-password: whose? Give --owner-email too.")
            return None
        if password:
            try:
                validate_password(password)
            except ValidationError as error:  # operators may choose a weak password, as with createsuperuser
                self.stderr.write(f"Note: --owner-password is weak. {' '.join(error.messages)}")
        return OwnerLogin(email=email.strip(), password=password or "")


def _option(field: str) -> str:
    return OPTION_OF_FIELD.get(field, f"--set {field}")


def _by_option(error: ValidationError) -> str:
    """Returns one line for each option that was refused."""
    return "\n".join(f"{_option(field)}: {' '.join(messages)}" for field, messages in error.message_dict.items())


def _summary(registration: Registration, owner_email: str | None) -> dict[str, object]:
    business: Business = registration.business
    phones = PhoneNumber.objects.filter(business=business, is_active=True).order_by("pk")
    page = reverse("admin:businesses_business_change", args=[business.pk])
    return {
        "id": str(business.pk),
        "slug": business.slug,
        "name": business.name,
        "language": business.language,
        "phones": [phone.number for phone in phones],
        "owner_email": owner_email and owner_email.strip().lower(),
        "admin_url": public_url() + page,
        "created": registration.created,
    }
