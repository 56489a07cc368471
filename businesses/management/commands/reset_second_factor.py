"""`manage.py reset_second_factor EMAIL`: for a person who has lost both phone and recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from businesses.audit import AuditKind, record_for_person
from businesses.models import User


class Command(BaseCommand):
    """Forget a person's authenticator app and recovery codes; the password stays."""

    help = "Forget a person's authenticator app and recovery codes. Make sure first that the request is theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the argument: the person's email address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete the person's authenticators, and report whether there were any."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("Nobody has this email address.")
        number, _ = Authenticator.objects.filter(user=user).delete()
        if number:
            record_for_person(user, AuditKind.SECOND_FACTOR_REMOVED, how="operator")
        self.stdout.write("The second factor is off." if number else "There was no second factor.")
