"""Inbox threads: messages in both directions and of every kind, inside and outside the 24-hour window."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from businesses.models import User
from testing.demo_data import Keys
from testing.demo_data.names import phone_of
from whatsapp.media import files
from whatsapp.models import (
    Contact,
    DirectKind,
    DirectMessage,
    InboundAction,
    InboundMedia,
    InboundMessage,
    MediaStatus,
    QuickReply,
    Recipient,
    Sender,
    ThreadNote,
)
from whatsapp.providers.sandbox.sample_files import sample
from whatsapp.states import ErrorClass, MediaProblem, RecipientStatus


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message: one of the stand-in's own, a text, or one that is not here (`problem`, "" still to come)."""

    content: bytes = b""
    content_type: str = ""
    name: str = ""
    problem: str = ""
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, `minutes` ago. `state` is for outgoing ones; `answers`: it replies to the person's broadcast.

    `before`: what it said before it was edited.
    """

    minutes_ago: float
    text: str
    is_ours: bool = False
    kind: str = "text"
    state: RecipientStatus = RecipientStatus.READ
    action: str = ""
    answers: bool = False
    before: tuple[str, ...] = ()
    is_deleted: bool = False
    is_elsewhere: bool = False
    files: tuple[File, ...] = ()
    payload: dict[str, Any] = field(default_factory=dict)


PICTURE, VOICE = File(sample("picture.jpg"), "image/jpeg"), File(sample("voice.ogg"), "audio/ogg")
CONTRACT = File(b"%PDF-1.4\n%%EOF\n", "application/pdf", "הצעת מחיר – quote 2026-0412.pdf")
PLACE = {"place": {"latitude": 32.0853, "longitude": 34.7818, "name": "כיכר המדינה", "address": "Tel Aviv"}}
CARDS = {"cards": [{"name": "ד״ר נועה לוי", "phones": ["+972 50-555-0123"]}]}
LONG = (
    "שלום, אני מנסה להבין את החשבונית ששלחתם לי (Invoice #2026-0412): כתוב 2 × ₪250 + ₪80, אבל סיכמנו על ₪480.\n"
    "אפשר לבדוק? The PDF is at https://demo.example/invoices/2026-0412/a-very-long-address-that-nobody-breaks.pdf"
)
THREADS: dict[str, tuple[int, tuple[Letter, ...]]] = {
    "open": (0, (
        Letter(3000, "אפשר תור ליום שלישי?", kind="text", answers=True),
        Letter(2980, "בטח! יש ב־9:30 או ב־16:45.", is_ours=True),
        Letter(220, "", kind="image", files=(PICTURE,)),
        Letter(215, "זה מה שכואב לי", kind="text"),
        Letter(200, "Thank you – ד״ר לוי will look at it today.", is_ours=True, state=RecipientStatus.DELIVERED),
        Letter(40, LONG),
    )),
    "closed": (20, (
        Letter(6000, "Is the whitening offer still on?", answers=True),
        Letter(5990, "Yes, until the 15th.", is_ours=True),
        Letter(4000, "", kind="audio", files=(VOICE,)),
        Letter(3990, "👍", kind="button"),
        Letter(3000, "Sorry, we missed your voice message.", is_ours=True, state=RecipientStatus.FAILED),
    )),
    "opted-out": (1, (Letter(2900, "הסר", action=InboundAction.OPT_OUT, answers=True),)),
    "changed": (41, (
        Letter(300, "אפשר לבוא עם הילד?", before=("אפשר לבוא עם הכלב?", "אפשר לבוא?"), answers=True),
        Letter(290, "בטח, נשמח!", is_ours=True),
        Letter(280, "Never mind, wrong chat", is_deleted=True),
        Letter(275, "Do you have parking?", is_elsewhere=True),
        Letter(270, "👍", kind="reaction"),
        Letter(260, "Stop promotions", kind="button", action=InboundAction.NO_PROMOS, answers=True),
    )),
    "kinds": (40, (
        Letter(100, "", kind="sticker"),
        Letter(95, "Look at this", kind="video", files=(File(problem=MediaProblem.TOO_LARGE),)),
        Letter(90, "", kind="document", files=(CONTRACT,)),
        Letter(85, "", kind="location", payload=PLACE),
        Letter(80, "", kind="contacts", payload=CARDS),
        Letter(75, "", kind="reaction"),
        Letter(70, "", kind="unsupported"),
        Letter(60, "", kind="image", files=(File(problem=MediaProblem.GONE),)),
        Letter(50, "", kind="audio", files=(File(problem=MediaProblem.UNREACHABLE, is_waiting=True),)),
        Letter(1, "", kind="image", files=(File(is_waiting=True),)),
    )),
}  # fmt: skip
QUICK = (("שעות פתיחה", "שלום {שם פרטי}, אנחנו פתוחים 9:00–17:00."), ("Parking", "Hi {name}, park at no. 12."))
SHORT = (
    "תודה רבה!", "Thanks, see you then", "מתי אתם פתוחים?", "Can I bring my son as well?", "אני מאחרת ב־10 דקות",
    "Do you take מכבי?", "👍", "לא קיבלתי את הקוד", "What is the address?",
)  # fmt: skip


def add(sender: Sender, *, staff: User, now: datetime) -> Keys:
    """Create threads with every kind of message, and enough short ones for two pages of the inbox."""
    people = {person.phone: person for person in Contact.objects.filter(business=sender.business_id)}
    made: Keys = {}
    for word, (number, letters) in THREADS.items():
        person = people[phone_of(number)]
        made[word] = str(person.pk)
        _write(person, letters, sender, staff, now)
    _of_the_team(sender, people[phone_of(0)], staff, now)
    taken = {number for number, _letters in THREADS.values()} | {4}  # the person at index 4 has no number
    for number in range(70):
        if number not in taken:
            letters = tuple(_short(number))
            _write(people[phone_of(number)], letters, sender, staff, now)
    return made


def _of_the_team(sender: Sender, person: Contact, staff: User, now: datetime) -> None:
    """Create a note and an assignment in a thread, and quick replies."""
    membership = staff.memberships.get(business=sender.business_id)
    Contact.objects.filter(pk=person.pk).update(assigned_to=membership)
    ThreadNote.objects.create(
        business_id=sender.business_id,
        key=uuid.uuid4(),
        contact=person,
        address=person.address,
        text="צריכה קבלה על שם החברה. Ask Dr. Levi first.",
        written_by=staff,
        created_at=now - timedelta(minutes=190),
    )
    for name, text in (
        ("שעות פתיחה", "שלום {שם פרטי}, אנחנו פתוחים 9:00–17:00."),
        ("Parking", "Hi {name}, park at no. 12."),
    ):
        QuickReply.objects.create(business_id=sender.business_id, name=name, text=text)


def _short(number: int) -> Iterator[Letter]:
    yield Letter(90 + 130 * number, SHORT[number % len(SHORT)])
    if number % 2:
        yield Letter(80 + 130 * number, "תודה, קיבלנו. Thank you!", is_ours=True)


def _write(person: Contact, letters: tuple[Letter, ...], sender: Sender, staff: User, now: datetime) -> None:
    newest = None
    for position, letter in enumerate(letters):
        at = now - timedelta(minutes=letter.minutes_ago)
        if letter.is_ours:
            _ours(person, letter, sender, staff, at)
        else:
            _theirs(person, letter, sender, at, position)
            newest = at
    Contact.objects.filter(pk=person.pk).update(last_inbound_at=newest)


def _theirs(person: Contact, letter: Letter, sender: Sender, at: datetime, position: int) -> None:
    mine = Recipient.objects.filter(business=sender.business_id, address=person.address, accepted_at__lt=at)
    message = InboundMessage.objects.create(
        business_id=sender.business_id,
        sender=sender,
        contact=person,
        recipient=mine.order_by("accepted_at").first() if letter.answers else None,
        address=person.address,
        provider=sender.provider,
        provider_message_id=f"wamid.{person.pk.hex}.{position}",
        kind=letter.kind,
        text=letter.text,
        action=letter.action,
        confirmed_at=at if letter.action else None,
        received_at=at,
        edited_at=at + timedelta(minutes=1) if letter.before else None,
        deleted_at=at + timedelta(minutes=1) if letter.is_deleted else None,
        is_elsewhere=letter.is_elsewhere,
        earlier=[{"at": at.isoformat(), "text": text} for text in letter.before],
        payload=letter.payload,
    )
    for position_in_message, file in enumerate(letter.files):
        _bring(message, file, position_in_message)


def _bring(message: InboundMessage, file: File, position: int) -> None:
    """Create a file of a message. None is fetched while somebody looks at the page."""
    status = MediaStatus.KEPT if file.content else MediaStatus.WAITING if file.is_waiting else MediaStatus.FAILED
    media = InboundMedia.objects.create(
        business_id=message.business_id,
        message=message,
        position=position,
        reference=f"demo-{message.provider_message_id}",
        file_name=file.name,
        status=MediaStatus.WAITING,
        problem=file.problem,
        next_attempt_at=message.received_at + timedelta(days=3650),
    )
    if file.content:
        with files.being_written(media, media.pk) as stored:
            stored.write(file.content)
            stored.flush()
            files.settle(media, media.pk)
    InboundMedia.objects.filter(pk=media.pk).update(
        status=status, content_type=file.content_type, size=len(file.content), kept_at=message.received_at
    )


def _ours(person: Contact, letter: Letter, sender: Sender, staff: User, at: datetime) -> None:
    values: dict[str, Any] = {"accepted_at": at, "provider_message_id": f"wamid.{person.pk.hex}.{letter.minutes_ago}"}
    if letter.state == RecipientStatus.FAILED:
        values = {"failed_at": at, "error_code": "131047", "error_class": ErrorClass.PERMANENT}
        values["error_text"] = "More than 24 hours have passed since the customer last replied"
    DirectMessage.objects.create(
        business_id=sender.business_id,
        key=uuid.uuid5(person.pk, str(letter.minutes_ago)),
        sender=sender,
        kind=DirectKind.REPLY,
        address=person.address,
        text=letter.text,
        created_by=staff,
        created_at=at,
        status=letter.state,
        provider=sender.provider,
        **values,
    )
