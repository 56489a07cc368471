"""An owner chooses how people are reminded, and sees of each appointment what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.calendar import booking, reminders
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import FILLINGS, NOW, Postbox, Shop, local, make_shop
from businesses.calendar.tests.test_calendar_pages import at, form, signed_in
from businesses.messenger import Standing
from businesses.models import Appointment, Reminder, ReminderChoices, ReminderResult, Role
from businesses.tenancy import acting_for

NOON = local(12, day=25)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def owner(shop: Shop, postbox: Postbox) -> Client:
    return signed_in(shop.business)


def given(template: str = "remind", **values: str) -> dict[str, str]:
    fillings = {f"value_remind_{number}": filling for number, filling in enumerate(FILLINGS.values())}
    known = {"is_on": "on", "first_hours": "24", "second_hours": "", "quiet_from": "21:00", "quiet_until": "08:00"}
    known["undelivered_hours"] = "3"
    return known | (fillings if template == "remind" else {}) | {"template": template} | values


def post(shop: Shop, owner: Client, **values: str) -> Any:
    return owner.post(at(shop, "reminders/"), given(**values))


def test_an_owner_chooses(shop: Shop, owner: Client) -> None:
    assert post(shop, owner).status_code == 302
    with acting_for(shop.business):
        chosen = ReminderChoices.objects.get()
    assert (chosen.is_on, chosen.hours, chosen.fillings, chosen.since) == (True, [24], FILLINGS, NOW)
    page = owner.get(at(shop, "reminders/")).content.decode()
    assert '<option value="calendar" selected>' in page


def test_calls_are_off_at_first_and_their_help_says_what_they_cost(shop: Shop, owner: Client) -> None:
    page = owner.get(at(shop, "reminders/")).content.decode()
    assert "Calls cost money. They only go to people who agreed" in page
    assert "Outgoing calls are switched off, so nobody is called." in page
    post(shop, owner)
    with acting_for(shop.business):
        assert (ReminderChoices.objects.get().calls_unreached, ReminderChoices.objects.get().calls_since) == (
            False,
            None,
        )
    assert post(shop, owner, calls_unreached="on", undelivered_hours="6").status_code == 302
    with acting_for(shop.business):
        chosen = ReminderChoices.objects.get()
    assert (chosen.calls_unreached, chosen.calls_since, chosen.undelivered_hours) == (True, NOW, 6)
    assert post(shop, owner, undelivered_hours="5").status_code == 422


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"template": ""}, "Choose the template that people get."),
        ({"template": "picture"}, "This template needs more than words (header_image)"),
        ({"template": "no-such"}, "no-such"),
        ({"value_remind_1": ""}, "Choose what is written here."),
        ({"value_remind_1": "secret"}, "Choose"),
        ({"second_hours": "24"}, "the same time as the first"),
        ({"quiet_from": "08:00", "quiet_until": "07:00"}, "at least eight hours"),
    ],
)
def test_what_could_send_nothing_is_refused(shop: Shop, owner: Client, values: dict[str, str], said: str) -> None:
    answer = post(shop, owner, **values)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    with acting_for(shop.business):
        assert not ReminderChoices.objects.exists()


def test_another_template_asks_for_its_values_with_a_guess(shop: Shop, owner: Client) -> None:
    page = post(shop, owner, template="known").content.decode()
    assert '<option value="name" selected>' in page
    assert '<option value="time" selected>' in page
    assert post(shop, owner, template="known", value_known_0="name", value_known_1="time").status_code == 302


def test_a_yes_is_asked_for_only_where_it_is_of_use(shop: Shop, owner: Client) -> None:
    assert 'name="reminder"' not in owner.get(at(shop, "book/")).content.decode()
    post(shop, owner)
    assert 'name="reminder"' in owner.get(at(shop, "book/")).content.decode()
    owner.post(at(shop, "book/"), form(shop, number="+972541234567", reminder="on"))
    owner.post(at(shop, "book/"), form(shop, number="+972541234567", time="13:00"))
    with acting_for(shop.business):
        assert [each.reminder_agreed_at for each in Appointment.objects.all()] == [NOW, None]


def test_the_appointments_page_says_what_became_of_its_reminders(shop: Shop, owner: Client, postbox: Postbox) -> None:
    post(shop, owner, second_hours="2")
    guest = Guest("Dana", "+972541234567", agrees_to_reminder=True)
    with acting_for(shop.business):
        made = booking.book(shop.business, shop.cut, guest, start=NOON, now=NOW)
    page = at(shop, f"appointments/{made.pk}/")
    assert owner.get(page).content.decode().count("Planned") == 2
    reminders.remind(reminders.Due(made.pk, 24), now=NOON - timedelta(days=1))
    with time_machine.travel(NOON - timedelta(hours=20), tick=False):
        later = signed_in(shop.business)
        shown = later.get(page).content.decode()
        assert ("Delivered, not read" in shown, shown.count("Planned")) == (True, 1)
        postbox.standing = Standing("Failed", "No WhatsApp behind this number", has_failed=True)
        shown = later.get(page).content.decode()
        assert "No WhatsApp behind this number" in shown
        assert "Could not be reminded" in shown
        assert "Failed" in later.get(at(shop, "reminders/")).content.decode()
    with acting_for(shop.business):
        assert Reminder.objects.get().result == ReminderResult.SENT


def test_only_owners_choose(shop: Shop, postbox: Postbox) -> None:
    assert signed_in(shop.business, Role.STAFF).get(at(shop, "reminders/")).status_code == 404
