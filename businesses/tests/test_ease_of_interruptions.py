"""How easily callers interrupt: one choice stands for six values, and overwrites none that was written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.forms.interruptions import EASE, FINE, PRESETS, Ease, ease_of
from businesses.forms.settings_form import SettingsForm
from businesses.models import AuditEntry, AuditKind, Business
from businesses.tenancy import acting_for
from businesses.tests.rows import Tenant


@pytest.fixture
def owner(alpha: Tenant) -> Client:
    client = Client()
    client.force_login(alpha.owner)
    return client


def post(owner: Client, alpha: Tenant, **changes: Any) -> Any:
    """Post the page as it is shown now, with these changes."""
    address = f"/b/{alpha.business.slug}/settings/"
    form: SettingsForm = owner.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields} | {"seen": _seen(form)}
    return owner.post(address, {name: value for name, value in (shown | changes).items() if value not in {None, False}})


def _seen(form: SettingsForm) -> str:
    return str(form.seen).partition('value="')[2].partition('"')[0].replace("&quot;", '"')


def values_of(alpha: Tenant) -> dict[str, Any]:
    alpha.business.refresh_from_db()
    return {name: getattr(alpha.business, name) for name in FINE}


def test_a_new_business_is_interrupted_as_usual() -> None:
    assert ease_of(Business()) is Ease.USUALLY


def test_choices_differ() -> None:
    assert len({tuple(preset.items()) for preset in PRESETS.values()}) == len(PRESETS) == len(Ease) - 1


@pytest.mark.parametrize("ease", PRESETS)
def test_a_choice_sets_its_values_and_is_shown_again(owner: Client, alpha: Tenant, ease: Ease) -> None:
    Business.objects.update(barge_in_voice_frames=17)
    assert post(owner, alpha, **{EASE: ease.value}).status_code == 302
    assert values_of(alpha) == PRESETS[ease]
    assert ease_of(alpha.business) is ease
    with acting_for(alpha.business):
        entry = AuditEntry.objects.get(kind=AuditKind.SETTINGS_CHANGED)
    assert "barge_in_voice_frames" in entry.details["changes"]


def test_a_single_value_that_was_changed_stands(owner: Client, alpha: Tenant) -> None:
    assert post(owner, alpha, barge_in_grace_ms="150").status_code == 302
    assert values_of(alpha) == {**PRESETS[Ease.USUALLY], "barge_in_grace_ms": 150}
    assert ease_of(alpha.business) is Ease.OWN


def test_who_changes_both_is_asked(owner: Client, alpha: Tenant) -> None:
    answer = post(owner, alpha, barge_in_grace_ms="150", **{EASE: "firmly"})
    assert answer.status_code == 422
    assert "single values, too" in answer.content.decode()
    assert values_of(alpha) == PRESETS[Ease.USUALLY]
    assert post(owner, alpha, barge_in_grace_ms="150", **{EASE: "own"}).status_code == 302
    assert values_of(alpha)["barge_in_grace_ms"] == 150


def test_a_page_without_the_choice_is_taken_as_it_is(owner: Client, alpha: Tenant) -> None:
    assert post(owner, alpha, barge_in_voice_frames="9", **{EASE: None}).status_code == 302
    assert values_of(alpha)["barge_in_voice_frames"] == 9


def test_what_another_set_meanwhile_stays(owner: Client, alpha: Tenant) -> None:
    address = f"/b/{alpha.business.slug}/settings/"
    form: SettingsForm = owner.get(address).context["form"]
    stale = {name: form[name].value() for name in form.fields} | {"seen": _seen(form), "opening_hours": "8-18"}
    Business.objects.filter(pk=alpha.business.pk).update(**PRESETS[Ease.FIRMLY])
    assert owner.post(address, {name: value for name, value in stale.items() if value}).status_code == 302
    assert values_of(alpha) == PRESETS[Ease.FIRMLY]


@pytest.mark.parametrize("ease", PRESETS)
def test_no_choice_calls_for_advice(ease: Ease) -> None:
    assert list(Business(language="en", **PRESETS[ease]).advice()) == []
