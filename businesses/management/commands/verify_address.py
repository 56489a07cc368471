"""`manage.py verify_address EMAIL`: vouch that an account belongs to the mailbox whose address it has."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from businesses.models import User


class Command(BaseCommand):
    """Note that an address is proved, for people whom no code can be mailed."""

    help = "Vouch that an account is the person's whose address it has. Ask the person first, not by its password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the argument: the account's email address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the time of the proof, unless there is one."""
        person = User.objects.filter(email__iexact=options["email"]).first()
        if person is None:
            raise CommandError("Nobody has this email address.")
        proved = User.objects.filter(pk=person.pk, email_proved_at=None).update(email_proved_at=timezone.now())
        self.stdout.write("The address is proved." if proved else "The address was proved before.")
