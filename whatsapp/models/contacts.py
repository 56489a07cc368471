"""A business's contacts, their tags, and the addresses that must not be messaged."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from businesses.models import Business, Membership
from businesses.tenancy import BusinessManager
from businesses.validators import validate_e164


class Consent(models.TextChoices):
    """Whether a person agreed to receive marketing messages."""

    UNKNOWN = "unknown", _("Not asked")
    GRANTED = "granted", _("Consent given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Tag(models.Model):
    """A word by which a business groups contacts."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "name"], name="one_tag_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person, known by a phone number, by WhatsApp's business-scoped user id (BSUID), or by both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="contacts")
    phone = models.CharField(_("phone number"), max_length=16, null=True, blank=True, validators=[validate_e164])
    bsuid = models.CharField(_("WhatsApp user id"), max_length=140, null=True, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    tags: models.ManyToManyField[Tag, ContactTag] = models.ManyToManyField(
        Tag, through="ContactTag", related_name="contacts", verbose_name=_("tags"), blank=True
    )
    consent = models.CharField(_("consent"), max_length=10, choices=Consent.choices, default=Consent.UNKNOWN)
    consent_source = models.CharField(_("where the consent comes from"), max_length=200, blank=True)
    consent_changed_at = models.DateTimeField(null=True, editable=False)
    last_inbound_at = models.DateTimeField(_("last message from them"), null=True, editable=False)
    assigned_to = models.ForeignKey(
        Membership, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("whose thread it is")
    )
    settled_until = models.DateTimeField(
        _("messages until then need no answer"),
        null=True,
        editable=False,
        help_text="the time of the newest message that a member saw when they said so",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering: ClassVar[list[str]] = ["-created_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "phone"], name="one_contact_per_phone"),
            models.UniqueConstraint(fields=["business", "bsuid"], name="one_contact_per_bsuid"),
            models.CheckConstraint(
                condition=Q(phone__isnull=False) | Q(bsuid__isnull=False), name="contact_has_an_address"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-created_at", "id"], name="contact_by_business_and_time"),
            models.Index(fields=["business", "name"], name="contact_by_name"),
            models.Index(
                fields=["business", "-last_inbound_at"],
                name="contact_by_last_message",
                condition=Q(last_inbound_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def address(self) -> str:
        """The address messages are sent to: the phone number if there is one, else the BSUID."""
        return self.phone or self.bsuid or ""

    @property
    def consent_source_in_words(self) -> str:
        """The source of the consent in the reader's language if it is one of ours, else as it was written."""
        return source_in_words(self.consent_source, agreed=self.consent == Consent.GRANTED)


class ContactTag(models.Model):
    """A tag on a contact."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="contact_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="contact_tags")

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tag", "contact"], name="one_contact_tag_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {self.tag}"


class SuppressionCategory(models.TextChoices):
    """Which messages a person does not want."""

    MARKETING = "marketing", _("Marketing messages")
    ALL = "all", _("Any broadcast")


class SuppressionSource(models.TextChoices):
    """How it became known that an address must not be messaged."""

    REPLY = "reply", _("They replied with an opt-out word")
    PREFERENCE = "preference", _("They stopped marketing in WhatsApp")
    PROVIDER = "provider", _("WhatsApp refused a message because they had stopped marketing")
    STAFF = "staff", _("Entered by staff")
    IMPORT = "import", _("Imported")
    ERASED = "erased", _("Their data was erased")


AGREED_IN_CALL = "call"
"""The source of a consent that a caller gave to the assistant."""


def source_in_words(source: str, *, agreed: bool) -> str:
    """Returns a source in words: the label of a `SuppressionSource`, or a note as it was written."""
    if source == AGREED_IN_CALL:
        return gettext("They agreed in a telephone call")
    if source == SuppressionSource.REPLY and agreed:
        return gettext("They replied with an opt-in word")
    return str(dict(SuppressionSource.choices).get(source, source))


class Suppression(models.Model):
    """An address that must not be messaged by one business."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="suppressions")
    address = models.CharField(_("address"), max_length=140)
    category = models.CharField(
        _("category"), max_length=12, choices=SuppressionCategory.choices, default=SuppressionCategory.MARKETING
    )
    source = models.CharField(
        _("source"), max_length=12, choices=SuppressionSource.choices, default=SuppressionSource.STAFF
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("since"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "address", "category"], name="one_suppression_per_category")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-created_at"], name="suppression_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.get_category_display()})"
