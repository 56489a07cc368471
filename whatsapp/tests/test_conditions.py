"""Conditions on contacts: kept as codes, checked when read back, and true to what they say."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender, make_template
from whatsapp.audience.choice import Group
from whatsapp.audience.conditions import (
    MOST_ATTRIBUTES,
    MOST_DAYS,
    Attribute,
    BadConditions,
    Conditions,
    How,
    Wrote,
    from_kept,
)
from whatsapp.audience.matching import people_matching
from whatsapp.models import Broadcast, Consent, Contact, Recipient
from whatsapp.people import tagging
from whatsapp.states import RecipientStatus
from whatsapp.tests.conftest import NOW

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
tags = st.lists(text, max_size=4).map(tuple)
attributes = st.one_of(
    st.builds(Attribute, text, st.sampled_from([How.EQUALS, How.CONTAINS]), text),
    st.builds(Attribute, text, st.sampled_from([How.EMPTY, How.FILLED])),
)
wrote = st.one_of(
    st.just((None, 0)), st.tuples(st.sampled_from(Wrote), st.integers(1, MOST_DAYS)),
)  # fmt: skip
earlier = st.one_of(st.just(("", None)), st.tuples(st.uuids().map(str), st.sampled_from(Group)))


@st.composite
def conditions(draw: Any) -> Conditions:
    when, days = draw(wrote)
    broadcast, group = draw(earlier)
    return Conditions(
        any_tags=draw(tags),
        all_tags=draw(tags),
        no_tags=draw(tags),
        language=draw(st.sampled_from(["", "he", "en"])),
        consent=draw(st.sampled_from(["", *Consent.values])),
        attributes=tuple(draw(st.lists(attributes, max_size=MOST_ATTRIBUTES))),
        wrote=when,
        wrote_days=days,
        added_since=draw(st.one_of(st.none(), st.dates())),
        broadcast=broadcast,
        group=group,
    )


@pytest.mark.pure
@given(conditions())
def test_what_is_kept_is_read_back(kept: Conditions) -> None:
    assert from_kept(json.loads(json.dumps(kept.kept()))) == kept


@pytest.mark.pure
@given(
    conditions(),
    st.sampled_from(list(Conditions.__dataclass_fields__)),
    st.sampled_from([7.5, "x", [[]], {"a": 1}, True]),
)
def test_what_is_broken_is_refused_and_never_means_everybody(kept: Conditions, name: str, value: Any) -> None:
    try:
        found = from_kept({**kept.kept(), name: value})
    except BadConditions:
        return
    assert found
    assert json.loads(json.dumps(found.kept()))[name] == value


@pytest.mark.pure
@pytest.mark.parametrize(
    "kept",
    [
        None, [], "x", {"tags": ["a"]}, {"wrote": "within"}, {"wrote_days": 3}, {"wrote": "within", "wrote_days": True},
        {"wrote": "within", "wrote_days": MOST_DAYS + 1}, {"group": "read"}, {"broadcast": "x", "group": "read"},
        {"attributes": [{"name": "", "how": "empty"}]}, {"attributes": [{"name": "a", "how": "equals"}]},
        {"attributes": [{"name": "a", "how": "empty", "value": "b"}]}, {"any_tags": "vip"}, {"any_tags": ["a\0"]},
        {"attributes": [{"name": "a", "how": "empty"}] * 4}, {"consent": ""}, {"added_since": "yesterday"},
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(kept: Any) -> None:
    with pytest.raises(BadConditions):
        from_kept(kept)


@pytest.fixture
def people(clinic: Business) -> dict[str, Contact]:
    rows: dict[str, dict[str, Any]] = {
        "dana": {
            "language": "he",
            "consent": "granted",
            "attributes": {"city": "Haifa", "size": 5},
            "last_inbound_at": NOW,
        },
        "noa": {"language": "HE", "attributes": {"city": " "}, "last_inbound_at": NOW - timedelta(days=40)},
        "omer": {"language": "en", "consent": "withdrawn", "attributes": {"city": "New haifa"}},
    }
    made = {}
    for number, (name, values) in enumerate(rows.items()):
        made[name] = Contact.objects.create(business=clinic, name=name, phone=f"+97250123456{number}", **values)
    for name, tag in (("dana", "vip"), ("dana", "new"), ("noa", "vip"), ("omer", "old")):
        tagging.tag(clinic, [made[name]], tag)
    return made


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Conditions(), "dana noa omer"),
        (Conditions(any_tags=("vip", "old")), "dana noa omer"),
        (Conditions(any_tags=("new", "gone")), "dana"),
        (Conditions(all_tags=("vip", "new")), "dana"),
        (Conditions(all_tags=("vip", "gone")), ""),
        (Conditions(no_tags=("new", "old")), "noa"),
        (Conditions(any_tags=("vip",), no_tags=("new",)), "noa"),
        (Conditions(language="he"), "dana noa"),
        (Conditions(consent="withdrawn"), "omer"),
        (Conditions(attributes=(Attribute("city", How.EQUALS, "haifa"),)), "dana"),
        (Conditions(attributes=(Attribute("city", How.CONTAINS, "HAIFA"),)), "dana omer"),
        (Conditions(attributes=(Attribute("city", How.EMPTY),)), "noa"),
        (Conditions(attributes=(Attribute("size", How.EMPTY),)), "noa omer"),
        (Conditions(attributes=(Attribute("size", How.EQUALS, "5"), Attribute("city", How.FILLED))), "dana"),
        (Conditions(attributes=(Attribute("city", How.CONTAINS, "%"),)), ""),
        (Conditions(wrote=Wrote.WITHIN, wrote_days=40), "dana noa"),
        (Conditions(wrote=Wrote.WITHIN, wrote_days=39), "dana"),
        (Conditions(wrote=Wrote.NOT_WITHIN, wrote_days=39), "noa omer"),
        (Conditions(wrote=Wrote.NOT_WITHIN, wrote_days=41), "omer"),
    ],
)  # fmt: skip
def test_they_mean_what_they_say(clinic: Business, people: dict[str, Contact], asked: Conditions, found: str) -> None:
    assert {each.name for each in people_matching(clinic, asked, now=NOW)} == set(found.split())


def test_tags_are_asked_by_their_keys(clinic: Business, people: dict[str, Contact]) -> None:
    asked = Conditions(any_tags=("vip", "old"), all_tags=("new",), no_tags=("gone",))
    assert '"whatsapp_tag"' not in str(people_matching(clinic, asked, now=NOW).query), "only of keys numbers are known"


def test_a_day_begins_at_the_midnight_of_the_business(clinic: Business, people: dict[str, Contact]) -> None:
    evening = datetime(2026, 11, 19, 22, 30, tzinfo=UTC)  # 00:30 of the 20th in Jerusalem
    Contact.objects.update(created_at=evening - timedelta(hours=1))
    Contact.objects.filter(name="dana").update(created_at=evening)
    asked = Conditions(added_since=date(2026, 11, 20))
    assert [each.name for each in people_matching(clinic, asked, now=NOW)] == ["dana"]


def test_people_of_a_broadcast_are_found_by_contact_and_by_address(
    clinic: Business, people: dict[str, Contact]
) -> None:
    sender = make_sender(clinic)
    template = make_template(sender)
    sent = Broadcast.objects.create(business=clinic, sender=sender, template=template, name="x", **template.kept())
    rows = (
        (people["dana"].phone, None, RecipientStatus.DELIVERED),
        ("+972509999999", people["noa"], RecipientStatus.DELIVERED),  # her number has changed since
        (people["omer"].phone, people["omer"], RecipientStatus.READ),
    )
    for address, contact, status in rows:
        Recipient.objects.create(business=clinic, broadcast=sent, address=address, contact=contact, status=status)
    asked = Conditions(broadcast=str(sent.pk), group=Group.NOT_READ)
    assert {each.name for each in people_matching(clinic, asked, now=NOW)} == {"dana", "noa"}
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        Contact.objects.create(business=other, name="theirs", phone=people["dana"].phone)
        assert not people_matching(other, asked, now=NOW).exists()
    sent.delete()
    assert not people_matching(clinic, asked, now=NOW).exists()
