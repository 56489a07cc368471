"""Creates one row of every model for a business by introspection, so that new models are covered automatically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from businesses.credentials import encrypt
from businesses.models import AuditEntry, Business, Heartbeat, Membership, PhoneNumber, Role, User, WebProcess
from calls.models import ModelCheck, SyntheticCall
from whatsapp.models import WebhookNews

INSTALLATION_WIDE = {Business, User, PhoneNumber, WebhookNews, ModelCheck, Heartbeat, WebProcess, SyntheticCall}
"""Models that belong to no business: people may belong to several, numbers determine a call's business,
webhooks are stored before their business is known, and OpenAI's models, the background work and the processes are those
of all."""
FINAL = {AuditEntry}
"""Models whose rows the database lets nobody change."""

MARKER_LENGTH = 5
A_TIME = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


def own_models() -> list[type[models.Model]]:
    """Returns every model of this project's apps."""
    return [
        model
        for config in apps.get_app_configs()
        if Path(config.path).parent == settings.BASE_DIR
        for model in config.get_models()
    ]


def tenant_models() -> list[type[models.Model]]:
    return [model for model in own_models() if model not in INSTALLATION_WIDE]


@dataclass
class Tenant:
    """A business with people and one row of every tenant model. `marker` or `number` is in every text of its rows."""

    marker: str
    number: str
    business: Business
    owner: User
    staff: User
    rows: dict[type[models.Model], models.Model] = field(default_factory=dict)

    def row(self, model: type[models.Model]) -> models.Model:
        """Returns the business's only row of a model, created on first use."""
        if model is Business:
            return self.business
        if model is User:
            return self.owner
        if model not in self.rows:
            self.rows[model] = row = model(**{f.attname: self._value(f) for f in _to_fill(model)})
            row.save()
        return self.rows[model]

    def _value(self, model_field: models.Field[Any, Any]) -> object:  # noqa: PLR0911 - one for each kind
        if isinstance(model_field, models.ForeignKey):
            return self.row(model_field.related_model).pk
        if model_field.name in {"encrypted_key", "encrypted_secret", "encrypted_old_secret", "encrypted_url"}:
            return encrypt({"key": "5a" * 32})
        if model_field.choices:
            return model_field.flatchoices[0][0]
        if isinstance(model_field, models.CharField | models.TextField):
            return (self.marker * 3)[: model_field.max_length]
        if isinstance(model_field, models.DateField):  # a DateTimeField is one, too
            return A_TIME if isinstance(model_field, models.DateTimeField) else A_TIME.date()
        if isinstance(model_field, models.IntegerField):
            return 1
        for kind, value in {models.UUIDField: uuid4(), models.BinaryField: self.marker.encode()}.items():
            if isinstance(model_field, kind):
                return value
        raise NotImplementedError(f"Say in {__file__} what a row's {model_field!r} may hold")


def _to_fill(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Returns required fields, all texts (so that the marker shows wherever a row does), and all own relations."""
    return [
        f
        for f in model._meta.concrete_fields
        if (f.is_relation or not f.primary_key)
        and (
            not (f.has_default() or f.null or f.blank)
            or (isinstance(f, models.CharField | models.TextField) and not f.choices)
            or (f.is_relation and f.related_model in tenant_models())
        )
        and not getattr(f, "auto_now_add", False)
        and not getattr(f, "auto_now", False)
    ]


def make_tenant(marker: str, number: str) -> Tenant:
    """Returns a business with an owner, a staff person who may enter the admin, and one row of every tenant model."""
    assert len(marker) == MARKER_LENGTH
    business = Business.objects.create(
        name=f"{marker} clinic", slug=f"{marker}-clinic", greeting_text=f"{marker} hello", instructions=marker
    )
    owner = User.objects.create_user(f"owner@{marker}.test", "pw", is_staff=True)
    staff = User.objects.create_user(f"staff@{marker}.test", "pw", is_staff=True)
    tenant = Tenant(marker, number, business, owner, staff)
    tenant.rows[Membership] = Membership.objects.create(business=business, user=owner, role=Role.OWNER)
    Membership.objects.create(business=business, user=staff, role=Role.STAFF)
    tenant.rows[PhoneNumber] = PhoneNumber.objects.create(business=business, number=number)
    for model in tenant_models():
        tenant.row(model)
    return tenant


@contextmanager
def tenants_for_a_module() -> Iterator[dict[str, Tenant]]:
    """Two businesses that all tests of a module find as they were made: each test's own transaction is inside this one.

    A test takes a copy by `deepcopy`, since what it does to objects is not rolled back.
    """
    with transaction.atomic():
        yield {"alpha": make_tenant("qqaaa", "+97231230001"), "beta": make_tenant("qqbbb", "+97231230002")}
        transaction.set_rollback(True)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Returns every row of this project's tables, for showing that nothing has happened."""
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in own_models()}
