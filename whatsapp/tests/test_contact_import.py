from __future__ import annotations

import io

import pytest

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.errors import BadAudience
from whatsapp.importing import files, reading
from whatsapp.importing.contact_import import import_contacts
from whatsapp.models import (
    Consent,
    Contact,
    ContactImport,
    ContactTag,
    ImportStatus,
    RejectedRow,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions
from whatsapp.tests.conftest import NOW


def take(business: Business, text: str, **how: object) -> ContactImport:
    return import_contacts(business, io.BytesIO(text.encode()), now=NOW, **how)  # type: ignore[arg-type]


def tags_of(contact: Contact) -> list[str]:
    return sorted(contact.tags.values_list("name", flat=True))


def counts(made: ContactImport) -> dict[str, int]:
    assert made.rows_read == made.added + made.updated + made.unchanged + made.rejected
    return {name: getattr(made, name) for name in ("added", "updated", "unchanged", "rejected")}


def test_columns_become_name_language_tags_and_attributes(clinic: Business) -> None:
    take(clinic, 'טלפון,שם,שפה,תגיות,עיר,notes\n050-1234567,דנה כהן,he,"vip, חיפה",חיפה,\n')
    dana = Contact.objects.get()
    assert (dana.phone, dana.name, dana.language, dana.attributes) == (
        "+972501234567",
        "דנה כהן",
        "he",
        {"עיר": "חיפה"},
    )
    assert tags_of(dana) == ["vip", "חיפה"]


def test_repeating_adds_nothing_and_updates_what_is_said(clinic: Business) -> None:
    first = take(clinic, "phone,name,city\n0501234567,Dana,Haifa\n0521234567,Tal,Eilat\n", tags=["a"])
    again = take(clinic, "phone,name,city,age\n0501234567,,Tel Aviv,30\n", tags=["b"])
    assert counts(first) == {"added": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    assert counts(again) == {"added": 0, "updated": 1, "unchanged": 0, "rejected": 0}
    dana = Contact.objects.get(phone="+972501234567")
    assert (dana.name, dana.attributes) == ("Dana", {"city": "Tel Aviv", "age": "30"})
    assert tags_of(dana) == ["a", "b"]
    assert ContactTag.objects.count() == 3


def test_rows_of_the_same_person_are_one_contact(clinic: Business) -> None:
    result = take(clinic, "phone,name,tags,city\n0501234567,,x,Haifa\n+972501234567,Dana,y,\n050-1234567,Dana,,\n")
    assert counts(result) == {"added": 1, "updated": 1, "unchanged": 1, "rejected": 0}
    dana = Contact.objects.get()
    assert (dana.name, dana.attributes, tags_of(dana)) == ("Dana", {"city": "Haifa"}, ["x", "y"])


def test_a_row_with_a_number_and_a_user_id_says_that_both_are_one_person_s(clinic: Business) -> None:
    suppressions.suppress(
        clinic, "US.13491208655302741918", category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW
    )
    take(clinic, "phone,user_id,name\n0501234567,,Dana\n")
    result = take(
        clinic,
        "phone,user_id,name\n0501234567,US.13491208655302741918,Dana\n0521234567,US.22291208655302741918,Tal\n"
        "0531234567,no id,Gil\n",
    )
    assert (result.added, result.rejected) == (2, 0)
    known = dict(Contact.objects.values_list("phone", "bsuid"))
    assert known == {
        "+972501234567": "US.13491208655302741918",
        "+972521234567": "US.22291208655302741918",
        "+972531234567": None,
    }
    everything = SuppressionCategory.ALL.value
    assert suppressions.blocked(clinic, ["+972501234567", "+972521234567"], everything) == {"+972501234567"}


def test_bad_rows_are_named_and_the_others_taken(clinic: Business) -> None:
    result = take(clinic, f"phone,name,city\nabc,A,\n0501234567,Dana,Haifa\n0521234567,Tal,{'x' * 1025}\n")
    assert counts(result) == {"added": 1, "updated": 0, "unchanged": 0, "rejected": 2}
    rejected = [(row.row, row.given, reason_words(row), row.cells) for row in RejectedRow.objects.all()]
    assert rejected == [
        (2, "abc", "“abc” is not a phone number. Write one number, like +972501234567.", ["abc", "A", ""]),
        (
            4,
            "0521234567",
            "Column “city” has 1,025 characters; at most 1,024.",
            ["0521234567", "Tal", "x" * 1025],
        ),
    ]


def test_consent_is_noted_but_never_given_back(clinic: Business) -> None:
    Contact.objects.create(business=clinic, phone="+972501234567", consent=Consent.WITHDRAWN)
    take(clinic, "phone\n0501234567\n0521234567\n", consent_source="form")
    told = dict(Contact.objects.values_list("phone", "consent"))
    assert told == {"+972501234567": Consent.WITHDRAWN, "+972521234567": Consent.GRANTED}
    tal = Contact.objects.get(phone="+972521234567")
    assert (tal.consent_source, tal.consent_changed_at) == ("form", NOW)


def test_people_with_a_user_id_only(clinic: Business) -> None:
    result = take(clinic, "phone,bsuid,name\n,US.134912,Joe\n,what,X\n")
    assert (Contact.objects.get().bsuid, Contact.objects.get().phone, result.rejected) == ("US.134912", None, 1)


def test_another_business_has_contacts_of_its_own(clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        take(other, "phone,name\n+972501234567,Theirs\n", tags=["vip"])
    take(clinic, "phone,name\n0501234567,Ours\n", tags=["vip"])
    assert Contact.objects.get().name == "Ours"
    with acting_for(other):
        assert Contact.objects.get().name == "Theirs"


def test_batches_and_progress(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 2)
    seen: list[int] = []
    take(clinic, "phone\n" + "".join(f"05012345{n:02d}\n" for n in range(5)), on_progress=seen.append)
    assert seen == [2, 4, 5]
    assert Contact.objects.count() == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("name\nA\n", "no column of phone"),
        ("phone,x,X\n1,2,3\n", "two columns named"),
        ("phone\n", "no rows"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused(text: str, says: str, clinic: Business) -> None:
    with pytest.raises(BadAudience, match=says):
        take(clinic, text)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()


def test_repeating_exactly_changes_nothing(clinic: Business) -> None:
    text = "phone,name,language,tags,city\n0501234567,Dana,he,vip,Haifa\n"
    take(clinic, text, tags=["all"], consent_source="form")
    before = list(Contact.objects.values())
    again = take(clinic, text, tags=["all"], consent_source="another form")
    assert counts(again) == {"added": 0, "updated": 0, "unchanged": 1, "rejected": 0}
    assert list(Contact.objects.values()) == before
    assert counts(take(clinic, text, tags=["new"]))["updated"] == 1


def test_a_row_that_breaks_the_file_further_down_keeps_what_came_before(
    clinic: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHECKED_ROWS", 5)
    monkeypatch.setattr(reading, "CHUNK", 2)
    with pytest.raises(BadAudience, match="Row 8 can't be read: a quotation mark"):
        take(clinic, "phone\n" + "".join(f"05012345{n:02d}\n" for n in range(6)) + '"x"y\n')
    made = ContactImport.objects.get()
    assert (made.status, made.rows_read, made.added, made.file.name) == (ImportStatus.FAILED, 6, 6, "")
    assert reason_words(made).startswith("Row 8 can't be read")
    assert Contact.objects.count() == 6
