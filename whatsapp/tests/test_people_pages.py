"""Pages of contacts, of an import, and of opted-out numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from businesses.models import Business, Membership, Permission, Role
from businesses.tenancy import acting_for
from whatsapp.models import Consent, ConsentChange, Contact, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.people import consent, suppressions, tagging
from whatsapp.states import RecipientStatus
from whatsapp.tests.conftest import NOW, Make, member

DANA = "+972501234567"


@pytest.fixture
def trusted(clinic: Business, staff: Client) -> Client:
    """Staff whom the owner lets do everything."""
    Membership.objects.update(**dict.fromkeys(Permission.values, True))
    return staff


@pytest.fixture
def dana(clinic: Business) -> Contact:
    return Contact.objects.create(business=clinic, phone=DANA, name="דנה כהן", attributes={"city": "Haifa"})


@pytest.fixture
def stranger(clinic: Business) -> Client:
    other = Business.objects.create(name="Other", slug="other")
    return member(other, Role.OWNER)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("asked", ["דנה", "050-123-4567", "+972 50 123", "1234567"])
def test_a_person_is_found_by_name_and_by_number_in_any_notation(
    asked: str, staff: Client, dana: Contact, clinic: Business
) -> None:
    Contact.objects.create(business=clinic, phone="+972529999999", name="Tal")
    page = staff.get("/b/clinic/contacts/", {"q": asked})
    assert page.context["listing"].rows == [dana]


def test_filters_by_tag_and_consent(staff: Client, dana: Contact, clinic: Business) -> None:
    tal = Contact.objects.create(business=clinic, phone="+972529999999", consent=Consent.GRANTED)
    tagging.tag(clinic, [dana], "vip")
    key = dana.tags.get().pk
    assert staff.get("/b/clinic/contacts/", {"tag": key}).context["listing"].rows == [dana]
    assert staff.get("/b/clinic/contacts/", {"consent": "granted"}).context["listing"].rows == [tal]
    assert len(staff.get("/b/clinic/contacts/", {"tag": "x" * 30, "consent": "no"}).context["listing"].rows) == 2


def test_adding_a_person(staff: Client) -> None:
    form = {"phone": "050-123-4567", "name": "Dana", "tags": "vip,  חיפה ,vip", "consent_source": "form"}
    assert staff.post("/b/clinic/contacts/new/", form).status_code == 302
    made = Contact.objects.get()
    assert (made.phone, made.name, made.consent) == (DANA, "Dana", Consent.GRANTED)
    assert sorted(made.tags.values_list("name", flat=True)) == ["vip", "חיפה"]
    again = staff.post("/b/clinic/contacts/new/", form)
    assert again.status_code == 422
    assert again.context["form"].errors["phone"] == ["This person is already in your contacts."]
    wrong = staff.post("/b/clinic/contacts/new/", form | {"phone": "abc"})
    assert wrong.status_code == 422
    assert "is not a phone number" in wrong.context["form"].errors["phone"][0]
    assert 'value="abc"' in text_of(wrong)
    assert Contact.objects.count() == 1


def test_tagging_those_who_are_marked(staff: Client, dana: Contact, clinic: Business) -> None:
    tal = Contact.objects.create(business=clinic, phone="+972529999999")
    marked = {"contact": [str(dana.pk), "rubbish"], "tag": " vip "}
    answer = staff.post("/b/clinic/contacts/tags/", marked | {"do": "tag", "back": "/b/clinic/contacts/?q=דנה"})
    assert answer["Location"].startswith("/b/clinic/contacts/?q=")
    assert [list(each.tags.values_list("name", flat=True)) for each in (dana, tal)] == [["vip"], []]
    staff.post("/b/clinic/contacts/tags/", marked | {"do": "untag"})
    assert not dana.tags.exists()


@pytest.mark.parametrize("back", ["https://evil.example/b/", "//evil.example", "/b/\\evil", "javascript:x"])
def test_tagging_leads_back_to_our_own_pages_only(back: str, staff: Client) -> None:
    answer = staff.post("/b/clinic/contacts/tags/", {"back": back})
    assert not re.match(r"(https?:)?//|javascript", answer["Location"])
    assert answer["Location"].startswith("/b/")


def test_a_persons_page_steers_consent_and_keeps_its_history(trusted: Client, dana: Contact, make: Make) -> None:
    broadcast = make()
    here = f"/b/clinic/contacts/{dana.pk}/"
    assert trusted.post(here + "agree/", {"source": ""}).status_code == 422
    trusted.post(here + "agree/", {"source": "form, May"})
    trusted.post(here + "suppress/", {"category": "all", "note": "rang us"})
    dana.refresh_from_db()
    assert dana.consent == Consent.WITHDRAWN
    assert broadcast.recipients.get().status == RecipientStatus.SKIPPED
    assert "rang us" in text_of(trusted.get(here))
    trusted.post(here + "lift/")
    assert not Suppression.objects.exists()
    told = [(each.what, each.source, str(each.by)) for each in consent.history(dana.business, [DANA])]
    assert told == [
        ("lifted", "staff", "staff@clinic.test"),
        ("no_broadcasts", "staff", "staff@clinic.test"),
        ("agreed", "form, May", "staff@clinic.test"),
    ]


def test_a_persons_page_corrects_and_tags(staff: Client, dana: Contact) -> None:
    here = f"/b/clinic/contacts/{dana.pk}/"
    staff.post(here + "facts/", {"name": "Dana C.", "language": "he"})
    staff.post(here + "tags/add/", {"tag": "vip"})
    dana.refresh_from_db()
    assert (dana.name, dana.language, dana.tags.get().name) == ("Dana C.", "he", "vip")
    staff.post(here + "tags/remove/", {"tag": "vip"})
    assert not dana.tags.exists()
    assert "/calls/?number=%2B972501234567" in text_of(staff.get(here)), "their calls, by the filter of that list"


def test_saying_the_same_twice_is_one_line_of_history(clinic: Business, dana: Contact) -> None:
    for _ in range(2):
        suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    suppressions.lift(clinic, "+972520000000", now=NOW, categories=list(SuppressionCategory))
    assert [(each.what, each.source_in_words) for each in ConsentChange.objects.all()] == [
        ("no_broadcasts", "They replied with an opt-out word")
    ]


def test_whoever_replied_to_come_back_is_not_said_to_have_opted_out(clinic: Business, dana: Contact) -> None:
    suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    suppressions.lift(clinic, DANA, now=NOW, categories=list(SuppressionCategory))
    dana.refresh_from_db()
    assert dana.consent_source_in_words == "They replied with an opt-in word"
    told = {(each.what, each.source_in_words) for each in consent.history(dana.business, [DANA])}
    assert told == {
        ("agreed", "They replied with an opt-in word"),
        ("no_broadcasts", "They replied with an opt-out word"),
    }


def test_contacts_as_csv(trusted: Client, dana: Contact, clinic: Business) -> None:
    Contact.objects.filter(pk=dana.pk).update(name="=HYPERLINK(1)")
    Contact.objects.create(business=clinic, phone="+972529999999", name="Tal")
    lines = text_of(trusted.get("/b/clinic/contacts/export/", {"q": "HYPER"})).splitlines()
    assert lines[0].startswith('\ufeff"phone","user_id","name"')
    assert lines[1].startswith("""\"+972501234567","","'=HYPERLINK(1)","","","Not asked","","city: Haifa",""")
    assert len(lines) == 2


def test_the_list_of_the_suppressed(trusted: Client, dana: Contact) -> None:
    here = "/b/clinic/contacts/suppressed/"
    wrong = trusted.post(here + "add/", {"address": "12", "category": "all"})
    assert wrong.status_code == 422
    assert list(wrong.context["form"].errors) == ["address"]
    trusted.post(here + "add/", {"address": "050-1234567", "category": "marketing", "note": "by phone"})
    entry = Suppression.objects.get()
    assert (entry.address, entry.category, entry.source, entry.note) == (DANA, "marketing", "staff", "by phone")
    assert trusted.get(here, {"q": "050-123"}).context["listing"].rows == [entry]
    assert trusted.get(here, {"q": "999"}).context["listing"].rows == []
    assert DANA in text_of(trusted.get(here + "export/"))
    trusted.post(f"{here}{entry.pk}/remove/")
    assert not Suppression.objects.exists()


def test_what_is_anothers_does_not_exist(stranger: Client, dana: Contact, clinic: Business) -> None:
    suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW)
    entry = Suppression.objects.get()
    for action in ("facts", "tags/add", "tags/remove", "agree", "suppress", "lift"):
        for slug in ("clinic", "other"):
            path = f"/b/{slug}/contacts/{dana.pk}/{action}/"
            assert stranger.post(path, {"name": "x", "tag": "x", "source": "x", "category": "all"}).status_code == 404
    assert stranger.get(f"/b/other/contacts/{dana.pk}/").status_code == 404
    assert stranger.post(f"/b/other/contacts/suppressed/{entry.pk}/remove/").status_code == 404
    stranger.post("/b/other/contacts/tags/", {"contact": [str(dana.pk)], "tag": "x", "do": "tag"})
    assert stranger.get("/b/other/contacts/").context["listing"].rows == []
    with acting_for(clinic):
        dana.refresh_from_db()
        assert (dana.name, dana.tags.count(), Suppression.objects.count()) == ("דנה כהן", 0, 1)


def test_lists_do_not_ask_more_for_more_rows(staff: Client, clinic: Business) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert staff.get(path).status_code == 200
        return len(asked)

    def people(start: int, count: int) -> None:
        for number in range(start, start + count):
            one = Contact.objects.create(business=clinic, phone=f"+97250{number:07d}")
            tagging.tag(clinic, [one], "vip")
            Suppression.objects.create(business=clinic, address=one.phone or "", created_at=timezone.now())

    paths = ["/b/clinic/contacts/", "/b/clinic/contacts/suppressed/"]
    people(0, 1)
    queries(paths[0])  # the badges are remembered
    few = [queries(path) for path in paths]
    people(1, 20)
    assert [queries(path) for path in paths] == few
    assert max(few) <= 12
