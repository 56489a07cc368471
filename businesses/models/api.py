"""Tokens with which a business's own systems use the API, and what they have created by an Idempotency-Key."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.models.people import User
from businesses.tenancy import BusinessManager


class ApiToken(models.Model):
    """A token of one business. Only its hash is stored; `hint` is how it begins, so that people know which it is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    name = models.CharField(_("what it is for"), max_length=60)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    may_write = models.BooleanField(_("may change"), default=False)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by whom"))
    made_at = models.DateTimeField(_("made"))
    last_used_at = models.DateTimeField(_("last used"), null=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        ordering: ClassVar[list[str]] = ["made_at"]

    def __str__(self) -> str:
        return self.name


class ApiCreation(models.Model):
    """What was created by a request with this `key`: asked again, it is what is answered, and nothing is created."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    asked = models.CharField(max_length=64, help_text="a hash of the request, which must be the same again")
    made = models.UUIDField(null=True)
    at = models.DateTimeField()

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "key"], name="one_creation_per_key")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["business", "at"], name="api_creation_by_age")]

    def __str__(self) -> str:
        return self.key
