"""The two columns in which a row keeps why it stands as it does."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeepsReason(models.Model):
    """`cause` is a `whatsapp.reasons.Cause` ("": nothing to explain), `cause_data` what its words are filled with.

    Written from `Reason.kept()` only. The columns have defaults in the database: a process of the version before them
    may still add rows while this one is being started.
    """

    cause = models.CharField(_("why"), max_length=32, blank=True, default="", db_default="", editable=False)
    cause_data = models.JSONField(default=dict, db_default={}, blank=True, editable=False)

    class Meta:
        abstract = True
