"""The settings page, and the page that a person gets after signing in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.forms.settings_form import SettingsForm
from businesses.membership import add_member
from businesses.models import Business, PhoneNumber, Role, User
from calls.models import GreetingAudio

ADDRESS = "/b/clinic/settings/"


@pytest.fixture
def clinic(db: None) -> Business:
    business = Business.objects.create(name="Clinic", slug="clinic", language="en", minutes_left=30)
    PhoneNumber.objects.create(number="+97231234567", business=business)
    return business


@pytest.fixture
def owner(clinic: Business) -> Client:
    user = User.objects.create_user("dana@clinic.test", "pw")
    add_member(clinic, user, Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def filled(business: Business, **changes: Any) -> dict[str, Any]:
    """Returns the form as the page shows it, with changes."""
    form = SettingsForm(instance=business)
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**shown, **changes}.items() if value not in {None, False}}


def test_what_is_saved_is_stored_and_the_greeting_is_recorded_anew(
    owner: Client, clinic: Business, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner.post(
            ADDRESS, filled(clinic, greeting_text="Good morning!", fallback_number="050-1234567", opening_hours="8-18")
        )
    assert answer["Location"] == ADDRESS
    clinic.refresh_from_db()
    assert (clinic.greeting_text, clinic.fallback_number) == ("Good morning!", "+972501234567")
    assert clinic.opening_hours == "8-18"
    assert GreetingAudio._base_manager.get().text == "Good morning!"


def test_minutes_that_a_call_has_used_meanwhile_are_not_given_back(owner: Client, clinic: Business) -> None:
    form = filled(clinic, name="Clinic North")
    Business.objects.update(minutes_left=5)
    owner.post(ADDRESS, form)
    clinic.refresh_from_db()
    assert (clinic.name, clinic.minutes_left) == ("Clinic North", Decimal(5))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fallback_number": "12"}, "This is not a phone number."),
        ({"fallback_number": "+97231234567"}, "The assistant itself answers this number."),
        ({"barge_in_voice_frames": "0"}, "Write a whole number of steps from 2 to 50."),
        ({"time_zone": "Atlantis/Capital"}, "This time zone does not exist."),
        ({"name": ""}, "be empty."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(
    owner: Client, clinic: Business, changes: dict[str, str], said: str
) -> None:
    answer = owner.post(ADDRESS, filled(clinic, greeting_text="Typed and kept", **changes))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert "Typed and kept" in text
    clinic.refresh_from_db()
    assert clinic.greeting_text == ""


def test_what_is_seldom_meant_is_said(owner: Client, clinic: Business) -> None:
    answer = owner.post(ADDRESS, filled(clinic, server_vad_threshold="0.5"), follow=True)
    assert "Between 0.75 and 0.85 works best" in answer.content.decode()


def test_where_a_person_lands(owner: Client, clinic: Business) -> None:
    assert Client().get("/")["Location"] == f"{reverse('account_login')}?next=/"
    assert owner.get("/")["Location"] == "/b/clinic/"
    other = Business.objects.create(name="Bakery", slug="bakery")
    add_member(other, User.objects.get(), Role.STAFF)
    text = owner.get("/").content.decode()
    assert "Bakery" in text
    assert "Clinic" in text


def test_a_new_business_is_led_from_nothing_to_its_first_call(owner: Client) -> None:
    text = owner.get("/b/clinic/").content.decode()
    for step in ("Write your greeting", "Talk to your assistant", "Send your first broadcast"):
        assert step in text
    assert "(done)" not in text
    Business.objects.update(greeting_text="Hello")
    assert owner.get("/b/clinic/").content.decode().count("(done)") == 1
