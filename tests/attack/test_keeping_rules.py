"""Every tenant model has a rule that says how long its rows are kept and what erasing a person does to them, and the
rules are true: what is defended is that no new model, and no new column, keeps a person without anybody noticing.
"""

from __future__ import annotations

import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from businesses.keeping import erasing, kinds, retention, table
from businesses.keeping.kinds import Kind
from businesses.keeping.person import Person
from businesses.models import Retention, WebhookDelivery
from businesses.tenancy import acting_for
from businesses.tests.rows import A_TIME, FINAL, Tenant, make_tenant, tenant_models
from calls.models import BlockedCaller, Call, OutgoingCall, TraceChunk
from whatsapp.models import AddressTie, Broadcast, Contact, ContactImport, DirectMessage, Recipient, WebhookNews

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PHONE = "+972501234567"
ERASED = [model for model in tenant_models() if (rule := table.rules().get(model)) and rule.erased]


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def alpha() -> Tenant:
    """One row of every model, as of a person with this number, in states in which nothing is under way."""
    tenant = make_tenant("qqaaa", "+97231230001")
    base = {model: model._base_manager.filter(business=tenant.business) for model in tenant_models()}
    base[Call].update(caller_number=PHONE, status="ended", started_at=A_TIME)
    base[BlockedCaller].update(number=PHONE)
    base[TraceChunk].update(data=zlib.compress(b"qqaaa"))
    base[Contact].update(phone=PHONE, bsuid=None)
    base[AddressTie].update(one=PHONE)
    base[Broadcast].update(status="completed", completed_at=A_TIME, started_at=A_TIME, audience_ready_at=A_TIME)
    base[OutgoingCall].update(state="talked")
    base[DirectMessage].update(status="delivered")
    base[ContactImport].update(status="done", finished_at=A_TIME)
    base[WebhookDelivery].update(body=f'{{"caller": "{PHONE}"}}')
    base[Recipient].update(status="delivered", skip_reason="", attempt_id=tenant.business.pk)
    for model in ERASED:
        names = {field.name for field in model._meta.fields}
        if "address" in names:
            base[model].update(address=PHONE)
        if "number" in names:
            base[model].update(number=PHONE)
        if "given" in names:
            base[model].update(given=PHONE)
    return tenant


def test_every_model_has_a_rule() -> None:
    models_known: list[type[models.Model]] = [*tenant_models(), WebhookNews]
    without = {model.__name__ for model in models_known if model not in table.rules()}
    assert not without, "say in the app's keeping/rules.py how long it is kept and what erasing a person does to it"


def test_every_rule_says_what_erasing_does() -> None:
    for model, rule in table.rules().items():
        assert rule.erased != (rule.because is not None), model.__name__
        names = {field.name for field in model._meta.fields}
        assert rule.leaves <= names, f"{model.__name__} has no {rule.leaves - names}"


def test_erasing_does_to_every_model_what_its_rule_says(alpha: Tenant) -> None:
    """Every text of every row holds the marker. What is erased may keep it only in the columns that its rule names."""
    with acting_for(alpha.business):
        asked = erasing.ask(Person(alpha.business, frozenset({PHONE})), now=timezone.now())
    assert erasing.work(alpha.business, asked.pk, clock=timezone.now, keep_going=lambda: True)
    for model in ERASED:
        for row in model._base_manager.filter(business=alpha.business):
            kept = {
                field.name
                for field in model._meta.concrete_fields
                if isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)
                and field.name not in table.rules()[model].leaves
                and any(trace in str(field.value_from_object(row)) for trace in ("qqaaa", PHONE[1:]))
            }
            assert not kept, f"{model.__name__} keeps {kept}"


def test_what_is_kept_for_days_is_gone_after_them(alpha: Tenant) -> None:
    """After eleven years nothing is left but what no rule gives days."""
    later = timezone.now() + timedelta(days=11 * 365)
    kept = [model for model, rule in table.rules().items() if rule.kept and rule.erased and model in tenant_models()]
    retention.sweep(now=later)
    models_kept: list[type[models.Model]] = [*kept, *FINAL]
    for model in models_kept:
        for row in model._base_manager.filter(business=alpha.business):
            assert not any(
                trace in str(field.value_from_object(row))
                for field in model._meta.concrete_fields
                if field.name not in table.rules()[model].leaves
                and isinstance(field, models.CharField | models.TextField | models.JSONField)
                and not (model is Call and field.name in {"stream_error", "old_end_reason", "end_detail"})
                for trace in ("qqaaa", PHONE[1:])
            ), model.__name__


def test_every_kind_has_days_bounds_and_something_that_keeps_them(alpha: Tenant) -> None:
    columns = {field.name for field in Retention._meta.fields}
    assert {kind for kind, _remove in table.removers()} == set(Kind)
    for kind in Kind:
        assert kind is Kind.RECORDINGS or f"{kind.value}_days" in columns
        assert kinds.WIDEST[kind].shortest >= 1
