"""What a person who asked for silence may still be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from businesses.keeping.fingerprints import readable_fingerprints
from businesses.models import Business
from whatsapp.models import (
    Consent,
    InboundAction,
    InboundMessage,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    TemplateCategory,
)
from whatsapp.people import identity
from whatsapp.people.suppressions import blocked
from whatsapp.providers.events import NO_REPLIES


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person doesn't want. `is_silent`: they must not be written to at all, as they have not written since."""

    category: SuppressionCategory
    source: SuppressionSource
    since: datetime
    is_silent: bool

    @property
    def is_of_all(self) -> bool:
        """Whether no template may be sent, of whatever category."""
        return self.category == SuppressionCategory.ALL


def wish_of(business: Business, addresses: Sequence[str], *, is_anybody_erased: bool = True) -> Wish | None:
    """Returns the strictest wish of the person who has these addresses and no others; None without an opt-out.

    `is_anybody_erased`: False saves looking for what an erased person left under a fingerprint.
    """
    hidden = readable_fingerprints(business, addresses) if is_anybody_erased else []
    entries = Suppression.objects.filter(business=business, address__in=[*addresses, *hidden])  # the newest first
    strictest = min(entries, key=lambda each: each.category != SuppressionCategory.ALL, default=None)
    if strictest is None:
        return None
    category = SuppressionCategory(strictest.category)
    is_silent = category == SuppressionCategory.ALL and not _wrote_since(business, addresses, strictest.created_at)
    return Wish(category, SuppressionSource(strictest.source), strictest.created_at, is_silent)


def _wrote_since(business: Business, addresses: Sequence[str], at: datetime) -> bool:
    since = InboundMessage.objects.filter(business=business, address__in=addresses, received_at__gt=at)
    return since.exclude(kind__in=NO_REPLIES).exclude(action=InboundAction.OPT_OUT).exists()


def refuses(business: Business, address: str, category: str) -> bool:
    """Returns whether the person must not get a template of this category: by an opt-out, or a consent taken back.

    As in a broadcast. Raises `CredentialsUnreadable` when erased people can't be recognized.
    """
    if blocked(business, [address], category):
        return True
    if category != TemplateCategory.MARKETING:
        return False
    contacts = identity.contacts_with(business, identity.addresses_of(business, address))
    return contacts.filter(consent=Consent.WITHDRAWN).exists()
