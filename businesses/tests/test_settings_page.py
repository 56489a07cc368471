"""An owner edits greeting and barge-in settings in the admin; what operators decide stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db.models.signals import pre_save
from django.test import Client

from businesses.models import Business, PhoneNumber, User
from businesses.signals import call_settings_changed
from businesses.tests.rows import Tenant

EDITABLE = (
    "name language time_zone local_country greeting_text assistant_speaks_first first_utterance_protection voice "
    "instructions barge_in_enabled resume_after_false_barge_in backchannels_interrupt barge_in_voice_frames "
    "barge_in_debounce_ms "
    "barge_in_grace_ms server_vad_threshold echo_gate_min_rms fallback_number max_call_minutes "
    "record_calls recording_notice opening_hours asks_after_silence silence_limit_s "
    "closed_greeting_text closed_instructions address directions"
).split()
OPERATORS_ONLY = ("slug", "is_active", "max_concurrent_calls", "minutes_left", "dial_countries")


@pytest.fixture
def client(alpha: Tenant) -> Client:
    client = Client()
    client.force_login(alpha.owner)
    return client


@pytest.fixture
def announced() -> Iterator[list[Business]]:
    heard: list[Business] = []

    def hear(*, business: Business, **_: object) -> None:
        heard.append(business)

    call_settings_changed.connect(hear)
    yield heard
    call_settings_changed.disconnect(hear)


def page_of(tenant: Tenant) -> str:
    return f"/admin/businesses/business/{tenant.business.pk}/change/"


def filled(client: Client, tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """Returns what a browser posts: the page's fields as they are, and the changes."""
    form = client.get(page_of(tenant)).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    ticked = {name: value for name, value in {**fields, **changes}.items() if value not in (False, None)}
    rows = {f"{name}-{kind}_FORMS": 0 for name in ("phone_numbers", "daily_limits") for kind in ("TOTAL", "INITIAL")}
    return {**rows, **ticked}


def save(client: Client, tenant: Tenant, **changes: Any) -> Any:
    return client.post(page_of(tenant), filled(client, tenant, **changes))


def test_an_owner_gets_every_setting_that_is_theirs(client: Client, alpha: Tenant) -> None:
    page = client.get(page_of(alpha))
    assert sorted(page.context["adminform"].form.fields) == sorted(EDITABLE)
    text = page.content.decode()
    assert all(f'id="id_{name}"' in text for name in EDITABLE)
    assert not any(f'id="id_{name}"' in text for name in OPERATORS_ONLY)
    assert alpha.number in text


def test_saving_changes_what_was_edited_and_announces_it(
    client: Client,
    alpha: Tenant,
    beta: Tenant,
    announced: list[Business],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = save(client, alpha, greeting_text="  שלום לכולם ", barge_in_enabled=False, barge_in_voice_frames=9)

    assert response.status_code == 302
    alpha.business.refresh_from_db()
    assert alpha.business.greeting_text == "שלום לכולם"
    assert alpha.business.barge_in_enabled is False
    assert alpha.business.barge_in_voice_frames == 9
    assert announced == [alpha.business]
    beta.business.refresh_from_db()
    assert beta.business.greeting_text == "qqbbb hello"


def test_what_operators_decide_is_not_taken_from_an_owner(client: Client, alpha: Tenant) -> None:
    before = Business.objects.values(*OPERATORS_ONLY).get()
    extra = {"slug": "mine", "is_active": "", "max_concurrent_calls": 99, "minutes_left": 1000}
    number = {
        "phone_numbers-TOTAL_FORMS": 1,
        "phone_numbers-0-number": "+97231239999",
        "phone_numbers-0-is_active": "on",
    }

    assert save(client, alpha, name="New name", **extra, **number).status_code == 302

    assert Business.objects.values(*OPERATORS_ONLY).get() == before
    assert Business.objects.get().name == "New name"
    assert list(PhoneNumber.objects.values_list("number", flat=True)) == [alpha.number]


def test_minutes_that_a_call_uses_while_the_page_is_saved_stay_used(client: Client, alpha: Tenant) -> None:
    """The page reads the whole row; writing all of it would restore minutes that were used meanwhile."""

    def call_ends(*, instance: Business, **_: object) -> None:
        Business.objects.filter(pk=instance.pk).update(minutes_left=Decimal(5))

    Business.objects.update(minutes_left=Decimal(9))
    data = filled(client, alpha, name="New name")
    pre_save.connect(call_ends, sender=Business)
    try:
        assert client.post(page_of(alpha), data).status_code == 302
    finally:
        pre_save.disconnect(call_ends, sender=Business)

    assert Business.objects.get().minutes_left == Decimal(5)
    assert Business.objects.get().name == "New name"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"greeting_text": "x" * 1001}, "greeting_text"),
        ({"barge_in_voice_frames": 1}, "barge_in_voice_frames"),
        ({"barge_in_debounce_ms": 99}, "barge_in_debounce_ms"),
        ({"server_vad_threshold": "1.2"}, "server_vad_threshold"),
        ({"server_vad_threshold": "nan"}, "server_vad_threshold"),
        ({"voice": "fable"}, "voice"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"fallback_number": "12"}, "fallback_number"),
        ({"fallback_number": "+972 3-123-0001"}, "fallback_number"),
    ],
)
def test_bad_values_are_refused_beside_their_field(
    client: Client, alpha: Tenant, announced: list[Business], changes: dict[str, Any], field: str
) -> None:
    before = Business.objects.values().get()

    response = save(client, alpha, **changes)

    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {field}
    assert Business.objects.values().get() == before
    assert announced == []


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"server_vad_threshold": "0.75"}, []),
        ({"server_vad_threshold": "0.85"}, []),
        ({"server_vad_threshold": "0.74"}, ["Between 0.75 and 0.85 works best"]),
        ({"server_vad_threshold": "0.86"}, ["Between 0.75 and 0.85 works best"]),
        ({"barge_in_voice_frames": 18}, ["A doubtful voice interrupts sooner"]),
        ({"assistant_speaks_first": True}, ["The greeting opens every call."]),
    ],
)
def test_what_is_allowed_but_seldom_meant_is_saved_with_a_warning(
    client: Client, alpha: Tenant, changes: dict[str, Any], sentences: list[str]
) -> None:
    response = save(client, alpha, **changes)

    assert response.status_code == 302
    warnings = [str(m) for m in get_messages(response.wsgi_request) if m.level_tag == "warning"]
    assert len(warnings) == len(sentences)
    assert all(warning.startswith(sentence) for warning, sentence in zip(warnings, sentences, strict=True))
    name, value = next(iter(changes.items()))
    assert str(Business.objects.values_list(name, flat=True).get()) == str(value)


@pytest.mark.parametrize(
    "written", ["050-123-4567", "+972 50 123 4567", "\u200e0501234567", "972-50-1234567", "00972501234567"]
)
def test_a_fallback_number_is_read_as_at_home(client: Client, alpha: Tenant, written: str) -> None:
    assert save(client, alpha, fallback_number=written).status_code == 302
    assert Business.objects.get().fallback_number == "+972501234567"


def test_without_a_phone_number_no_country_may_be_dialled(client: Client, alpha: Tenant) -> None:
    PhoneNumber.objects.all().delete()
    response = save(client, alpha, fallback_number="050-123-4567")
    assert response.context["adminform"].form.errors["fallback_number"] == [
        "No country may be dialled, as the business has no number yet. Your operator can add one."
    ]


def test_the_page_speaks_hebrew(client: Client, alpha: Tenant) -> None:
    page = client.get(page_of(alpha), headers={"accept-language": "he"}).content.decode()
    assert 'lang="he" dir="rtl"' in " ".join(page.split())
    assert "ברכת הפתיחה" in page


def test_an_operator_edits_numbers_and_limits(alpha: Tenant, operator: User) -> None:
    client = Client()
    client.force_login(operator)
    existing = alpha.business.phone_numbers.get()
    numbers = {
        "phone_numbers-TOTAL_FORMS": 2,
        "phone_numbers-INITIAL_FORMS": 1,
        "phone_numbers-0-id": existing.pk,
        "phone_numbers-0-number": existing.number,
        "phone_numbers-0-is_active": "on",
        "phone_numbers-1-number": "+972 3 123 7777",
        "phone_numbers-1-is_active": "on",
    }

    response = save(client, alpha, minutes_left="120.5", slug="alpha", **numbers)

    assert response.status_code == 302
    alpha.business.refresh_from_db()
    assert (alpha.business.minutes_left, alpha.business.slug) == (Decimal("120.5"), "alpha")
    assert set(alpha.business.phone_numbers.values_list("number", flat=True)) == {alpha.number, "+97231237777"}


def test_an_operator_can_not_give_a_number_twice_or_ring_in_a_circle(
    alpha: Tenant, beta: Tenant, operator: User
) -> None:
    client = Client()
    client.force_login(operator)
    Business.objects.filter(pk=alpha.business.pk).update(fallback_number="+972501234567")
    for number in (beta.number, "+972501234567"):
        added = {"business": alpha.business.pk, "number": number, "is_active": "on"}
        response = client.post("/admin/businesses/phonenumber/add/", added)
        assert set(response.context["adminform"].form.errors) == {"number"}
    assert PhoneNumber.objects.count() == 2


def test_an_operator_adds_a_person_who_can_sign_in(operator: User) -> None:
    client = Client()
    client.force_login(operator)
    password = "correct-horse-battery"
    person = {"email": "Dana@Clinic.test", "usable_password": "true", "password1": password, "password2": password}

    assert client.post("/admin/businesses/user/add/", person).status_code == 302

    assert Client().login(username="DANA@clinic.test", password=password)
    assert User.objects.filter(email="dana@clinic.test", is_staff=False).count() == 1
