"""Every model of this project has a business and the tenant manager, or is listed as having none."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.test.utils import isolate_apps

from businesses.models import Business
from businesses.tenancy import BusinessManager
from businesses.tests.rows import INSTALLATION_WIDE, own_models, tenant_models


def faults(model: type[models.Model]) -> list[str]:
    """Returns what a tenant model lacks."""
    found = []
    try:
        business = model._meta.get_field("business")
    except FieldDoesNotExist:
        return ["it has no foreign key `business`"]
    if business.related_model is not Business or business.null:
        found.append("its `business` may be empty or something else")
    found += [
        f"`{manager.name}` is not a BusinessManager"
        for manager in model._meta.managers
        if not isinstance(manager, BusinessManager)
    ]
    return found


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model.__name__)
def test_a_tenant_model_is_fenced(model: type[models.Model]) -> None:
    assert faults(model) == []


def test_the_sweeps_know_every_model() -> None:
    assert set(own_models()) >= INSTALLATION_WIDE
    assert {model.__name__ for model in tenant_models()} >= {"Membership", "Call", "Turn", "GreetingAudio"}


@isolate_apps("businesses")
def test_a_new_model_without_its_fence_is_noticed() -> None:
    class Note(models.Model):
        text = models.TextField()

        class Meta:
            app_label = "businesses"

        def __str__(self) -> str:
            return self.text

    class Visit(models.Model):
        business = models.ForeignKey(Business, models.CASCADE, null=True)
        every = models.Manager()

        class Meta:
            app_label = "businesses"

        def __str__(self) -> str:
            return "visit"

    assert faults(Note) == ["it has no foreign key `business`"]
    assert faults(Visit) == ["its `business` may be empty or something else", "`every` is not a BusinessManager"]
