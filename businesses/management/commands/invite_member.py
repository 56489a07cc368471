"""`manage.py invite_member SLUG EMAIL`: invite a person to a business; their link needs no code."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from businesses.invitations import invite
from businesses.models import Business, Role
from businesses.public_address import public_url
from businesses.tenancy import acting_for


class Command(BaseCommand):
    """Prints one JSON object with the link. Give it to nobody but the person: it makes the account."""

    help = "Invite a person; the printed link makes their account without mail. Whoever gets the link gets in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("slug", metavar="SLUG", help="the business")
        parser.add_argument("email", metavar="EMAIL", help="the person's address")
        parser.add_argument("--role", choices=Role.values, default=Role.STAFF.value)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the invitation and print it."""
        business = Business.objects.filter(slug=options["slug"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['slug']!r}.")
        try:
            validate_email(options["email"].strip())
            role = Role(options["role"])
            with acting_for(business):
                invited = invite(business, email=options["email"], role=role, by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        made = invited.invitation
        answer = {
            "email": made.email,
            "role": made.role,
            "link": public_url() + reverse("join", args=[invited.token]),
            "expires_at": made.expires_at.isoformat(),
        }
        self.stdout.write(json.dumps(answer))
