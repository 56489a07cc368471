"""What `businesses.known_people` asks of contacts and writes into them, for the apps that only know a number."""

from __future__ import annotations

from django.db import transaction

from businesses.known_people import Noted
from businesses.models import Business
from whatsapp.models import Contact, ContactTag, Tag
from whatsapp.people import identity, tagging
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, to_e164

_LONGEST_NAME = 200


class Contacts:
    """The contacts as the address book of all apps."""

    def tags(self, business: Business) -> list[str]:
        """Returns the names of all tags, by name."""
        return list(Tag.objects.filter(business=business).values_list("name", flat=True))

    def tags_of(self, business: Business, number: str) -> list[str]:
        """Returns the tags of whoever has the number, by name."""
        rows = ContactTag.objects.filter(business=business, contact__phone=number)
        return sorted(set(rows.values_list("tag__name", flat=True)))

    def note(self, business: Business, number: str, *, name: str, tag: str) -> Noted:
        """Make a contact, or complete the oldest that is there. What is filled in already is left alone."""
        try:
            address = to_e164(number, region_of(business)).e164
        except NotANumber:
            return Noted.NO_NUMBER
        name = " ".join(name.split())[:_LONGEST_NAME]
        with transaction.atomic():
            theirs = identity.contacts_with(business, identity.addresses_of(business, address))
            is_new = not theirs.exists()
            if is_new:  # of two calls at once one adds it
                Contact.objects.bulk_create(
                    [Contact(business=business, phone=address, name=name)], ignore_conflicts=True
                )
            contact = theirs[0]
            is_named = bool(name and Contact.objects.filter(pk=contact.pk, name="").update(name=name))
            is_tagged = bool(tag and not contact.tags.filter(name=tag).exists())
            if is_tagged:
                tagging.tag(business, [contact], tag)
        return Noted.NOTED if is_new or is_named or is_tagged else Noted.KNOWN
