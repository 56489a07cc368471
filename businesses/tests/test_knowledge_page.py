"""The pages of knowledge: adding, changing, switching, ordering, removing, uploading, and trying a question."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from businesses.membership import add_member
from businesses.models import AuditEntry, Business, KnowledgeEntry, Role, User

PAGE = "/b/clinic/knowledge/"


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic", language="en")


@pytest.fixture
def owner(clinic: Business) -> Client:
    user = User.objects.create_user("dana@clinic.test", "pw")
    add_member(clinic, user, Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def add(owner: Client, title: str, text: str = "Text.") -> KnowledgeEntry:
    assert owner.post(PAGE, {"title": title, "text": text, "is_on": "on"})["Location"] == PAGE
    return KnowledgeEntry._base_manager.get(title=title)


def titles() -> list[str]:
    return list(KnowledgeEntry._base_manager.order_by("position").values_list("title", flat=True))


def test_an_entry_from_its_first_word_to_its_removal(owner: Client) -> None:
    assert "Nothing yet." in owner.get(PAGE).content.decode()
    entry = add(owner, "Parking", "Behind the house.")
    page = owner.get(PAGE).content.decode()
    assert "in every call" in page
    one = f"{PAGE}{entry.pk}/"
    assert "Behind the house." in owner.get(one).content.decode()
    owner.post(one, {"title": "Parking", "text": "In the yard.", "is_on": "on"})
    assert KnowledgeEntry._base_manager.get().text == "In the yard."
    owner.post(f"{one}switch/", {"is_on": "off"})
    assert not KnowledgeEntry._base_manager.get().is_on
    owner.post(f"{one}remove/")
    assert titles() == []
    steps = AuditEntry._base_manager.filter(kind="knowledge_changed").order_by("pk")
    assert [entry.details["step"] for entry in steps] == ["made", "changed", "changed", "deleted"]


def test_what_is_missing_is_said_and_what_was_written_stays(owner: Client) -> None:
    answer = owner.post(PAGE, {"title": "", "text": "Written."})
    assert answer.status_code == 422
    assert "This can&#x27;t be empty." in answer.content.decode()
    assert "Written." in answer.content.decode()
    long = owner.post(PAGE, {"title": "Long", "text": "x" * 4001}).content.decode()
    assert "At most 4000 characters fit here" in long
    assert titles() == []


def test_entries_are_moved(owner: Client) -> None:
    add(owner, "First")
    second = add(owner, "Second")
    owner.post(f"{PAGE}{second.pk}/up/")
    assert titles() == ["Second", "First"]


def test_a_question_is_tried(owner: Client) -> None:
    add(owner, "Parking", "Behind the house.")
    assert "<strong>Parking</strong>" in owner.get(PAGE, {"ask": "where do I park?"}).content.decode()
    assert "Nothing. Add an entry" in owner.get(PAGE, {"ask": "ice cream"}).content.decode()


def test_a_text_becomes_entries(owner: Client) -> None:
    file = SimpleUploadedFile("faq.md", "# מחירים\nניקוי 250.\n# Parking\nBehind the house.\n".encode())
    assert "2 entries were made of it." in owner.post(f"{PAGE}upload/", {"file": file}, follow=True).content.decode()
    assert titles() == ["מחירים", "Parking"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("faq.docx", b"PK", "Only .txt and .md files can be read."),
        ("faq.txt", b"\x00\x01", "This file holds no text."),
        ("faq.txt", b" \n ", "There is no text in this file."),
        ("faq.txt", b"word\n\n" * 180_000, "The file is too large."),
    ],
)
def test_files_that_are_no_texts_are_refused(owner: Client, name: str, data: bytes, words: str) -> None:
    answer = owner.post(f"{PAGE}upload/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert titles() == []


def test_a_text_that_makes_too_many_entries_adds_none(owner: Client) -> None:
    file = SimpleUploadedFile("faq.md", "".join(f"# {number}\ntext\n" for number in range(501)).encode())
    answer = owner.post(f"{PAGE}upload/", {"file": file})
    assert "at most 500 entries" in answer.content.decode()
    assert titles() == []
