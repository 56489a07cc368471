"""Encrypt every stored secret with the newest key of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from businesses.credentials import CredentialsUnreadable, rotate
from businesses.hooks.endpoints import rotate_webhook_secrets
from businesses.ics.sources import rotate_calendar_addresses
from businesses.models import AddressKey
from businesses.signing_in.kept_secrets import rotate_second_factors
from businesses.tenancy import across_businesses
from whatsapp.management.asking import answer
from whatsapp.models import Sender


class Command(BaseCommand):
    """Run it after a new key was added in front; after that the old keys can be removed. Safe to repeat."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Encrypt all secrets again, and name those that can't be read."""
        rotated, unreadable = rotate_second_factors()
        for rotate_some in (rotate_webhook_secrets, rotate_calendar_addresses):
            some, not_some = rotate_some()
            rotated, unreadable = rotated + some, [*unreadable, *not_some]
        with across_businesses():  # keys belong to the installation, so they are rotated for all businesses
            for sender in Sender.objects.select_related("business").iterator():
                try:
                    fresh = rotate(sender.encrypted_credentials)
                except CredentialsUnreadable:
                    unreadable.append(f"{sender.business.slug}: {sender.get_provider_display()} {sender.number_id}")
                    continue
                rotated += Sender.objects.filter(
                    pk=sender.pk, encrypted_credentials=sender.encrypted_credentials
                ).update(encrypted_credentials=fresh)
            for key in AddressKey.objects.select_related("business").iterator():
                try:
                    fresh = rotate(key.encrypted_key)
                except CredentialsUnreadable:
                    unreadable.append(f"{key.business.slug}: fingerprints of erased people")
                    continue
                rotated += AddressKey.objects.filter(pk=key.pk).update(encrypted_key=fresh)
        answer(self, {"rotated": rotated, "unreadable": unreadable})
        if unreadable:
            raise CommandError(f"{CredentialsUnreadable()} This concerns {', '.join(unreadable)}.")
