"""`manage.py reset_second_factor EMAIL`: for somebody who lost both the phone and the recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from businesses.models import User


class Command(BaseCommand):
    """Forget a person's authenticator app and recovery codes; the password stays."""

    help = "Forget a person's authenticator app and recovery codes. Make sure first that it is them who asks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the person's address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete them."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("There is nobody with this address.")
        number, _ = Authenticator.objects.filter(user=user).delete()
        self.stdout.write("The second factor is off." if number else "There was no second factor.")
