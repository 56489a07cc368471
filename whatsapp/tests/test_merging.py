"""Contacts that turn out to be one person: merged without a loss, shown, and made two again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from businesses.errors import NotPermitted
from businesses.models import AuditEntry, Business, Membership, Permission, Role, User
from businesses.tenancy import across_businesses, acting_for
from testing.broadcasts import make_broadcast
from whatsapp.models import (
    AddressTie,
    Contact,
    ContactMerge,
    InboundMessage,
    MessageTemplate,
    PersonAddress,
    Recipient,
    Sender,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    TieSource,
)
from whatsapp.people import identity, merging, suppressions, tagging, ties
from whatsapp.people.merging import MergedSince
from whatsapp.people.ties import Tie
from whatsapp.tests.conftest import NOW

DANA, AGAIN, THIRD, USER_ID = "+972501234567", "+15550107777", "+15550108888", "IL.13491208655"
LATER = NOW + timedelta(hours=1)


def learn(business: Business, one: str, other: str, source: TieSource = TieSource.STATUS, **more: str) -> int:
    return ties.learn(business, [Tie(one, other, source, **more)], now=NOW)


def contact(business: Business, phone: str, days: int, **fields: Any) -> Contact:
    made = Contact.objects.create(business=business, phone=phone, **fields)
    Contact.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=days))
    return made


def facts(found: Contact) -> dict[str, Any]:
    found.refresh_from_db()
    columns = ("id", "phone", "bsuid", "name", "language", "attributes", "consent", "consent_source", "created_at")
    return {name: getattr(found, name) for name in columns} | {"tags": sorted(tag.name for tag in found.tags.all())}


@pytest.fixture
def owner(clinic: Business) -> User:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    return user


@pytest.fixture
def two(clinic: Business, sender: Sender, template: MessageTemplate) -> tuple[Contact, Contact]:
    """The same woman twice: with a message to each number, and one from the second."""
    old = contact(clinic, DANA, 9, name="Dana", attributes={"city": "Haifa"}, consent="granted", consent_source="form")
    new = contact(clinic, AGAIN, 3, name="D. Cohen", language="he", attributes={"city": "Akko", "size": "M"})
    tagging.tag(clinic, [old], "vip")
    tagging.tag(clinic, [new], "new")
    for row in Recipient.objects.filter(broadcast=make_broadcast(sender, template, [DANA, AGAIN], status="completed")):
        Recipient.objects.filter(pk=row.pk).update(
            contact=old if row.address == DANA else new, status="delivered", accepted_at=NOW
        )
    wrote(clinic, sender, new, AGAIN)
    return old, new


def wrote(business: Business, sender: Sender, who: Contact, address: str, at: datetime = NOW) -> InboundMessage:
    return InboundMessage.objects.create(
        business=business,
        sender=sender,
        contact=who,
        address=address,
        provider="cloud",
        provider_message_id=f"in.{address}.{at}",
        kind="text",
        text="hello",
        received_at=at,
    )


def test_nothing_of_either_is_lost(clinic: Business, two: tuple[Contact, Contact]) -> None:
    old, new = two
    suppressions.suppress(clinic, AGAIN, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    assert learn(clinic, DANA, AGAIN) == 1
    one = Contact.objects.get()
    assert one.pk == old.pk
    assert (one.name, one.language, one.attributes) == ("Dana", "he", {"city": "Haifa", "size": "M"})
    assert sorted(tag.name for tag in one.tags.all()) == ["new", "vip"]
    assert (one.consent, one.consent_source) == ("withdrawn", "reply"), "the strictest consent"
    assert Recipient.objects.filter(contact=one).count() == 2
    assert InboundMessage.objects.get().contact_id == one.pk
    merge = ContactMerge.objects.get()
    assert (merge.absorbed_id, merge.source, merge.mine, merge.theirs) == (new.pk, "status", [DANA], [AGAIN])
    entry = AuditEntry.objects.get(kind="contacts_merged")
    assert DANA not in str(entry.details)
    assert AGAIN not in str(entry.details)


def test_undoing_restores_both_and_keeps_them_apart(
    clinic: Business, two: tuple[Contact, Contact], owner: User
) -> None:
    before = [facts(each) for each in two]
    learn(clinic, DANA, AGAIN)
    back = merging.undo(ContactMerge.objects.get(), now=LATER, by=owner)
    assert back is not None
    assert [facts(Contact.objects.get(pk=each.pk)) for each in two] == before
    assert dict(Recipient.objects.values_list("address", "contact")) == {DANA: two[0].pk, AGAIN: two[1].pk}
    assert InboundMessage.objects.get().contact_id == two[1].pk
    assert not PersonAddress.objects.exists()
    assert learn(clinic, DANA, AGAIN) == 0, "somebody has said that they are two"
    assert learn(clinic, DANA, THIRD) == 1
    assert learn(clinic, THIRD, AGAIN) == 0, "not in a roundabout way either"
    assert identity.addresses_of(clinic, AGAIN) == [AGAIN]
    assert AuditEntry.objects.filter(kind="contacts_parted").count() == 1
    assert merging.undo(ContactMerge.objects.get(), now=LATER, by=owner) is None


def test_what_came_since_goes_to_whom_it_came_from(
    clinic: Business, sender: Sender, two: tuple[Contact, Contact], owner: User
) -> None:
    learn(clinic, DANA, AGAIN)
    learn(clinic, AGAIN, USER_ID)
    tagging.tag(clinic, [Contact.objects.get()], "since")
    said = wrote(clinic, sender, Contact.objects.get(), USER_ID, at=LATER)
    suppressions.suppress(clinic, USER_ID, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=LATER)
    assert suppressions.blocked(clinic, [DANA, AGAIN], "UTILITY") == {DANA, AGAIN}
    merging.undo(ContactMerge.objects.get(), now=LATER, by=owner)
    old, new = (Contact.objects.get(pk=each.pk) for each in two)
    assert (old.consent, new.consent) == ("granted", "withdrawn")
    assert suppressions.blocked(clinic, [DANA, AGAIN], "UTILITY") == {AGAIN}
    said.refresh_from_db()
    assert (said.contact_id, new.last_inbound_at, old.last_inbound_at) == (new.pk, LATER, None)
    assert sorted(tag.name for tag in old.tags.all()) == ["since", "vip"]
    assert set(identity.addresses_of(clinic, USER_ID)) == {USER_ID, AGAIN}


def test_merges_are_undone_from_the_last(clinic: Business, two: tuple[Contact, Contact], owner: User) -> None:
    third = contact(clinic, THIRD, 1, name="Third")
    before = [facts(each) for each in (*two, third)]
    learn(clinic, DANA, AGAIN)
    ties.learn(clinic, [Tie(AGAIN, THIRD, TieSource.QUOTE)], now=LATER)
    first, second = ContactMerge.objects.order_by("at")
    with pytest.raises(MergedSince):
        merging.undo(first, now=LATER, by=owner)
    merging.undo(second, now=LATER, by=owner)
    merging.undo(first, now=LATER, by=owner)
    assert [facts(Contact.objects.get(pk=each.pk)) for each in (*two, third)] == before


def test_a_merge_that_came_first_is_moved_to_the_oldest(clinic: Business, owner: User) -> None:
    oldest, middle, newest = (contact(clinic, phone, days) for phone, days in ((DANA, 9), (AGAIN, 5), (THIRD, 1)))
    before = [facts(each) for each in (oldest, middle, newest)]
    learn(clinic, AGAIN, THIRD)
    ties.learn(clinic, [Tie(THIRD, DANA, TieSource.QUOTE)], now=LATER)
    assert Contact.objects.get().pk == oldest.pk
    for merge in ContactMerge.objects.order_by("-at"):
        merging.undo(ContactMerge.objects.get(pk=merge.pk), now=LATER, by=owner)
    assert [facts(each) for each in Contact.objects.order_by("created_at")] == before


def test_two_forms_of_one_number_are_one_contact_when_they_are_heard_of(clinic: Business, owner: User) -> None:
    old, new = contact(clinic, "+5531996883193", 9, name="Ana"), contact(clinic, "+553196883193", 3, name="Old")
    assert merging.one_contact(clinic, ["+553196883193"], now=NOW) == old
    assert Contact.objects.count() == 1
    merging.undo(ContactMerge.objects.get(), now=LATER, by=owner)
    found = merging.one_contact(clinic, ["+553196883193"], now=LATER)
    assert (found, Contact.objects.count()) == (new, 2), "somebody wants two"
    suppressions.suppress(
        clinic, old.address, category=SuppressionCategory.ALL, source=SuppressionSource.STAFF, now=NOW
    )
    assert suppressions.blocked(clinic, [new.address], "UTILITY") == {new.address}, "and yet it is one number"


def test_a_new_number_takes_the_place_of_the_old_one(clinic: Business) -> None:
    contact(clinic, DANA, 9, bsuid=USER_ID)
    learn(clinic, DANA, AGAIN, TieSource.NEW_NUMBER, newer=AGAIN)
    one = Contact.objects.get()
    assert (one.phone, one.bsuid) == (AGAIN, USER_ID)
    assert set(identity.addresses_of_contact(one)) >= {DANA, AGAIN}


def test_never_across_businesses(clinic: Business, two: tuple[Contact, Contact]) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        theirs = [contact(other, DANA, 9), contact(other, AGAIN, 3)]
    learn(clinic, DANA, AGAIN)
    suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    with acting_for(other):
        assert identity.addresses_of(other, DANA) == [DANA]
        assert suppressions.blocked(other, [DANA, AGAIN], "UTILITY") == set()
        assert set(Contact.objects.all()) == set(theirs)
    with across_businesses():
        assert set(AddressTie.objects.values_list("business", flat=True)) == {clinic.pk}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_a_merge_and_undoes_it(clinic: Business, two: tuple[Contact, Contact], owner: User) -> None:
    learn(clinic, DANA, AGAIN)
    address = f"/b/clinic/contacts/{two[0].pk}/"
    client = client_of(owner)
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address).content.decode()
    assert len(asked) <= 12
    assert "The same person" in page
    assert "D. Cohen" in page
    assert "A delivery report" in page
    answer = client_of(owner).post(f"{address}part/", {"merge": str(ContactMerge.objects.get().pk)}, follow=True)
    assert "They are two contacts again." in answer.content.decode()
    assert Contact.objects.count() == 2
    assert client_of(owner).post(f"{address}part/", {"merge": "nonsense"}).status_code == 404


def test_only_who_may_lift_opt_outs_may_undo(clinic: Business, two: tuple[Contact, Contact]) -> None:
    staff = User.objects.create_user("staff@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=staff, role=Role.STAFF)
    learn(clinic, DANA, AGAIN)
    merge = ContactMerge.objects.get()
    with pytest.raises(NotPermitted):
        merging.undo(merge, now=LATER, by=staff)
    page = client_of(staff).get(f"/b/clinic/contacts/{two[0].pk}/").content.decode()
    assert "They are two people" not in page
    assert client_of(staff).post(f"/b/clinic/contacts/{two[0].pk}/part/", {"merge": str(merge.pk)}).status_code == 403
    assert Contact.objects.count() == 1
    Membership.objects.filter(user=staff).update(**{Permission.LIFT_OPT_OUTS.value: True})
    assert "They are two people" in client_of(staff).get(f"/b/clinic/contacts/{two[0].pk}/").content.decode()


def test_an_opt_out_by_staff_holds_for_both_after_undoing(
    clinic: Business, two: tuple[Contact, Contact], owner: User
) -> None:
    learn(clinic, DANA, AGAIN)
    client_of(owner).post(f"/b/clinic/contacts/{two[0].pk}/suppress/", {"category": "all", "note": ""})
    assert set(Suppression.objects.values_list("address", flat=True)) == {DANA, AGAIN}
    merging.undo(ContactMerge.objects.get(), now=datetime.now(UTC), by=owner)
    assert set(Contact.objects.values_list("consent", flat=True)) == {"withdrawn"}
