"""Who is one person: addresses that providers tied together, and the contacts that were merged because of it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.contacts import Contact


class TieSource(models.TextChoices):
    """What told that two addresses belong to one person."""

    FORM = "form", _("Two forms of one number")
    CONTACT = "contact", _("One contact had both")
    ANSWER = "answer", _("WhatsApp's answer to a message")
    STATUS = "status", _("A delivery report")
    QUOTE = "quote", _("A reply to a message that we had sent")
    INBOUND = "inbound", _("A message from the person")
    PREFERENCE = "preference", _("Their choice about marketing in WhatsApp")
    NEW_NUMBER = "new_number", _("The person changed their number")
    STAFF = "staff", _("A member of the business said so")
    NEW_USER_ID = "new_user_id", _("WhatsApp gave the person a new id")


class AddressTie(models.Model):
    """Two addresses of one person. `one` sorts before `other`; both are canonical (`people.number_forms`).

    A tie is stored only if it told something new, so the ties of a business form a forest: between two addresses of
    a person there is one way. With `cut_at` somebody has said that these are two people: no news ties them again.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    one = models.CharField(max_length=140)
    other = models.CharField(max_length=140)
    source = models.CharField(_("what told it"), max_length=12, choices=TieSource.choices)
    at = models.DateTimeField(_("since"))
    cut_at = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_address_ties"
        verbose_name = _("tie of two addresses")
        verbose_name_plural = _("ties of two addresses")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "one", "other"], name="one_tie_per_pair")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "other"], name="tie_by_other_address"),
            models.Index(fields=["business"], name="tie_cut", condition=Q(cut_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.one} = {self.other}"


class PersonAddress(models.Model):
    """An address (canonical) that is tied to others: those with the same `person` are one person's.

    Kept beside the ties so that whole lists are looked up in one query. An address without a row stands for itself.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(_("address"), max_length=140)
    person = models.UUIDField()
    since = models.DateTimeField(_("since"))

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_person_addresses"
        verbose_name = _("address of a person")
        verbose_name_plural = _("addresses of people")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "address"], name="one_person_per_address")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "person"], name="addresses_by_person"),
        ]

    def __str__(self) -> str:
        return self.address


class ContactMerge(models.Model):
    """Two contacts that turned out to be one person: `contact` was kept, the other is in `absorbed` as it was.

    `kept_before` is the kept contact as it was; both are in the form of `people.merging.Facts`. `mine` and `theirs`
    are the addresses that the two had, so that undoing can tell them apart again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="merges")
    source = models.CharField(_("what told it"), max_length=12, choices=TieSource.choices)
    at = models.DateTimeField(_("when"))
    absorbed_id = models.UUIDField()
    absorbed: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    kept_before: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    mine: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    theirs: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_contact_merges"
        verbose_name = _("merge of two contacts")
        verbose_name_plural = _("merges of contacts")
        ordering: ClassVar[list[str]] = ["-at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "absorbed_id"], name="merge_by_absorbed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_source_display()}"
