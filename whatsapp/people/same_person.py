"""A member says that an address is a contact's, too: the number has changed, or two contacts are one person.

It is learnt as what a provider tells is (`ties`): from then on consent, opt-outs and messages of both addresses are one
person's, and a contact that had the other address is merged, which can be undone.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import User
from businesses.phone_numbers import masked
from whatsapp.errors import WhatsappError
from whatsapp.models import Contact, TieSource
from whatsapp.people import identity, ties
from whatsapp.people.ties import Tie


class TwoPeople(WhatsappError):
    """Somebody has said that the two are two people; nothing has changed."""


def say(contact: Contact, address: str, *, replaces: bool, now: datetime, by: User) -> Contact:
    """Learn that an address is this contact's; with `replaces`, in the place of its number. Returns the one contact.

    Raises:
        TwoPeople: they were merged before, and somebody made them two again.
    """
    business, before = contact.business, contact.address
    with transaction.atomic():
        tie = Tie(before, address, TieSource.STAFF, newer=address if replaces else "")
        ties.learn(business, [tie], now=now)
        found = list(identity.contacts_with(business, identity.addresses_of(business, before, address)))
        people = identity.people(business, [before, address])
        if people.key(before) != people.key(address):
            raise TwoPeople(_("Somebody has said that these are two people, so they stay two contacts."))
        audit.record(business, AuditKind.CONTACT_ADDRESS_TOLD, person=by, address=masked(before), other=masked(address))
    return found[0]
