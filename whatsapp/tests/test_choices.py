"""People chosen from contacts and from earlier broadcasts."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, Group, from_json, to_json
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, Consent, Contact, ContactTag, InboundMessage, Recipient, Tag
from whatsapp.states import RecipientStatus
from whatsapp.tests.conftest import NOW, Make


def contact(business: Business, phone: str, *tags: str, **values: Any) -> Contact:
    made = Contact.objects.create(business=business, phone=phone, **values)
    for name in tags:
        tag, _new = Tag.objects.get_or_create(business=business, name=name)
        ContactTag.objects.create(business=business, contact=made, tag=tag)
    return made


def chosen(broadcast: Broadcast) -> list[str]:
    return sorted(filter(None, Recipient.objects.filter(broadcast=broadcast).values_list("address", flat=True)))


@pytest.fixture
def people(clinic: Business) -> None:
    contact(clinic, "+972500000001", "vip", "haifa", name="Dana Cohen", language="he", attributes={"city": "Haifa"})
    contact(clinic, "+972500000002", "vip", name="Joe Smith", language="en", attributes={"city": "Eilat"})
    contact(clinic, "+972500000003", "haifa", name="Tal", consent=Consent.GRANTED, attributes={"city": "Haifa", "n": 7})
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        contact(other, "+972509999999", "vip", "haifa", name="Not ours", language="he", attributes={"city": "Haifa"})


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (ContactsChoice(), [1, 2, 3]),
        (ContactsChoice(tags=("vip",)), [1, 2]),
        (ContactsChoice(tags=("vip", "haifa")), [1]),
        (ContactsChoice(tags=("vip",), without_tags=("haifa",)), [2]),
        (ContactsChoice(language="he"), [1]),
        (ContactsChoice(attributes={"city": "Haifa"}), [1, 3]),
        (ContactsChoice(attributes={"city": "Haifa", "n": "7"}), [3]),
        (ContactsChoice(only_with_consent=True), [3]),
    ],
)
def test_contacts_are_chosen_by_tags_and_filters(
    choice: ContactsChoice, numbers: list[int], people: None, make: Make
) -> None:
    with across_businesses():  # as the sending loop prepares: the choice itself must stay inside the business
        broadcast = make(choice=choice)
    assert chosen(broadcast) == [f"+97250000000{number}" for number in numbers]


def test_an_attribute_is_a_name_and_no_lookup(people: None, make: Make) -> None:
    with pytest.raises(BadAudience, match="No contact"):
        make(choice=ContactsChoice(attributes={"city__startswith": "H"}))


def test_values_come_from_the_contact(people: None, make: Make) -> None:
    names = dict(
        Recipient.objects.filter(broadcast=make(choice=ContactsChoice())).values_list("address", "params__first_name")
    )
    assert names == {"+972500000001": "Dana", "+972500000002": "Joe", "+972500000003": "Tal"}
    cities = Recipient.objects.filter(broadcast=make(choice=ContactsChoice(values={"first_name": "city"})))
    assert set(cities.values_list("params__first_name", flat=True)) == {"Haifa", "Eilat"}
    same = Recipient.objects.filter(broadcast=make(choice=ContactsChoice(constants={"first_name": "friend"})))
    assert set(same.values_list("params__first_name", flat=True)) == {"friend"}


def test_a_contact_without_a_value_is_skipped(clinic: Business, make: Make) -> None:
    contact(clinic, "+972500000001")
    person = Recipient.objects.get(broadcast=make(choice=ContactsChoice()))
    assert (person.status, person.skip_reason) == ("skipped", "missing_variable")


@pytest.mark.parametrize(
    ("group", "numbers"),
    [
        (Group.NOT_READ, [1]),
        (Group.READ, [2, 3]),
        (Group.REPLIED, [3]),
        (Group.NOT_REPLIED, [1, 2, 4, 5]),
        (Group.NOT_DELIVERED, [4, 5]),
        (Group.FAILED_PASSING, [6]),
    ],
)
def test_people_of_an_earlier_broadcast(group: Group, numbers: list[int], make: Make, clinic: Business) -> None:
    earlier = make("phone,first_name\n" + "".join(f"+97250000000{n},P{n}\n" for n in range(1, 9)) + "x,Y\n")
    states: dict[int, dict[str, str]] = {
        1: {"status": RecipientStatus.DELIVERED},
        2: {"status": RecipientStatus.READ},
        3: {"status": RecipientStatus.READ},
        4: {"status": RecipientStatus.SENT},
        5: {"status": RecipientStatus.EXPIRED},
        6: {"status": RecipientStatus.FAILED, "error_class": "deferred"},
        7: {"status": RecipientStatus.FAILED, "error_class": "permanent"},
        8: {"status": RecipientStatus.CANCELLED},
    }
    for number, fields in states.items():
        Recipient.objects.filter(broadcast=earlier, address=f"+97250000000{number}").update(**fields)
    third = Recipient.objects.get(broadcast=earlier, address="+972500000003")
    InboundMessage.objects.create(
        business=clinic, sender=earlier.sender, recipient=third, address="+972500000003", provider="cloud",
        provider_message_id="m1", kind="text", received_at=NOW,
    )  # fmt: skip
    again = make(choice=EarlierChoice(str(earlier.pk), group))
    assert chosen(again) == [f"+97250000000{number}" for number in numbers]
    assert set(Recipient.objects.filter(broadcast=again).values_list("params__first_name", flat=True)) == {
        f"P{number}" for number in numbers
    }


def test_another_businesss_broadcast_does_not_exist(make: Make, clinic: Business) -> None:
    earlier = make()
    Recipient.objects.filter(broadcast=earlier).update(status=RecipientStatus.DELIVERED)
    other = Business.objects.create(name="Other", slug="other")
    Broadcast.objects.filter(pk=earlier.pk).update(business=other)
    with across_businesses(), pytest.raises(BadAudience, match="doesn't exist"):
        make(choice=EarlierChoice(str(earlier.pk), Group.NOT_READ))


@pytest.mark.parametrize(
    ("kind", "choice"),
    [
        ("file", FileChoice({"day": "Friday"})),
        ("contacts", ContactsChoice(("a",), ("b",), "he", {"c": "d"}, only_with_consent=True, values={"x": "y"})),
        ("earlier", EarlierChoice("0b1f", Group.REPLIED, constants={"k": "v"})),
    ],
)
def test_a_choice_is_kept_as_json(kind: str, choice: Choice) -> None:
    assert from_json(kind, to_json(choice)) == choice
