"""Imports of contacts: files that are read in the background, and the rows that were rejected."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.contacts import Contact
from whatsapp.models.reasons import KeepsReason

FOLDER = "imports"


def path_of(contact_import: ContactImport, _name: str) -> str:
    """Returns where an import's file is stored. The path does not contain the name that its owner gave it."""
    return f"{FOLDER}/{contact_import.business_id.hex}/{contact_import.pk.hex}"


class ImportStatus(models.TextChoices):
    """The state of an import."""

    DRAFT = "draft", _("Columns to be chosen")
    RUNNING = "running", _("Being read")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled before it finished")
    FAILED = "failed", _("Stopped by an error")


class ContactImport(KeepsReason):
    """A file of contacts that somebody uploaded, the roles of its columns, and how far it has been read.

    Its reader holds a lease (`lease_token` until `lease_until`). A chunk's contacts, its rejected rows, the counts and
    `row_cursor` are written in one transaction, so the next reader continues where this one was killed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    file = models.FileField(upload_to=path_of, max_length=200, blank=True)
    file_name = models.CharField(_("file"), max_length=120, blank=True)
    header = models.JSONField(_("columns"), default=list)
    samples = models.JSONField(default=list)
    reading = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="how the file is read: encoding, sheet, header's row, phone's place; notes, and the owner's answers",
    )
    roles = models.JSONField(_("what the columns are"), default=list)
    tags = models.JSONField(_("tags for all of them"), default=list)
    consent_source = models.CharField(_("where the consent comes from"), max_length=200, blank=True)

    status = models.CharField(_("status"), max_length=10, choices=ImportStatus.choices, default=ImportStatus.DRAFT)
    about_rows = models.PositiveIntegerField(_("rows in the file (about)"), null=True, blank=True)
    row_cursor = models.PositiveIntegerField(default=0, help_text="number of the last row that is done")
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    added = models.PositiveIntegerField(_("new"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)

    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveSmallIntegerField(default=0, help_text="readers since a chunk was last written")
    created_at = models.DateTimeField(_("uploaded"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True, editable=False)
    undone = models.JSONField(
        null=True, blank=True, editable=False, help_text="numbers of contacts: removed, restored, kept"
    )

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_contact_imports"
        verbose_name = _("import of contacts")
        verbose_name_plural = _("imports of contacts")
        ordering: ClassVar[list[str]] = ["-created_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(rows_read=F("added") + F("updated") + F("unchanged") + F("rejected")),
                name="import_counts_every_row_once",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-created_at"], name="import_by_time"),
            models.Index(fields=["lease_until"], name="import_running", condition=Q(status=ImportStatus.RUNNING)),
        ]

    def __str__(self) -> str:
        return self.file_name or f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, so that nothing more will be read."""
        return self.status in {ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED}


class RejectedRow(KeepsReason):
    """A row of an import that was rejected: its cells, and why."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    contact_import = models.ForeignKey(
        ContactImport, models.CASCADE, related_name="rejected_rows", db_index=False, verbose_name=_("import")
    )
    row = models.PositiveIntegerField(_("row"))
    given = models.CharField(_("as written"), max_length=140, blank=True)
    cells = models.JSONField(default=list)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_contact_import_rejected"
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering: ClassVar[list[str]] = ["contact_import_id", "row"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contact_import", "row"], name="one_rejection_per_row")
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.cause}"


class ImportedContact(models.Model):
    """A contact that an import has read, the numbers of its rows, and what is needed to undo it.

    `given` is what the rows said and was taken: "name", "language", "attributes", "tags", "consent" and "consent_at".
    `before` is what stood in place of these on a contact that was there already; of one that the import added it is
    NULL, and "address" in `given` is its address. `given` is NULL where nothing was kept, so it can't be undone.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    contact_import = models.ForeignKey(
        ContactImport, models.CASCADE, related_name="+", db_index=False, verbose_name=_("import")
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", verbose_name=_("contact"))
    rows = models.JSONField(_("rows"), default=list)
    is_named = models.BooleanField(default=False)
    is_repeated = models.BooleanField(default=False, help_text="several rows are this person's")
    given = models.JSONField(null=True, editable=False)
    before = models.JSONField(null=True, editable=False)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_contact_import_contacts"
        verbose_name = _("imported contact")
        verbose_name_plural = _("imported contacts")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contact_import", "contact"], name="one_row_per_imported_contact")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["contact_import"], name="imported_repeatedly", condition=Q(is_repeated=True))
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.rows}"

    @property
    def others(self) -> list[int]:
        """The numbers of the rows after the first."""
        return list(self.rows[1:])
