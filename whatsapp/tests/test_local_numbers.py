"""Numbers without a country: guessed from clock and language, chosen for the business and for each file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from businesses.countries import country_name, guessed_country, read_back
from businesses.models import Business, PhoneNumber, Role
from businesses.tenancy import acting_for
from whatsapp.models import Broadcast, Contact, MessageTemplate, Recipient, Suppression
from whatsapp.tests.conftest import member

LOCAL, AMERICAN = "050-123-4567", "(212) 555-2368"


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    """A business in Israel with a number rented in the USA."""
    business = Business.objects.create(
        name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", language="he", dial_countries="IL"
    )
    PhoneNumber.objects.create(number="+12125550123", business=business)
    with acting_for(business):
        yield business


def upload(number: str) -> io.BytesIO:
    file = io.BytesIO(f"phone,first_name\n{number},Dana\n".encode())
    file.name = "people.csv"
    return file


def page(name: str, *key: Any) -> str:
    return reverse(name, args=["clinic", *key])


@pytest.mark.parametrize(
    ("zone", "language", "own", "country"),
    [
        ("Asia/Jerusalem", "he", ["US"], "IL"),
        ("Asia/Jerusalem", "en", [], "IL"),
        ("UTC", "he", ["US"], "IL"),
        ("UTC", "en", ["US"], "US"),
        ("UTC", "en", [], None),
        ("Europe/Berlin", "en", ["US"], "DE"),
        ("America/Toronto", "en", ["CA"], "CA"),
        ("America/New_York", "he", ["US"], "US"),
        ("Atlantis/Capital", "en", ["GB"], "GB"),
    ],
)
def test_the_country_is_guessed_from_clock_and_language(
    zone: str, language: str, own: list[str], country: str | None
) -> None:
    assert guessed_country(zone, language, own) == country


@pytest.mark.parametrize(("region", "number"), [("", LOCAL), ("IL", LOCAL), ("US", AMERICAN)])
def test_each_file_step_takes_local_numbers_and_says_of_which_country(
    staff: Client, template: MessageTemplate, region: str, number: str
) -> None:
    address = {LOCAL: "+972501234567", AMERICAN: "+12125552368"}[number]
    step = staff.post(page("broadcast-new"), {"template": template.pk})["Location"]
    assert staff.get(step).context["form"]["region"].value() == "IL"
    staff.post(step, {"source": "file", "group": "not_read", "file": upload(number), "region": region})
    draft = Broadcast.objects.get()
    details = {"starts": "now", "window_zone": "business", "from_@phone": "phone", "from_first_name": "first_name"}
    staff.post(page("broadcast-edit-details", draft.pk), details)
    assert list(Recipient.objects.values_list("address", flat=True)) == [address]
    columns = staff.post(page("contacts-import"), {"file": upload(number), "region": region})["Location"]
    staff.post(columns, {"column_0": "phone", "column_1": "name"})
    assert list(Contact.objects.values_list("phone", flat=True)) == [address]
    staff.post(page("suppressions-import"), {"file": upload(number), "category": "all", "region": region})
    assert list(Suppression.objects.values_list("address", flat=True)) == [address]


def test_a_file_keeps_its_country_when_the_business_changes_its_own(staff: Client, template: MessageTemplate) -> None:
    step = staff.post(page("broadcast-new"), {"template": template.pk})["Location"]
    staff.post(step, {"source": "file", "group": "not_read", "file": upload(LOCAL), "region": ""})
    draft = Broadcast.objects.get()
    details = {"starts": "now", "window_zone": "business", "from_@phone": "phone", "from_first_name": "first_name"}
    staff.post(page("broadcast-edit-details", draft.pk), details)
    draft.refresh_from_db()
    assert draft.audience["reading"]["region"] == "IL"


def test_an_owner_chooses_the_country_and_sees_what_is_dialled(clinic: Business) -> None:
    owner = member(clinic, Role.OWNER)
    form = owner.get(page("settings")).context["form"]
    assert dict(form.fields["local_country"].choices)[""].startswith("Israel")
    values = {name: form[name].value() for name in form.fields if form[name].value() not in {None, False}}
    owner.post(page("settings"), {**values, "local_country": "IL", "fallback_number": LOCAL})
    clinic.refresh_from_db()
    assert (clinic.local_country, clinic.fallback_number) == ("IL", "+972501234567")
    assert "Calls are put through to +972 50-123-4567 (Israel)." in owner.get(page("settings")).content.decode()


def test_countries_have_names_and_numbers_are_read_back() -> None:
    assert (country_name("IL"), country_name("KE"), country_name("??")) == ("Israel", "Kenya", "??")
    assert read_back("+972501234567") == "+972 50-123-4567 (Israel)"
