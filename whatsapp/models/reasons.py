"""The two columns in which a row keeps the reason for its state."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeepsReason(models.Model):
    """`cause` is a `whatsapp.reasons.Cause` ("": nothing to explain), `cause_data` the values for its template.

    Written only from `Reason.kept()`. The columns have database defaults, because a process of the previous version
    may still add rows while this version is being started.
    """

    cause = models.CharField(_("why"), max_length=32, blank=True, default="", db_default="", editable=False)
    cause_data = models.JSONField(default=dict, db_default={}, blank=True, editable=False)

    class Meta:
        abstract = True
