"""One person is one, whatever address a provider knows them by: nothing reaches somebody who has opted out."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from testing.broadcasts import addresses
from whatsapp.audience.choice import FileChoice
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.models import AddressTie, Broadcast, Contact, InboundMessage, Recipient, Suppression
from whatsapp.webhooks.tests.worlds import MetaWorld, TwilioWorld, World, csv_of, rows_of

DANA, OTHER_FORM = "+5531996883193", "+553196883193"
"""Two forms of one number."""
UNLIKE = "+15550107777"
"""A number that no rule ties to Dana's: only news can."""
USER_ID = "BR.13491208655302741918"
STRANGERS = addresses(3)


def frozen(world: World, *people: str) -> Broadcast:
    """A draft to these people, as a file makes it."""
    plan = NewBroadcast(world.template, world.sender, FileChoice(), file=io.BytesIO(csv_of(people)))
    broadcast = creation.create(world.business, plan, now=datetime.now(UTC))
    freeze_audience(broadcast, now=datetime.now(UTC))
    return broadcast


def row(broadcast: Broadcast, address: str = DANA) -> Recipient:
    return Recipient.objects.get(broadcast=broadcast, address=address)


def expect_silence(world: World, *, beside: list[str] = STRANGERS) -> None:
    """Dana gets nothing from the next broadcasts, whether her row is judged at the freeze or before it leaves."""
    world.got()
    late = world.broadcast(DANA, *beside)
    assert sorted(world.got()) == sorted(beside)
    assert rows_of(late)[DANA] == ("skipped", "opted_out")
    assert [why for _status, why in rows_of(frozen(world, DANA, *beside)).values()] == ["opted_out", "", "", ""]


def test_stop_from_another_form_of_the_number(world: World) -> None:
    world.broadcast(DANA, *STRANGERS)
    world.says(OTHER_FORM, "STOP")
    expect_silence(world)
    assert Suppression.objects.count() == 1
    assert Contact.objects.count() == 1


def test_stop_from_another_form_with_a_start_afterwards(world: World) -> None:
    world.broadcast(DANA, *STRANGERS)
    world.says(OTHER_FORM, "STOP")
    world.says(DANA, "START")
    world.got()
    world.broadcast(DANA)
    assert world.got() == [DANA]


def test_stop_from_a_number_that_a_report_has_named(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    world.reports(row(first), as_number=UNLIKE)
    world.says(UNLIKE, "הסר")
    expect_silence(world)


def test_stop_from_a_user_id_that_a_report_has_named(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    world.reports(row(first), as_number=DANA, as_user_id=USER_ID)
    world.says("", "STOP", user_id=USER_ID)
    expect_silence(world)


def test_stop_that_quotes_our_message(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    world.says("", "STOP", user_id=USER_ID, quoting=row(first))
    expect_silence(world)
    assert InboundMessage.objects.get().recipient_id == row(first).pk


def test_the_report_that_ties_comes_after_the_stop(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    world.says("", "STOP", user_id=USER_ID)
    world.reports(row(first), as_number=DANA, as_user_id=USER_ID)
    expect_silence(world)


def test_stop_between_the_freeze_and_the_wave(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    world.reports(row(first), as_number=UNLIKE)
    waiting = frozen(world, DANA, *STRANGERS)
    world.says(UNLIKE, "STOP")
    assert rows_of(waiting)[DANA] == ("skipped", "opted_out")
    assert [status for status, _why in rows_of(waiting).values()].count("pending") == 3


def test_the_number_of_an_answer(at_meta: MetaWorld) -> None:
    at_meta.meta.wa_ids[DANA] = UNLIKE.lstrip("+")
    at_meta.broadcast(DANA, *STRANGERS)
    at_meta.says(UNLIKE, "STOP")
    expect_silence(at_meta)


def test_the_user_id_of_an_answer(at_meta: MetaWorld) -> None:
    at_meta.meta.user_ids[DANA] = USER_ID
    at_meta.broadcast(DANA, *STRANGERS)
    at_meta.says("", "STOP", user_id=USER_ID)
    expect_silence(at_meta)


def test_the_number_of_twilios_answer(at_twilio: TwilioWorld) -> None:
    at_twilio.twilio.known_as[DANA] = UNLIKE
    at_twilio.broadcast(DANA, *STRANGERS)
    at_twilio.says(UNLIKE, "STOP")
    expect_silence(at_twilio)


def test_a_message_names_number_and_user_id(world: World) -> None:
    world.says(DANA, "hello", user_id=USER_ID)
    world.says("", "STOP", user_id=USER_ID)
    assert Contact.objects.count() == 1
    contact = Contact.objects.get()
    assert (contact.phone, contact.bsuid, contact.consent) == (DANA, USER_ID, "withdrawn")
    expect_silence(world)


def test_a_user_id_alone_is_a_person(world: World) -> None:
    world.says("", "STOP", user_id=USER_ID)
    contact = Contact.objects.get()
    assert (contact.phone, contact.bsuid) == (None, USER_ID)
    world.broadcast(DANA)
    assert world.got() == [DANA]


def test_preferences_tie_number_and_user_id(at_meta: MetaWorld) -> None:
    at_meta.prefers(UNLIKE, USER_ID, "stop")
    at_meta.says(DANA, "hello", user_id=USER_ID)
    expect_silence(at_meta)


@pytest.mark.parametrize("kind", ["user_changed_number", "customer_changed_number"])
def test_the_opt_out_goes_along_to_a_new_number(at_meta: MetaWorld, kind: str) -> None:
    at_meta.says(UNLIKE, "STOP")
    at_meta.system(UNLIKE, type=kind, wa_id=DANA.lstrip("+"), user_id=USER_ID)
    contact = Contact.objects.get()
    assert (contact.phone, contact.bsuid, contact.consent) == (DANA, USER_ID, "withdrawn")
    expect_silence(at_meta)


def test_the_opt_out_goes_along_to_a_new_user_id(at_meta: MetaWorld) -> None:
    at_meta.says("", "STOP", user_id=USER_ID)
    at_meta.system("", type="user_changed_user_id", previous_user_id=USER_ID, user_id="BR.2222")
    at_meta.says(DANA, "hello", user_id="BR.2222")
    expect_silence(at_meta)


def test_nobody_else_is_tied_or_silenced(world: World) -> None:
    first = world.broadcast(DANA, *STRANGERS)
    for number, stranger in enumerate(STRANGERS):
        world.reports(row(first, stranger), as_number=stranger, as_user_id=f"IL.{number}")
    world.reports(row(first), as_number=UNLIKE)
    world.says(UNLIKE, "STOP")
    expect_silence(world)
    assert AddressTie.objects.count() == 4
    assert set(Suppression.objects.values_list("address", flat=True)) == {UNLIKE}
