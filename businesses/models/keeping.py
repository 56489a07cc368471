"""How long a business keeps what it knows of people, and requests to erase a person. See `businesses/keeping/`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.models.people import User
from businesses.tenancy import BusinessManager


class Retention(models.Model):
    """Days for which a business keeps each kind of data. A business without a row has the defaults.

    Recordings have their days in `Business.recordings_kept_days`. The bounds of each kind are in
    `businesses/keeping/kinds.py`; read days through `kinds.days_of`, which applies them.
    """

    business = models.OneToOneField(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    news_days = models.PositiveSmallIntegerField(
        _("raw notices of WhatsApp (days)"),
        default=30,
        help_text=_("Technical copies of what WhatsApp reported, for finding faults."),
    )
    messages_days = models.PositiveSmallIntegerField(
        _("messages (days)"),
        default=730,
        help_text=_(
            "Messages from people and answers to them. Of ended broadcasts, names, numbers and values are removed; "
            "the figures stay."
        ),
    )
    transcripts_days = models.PositiveSmallIntegerField(
        _("transcripts of calls (days)"), default=365, help_text=_("What was said in calls, and their summaries.")
    )
    traces_days = models.PositiveSmallIntegerField(
        _("traces of calls (days)"),
        default=90,
        help_text=_("Every event of a call, for finding faults. They hold words, so they go with them at the latest."),
    )
    callers_days = models.PositiveSmallIntegerField(
        _("numbers of callers (days)"),
        default=730,
        help_text=_("After this a call keeps its time, length and cost, but not who called."),
    )
    audit_days = models.PositiveSmallIntegerField(
        _("audit log (days)"), default=1095, help_text=_("Who did what in this business, and when.")
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")

    def __str__(self) -> str:
        return str(self.business)


class AddressKey(models.Model):
    """The key of a business's fingerprints of erased addresses, encrypted; see `businesses/keeping/fingerprints.py`.

    It is made when the first person is erased and never changes: without it, who must not be messaged is forgotten.
    """

    business = models.OneToOneField(Business, models.CASCADE, related_name="+")
    encrypted_key = models.TextField(editable=False)

    objects = BusinessManager()

    def __str__(self) -> str:
        return f"key of {self.business_id}"


class Erasure(models.Model):
    """A request to erase a person. The row is the queue: a worker holds a lease, and another follows a killed one.

    `addresses` and `call` say whom, until it is done. `removed` counts the rows by the codes of `keeping.table`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    addresses = models.JSONField(default=list)
    call = models.UUIDField(null=True, help_text="one call, whose caller withheld the number")
    hint = models.CharField(_("who"), max_length=20, blank=True, help_text="the last digits, for whoever asked")
    removed = models.JSONField(default=dict)
    waits_for = models.CharField(max_length=30, blank=True, help_text="a code of `keeping.table`, while it can't go on")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("done"), null=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering: ClassVar[list[str]] = ["-asked_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["asked_at"], name="erasure_waiting", condition=Q(finished_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M}"
