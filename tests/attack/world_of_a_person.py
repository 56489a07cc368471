"""A person of whom a business knows everything that it can know, and a search for what is left of them."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from businesses.models import Business, PhoneNumber, User
from businesses.tenancy import acting_for
from calls.audio.tracks import Recorded
from calls.models import BlockedCaller, Call, CallStatus, ToolRun, TraceChunk, Transfer, Turn
from calls.records import recording
from testing.broadcasts import make_broadcast, make_sender, make_template
from whatsapp.broadcasts.counts import Counts, counts_of
from whatsapp.importing import imports
from whatsapp.media import files as media_files
from whatsapp.models import (
    Attempt,
    Broadcast,
    ConsentChange,
    Contact,
    ContactImport,
    DirectMessage,
    InboundMedia,
    InboundMessage,
    Recipient,
    RejectedRow,
    Sender,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    WebhookNews,
)
from whatsapp.people import suppressions
from whatsapp.tables import uploads

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAME = "Dana Zqxwv"
PHONE = "+972501234567"
USER_ID = "IL.Zq8877665544"
OTHER = "+972509999888"
WAMID = "wamid." + base64.b64encode(b"\x1c\x18\x0c972501234567\x15\x02\x00\x11").decode()
"""Meta's message ids hold the number."""
TRACES = (NAME.encode(), b"972501234567", b"501234567", b"050-123-4567", USER_ID.encode(), WAMID[14:26].encode())


@dataclass
class World:
    """One business with everything about the person, and a bystander."""

    business: Business
    sender: Sender
    contact: Contact
    call: Call
    ended: Broadcast
    running: Broadcast

    def counts(self) -> list[Counts]:
        """Returns the counts of both broadcasts."""
        return [counts_of(self.ended.pk), counts_of(self.running.pk)]


def make_world(slug: str, number: str) -> World:
    """Returns a business of this name that knows the person; ids at providers are its own."""
    business = Business.objects.create(name=slug, slug=slug, language="en", record_calls=True)
    PhoneNumber.objects.create(business=business, number=number)
    with acting_for(business):
        sender = make_sender(business, number_id=f"10{number[-3:]}", account_id=f"20{number[-3:]}")
        template = make_template(sender)
        contact = Contact.objects.create(
            business=business, phone=PHONE, bsuid=USER_ID, name=NAME, attributes={"wife of": NAME}
        )
        Contact.objects.create(business=business, phone=OTHER, name="Tal")
        ended = make_broadcast(sender, template, [PHONE, OTHER], status="completed", name="Old", completed_at=NOW)
        running = make_broadcast(sender, template, [OTHER, PHONE])
        world = World(business, sender, contact, _call(business, PHONE, NAME), ended, running)
        _call(business, OTHER, "Tal")
        BlockedCaller.objects.create(business=business, number=PHONE, blocked_at=NOW)
        _messages(world)
        _files(world)
        _wishes(world)
    return world


def _call(business: Business, number: str, name: str) -> Call:
    call = Call.objects.create(
        business=business,
        twilio_call_sid=f"CA{uuid4().hex}",
        called_number=business.phone_numbers.get().number,
        caller_number=number,
        status=CallStatus.ENDED,
        outcome="completed",
        started_at=NOW,
        ended_at=NOW + timedelta(minutes=2),
        is_recorded=True,
        minutes_charged=2,
        summary=f"{name} asked to be called at {number}.",
        wishes=f"{name} wants to pay",
        follow_ups=[{"what": f"Call {name} back", "when": "", "about": "call_back"}],
        sentiment="unhappy",
        end_detail={"text": f"{name} hung up"},
        old_end_reason=name,
        stream_error=f"{name}'s line",
    )
    Turn.objects.create(business=business, call=call, position=0, speaker="caller", text=f"I am {name}", started_ms=0)
    Transfer.objects.create(
        business=business, call=call, stream_number=0, name="Dana", about=f"{name} wants to pay", asked_at=NOW
    )
    ToolRun.objects.create(
        business=business, call=call, tool="take_message", tool_call_id="call_1", code="taken", at=NOW,
        arguments={"about": f"{name} wants to be called back"}, told={"number": number},
    )  # fmt: skip
    words = zlib.compress(f'{{"format": 1}}\n["CallerWords",0,"item","I am {name}"]'.encode())
    TraceChunk.objects.create(business=business, call=call, position=0, data=words)
    recording.write(business.pk, call.pk, Recorded(((0, name.encode() * 100),), ((0, b"hello" * 100),)))
    return call


def _messages(world: World) -> None:
    business, sender, contact = world.business, world.sender, world.contact
    theirs = Recipient.objects.filter(business=business, address=PHONE)
    theirs.update(contact=contact, params={"first_name": NAME}, given_address="050-123-4567")
    sent = theirs.get(broadcast=world.ended)
    attempt = Attempt.objects.create(
        business=business, recipient=sent, no=1, started_at=NOW, provider_message_id=WAMID, error={"to": PHONE}
    )
    theirs.filter(broadcast=world.ended).update(
        status="delivered",
        provider_message_id=f"{WAMID}.{business.slug}",
        attempt_id=attempt.pk,
        accepted_at=NOW,
        error_text=f"to {PHONE}",
    )
    Recipient.objects.create(
        business=business,
        broadcast=world.ended,
        provider="cloud",
        status="skipped",
        skip_reason="duplicate",
        given_address="050-123-4567",
        cause="not_a_number",
        cause_data={"text": "050-123-4567"},
    )
    for reply_to, address in ((sent, PHONE), (None, USER_ID)):
        message = InboundMessage.objects.create(
            business=business,
            sender=sender,
            contact=contact,
            recipient=reply_to,
            address=address,
            provider="cloud",
            provider_message_id=f"{WAMID}.{uuid4()}",
            reply_to_message_id=WAMID,
            kind="text",
            text=f"It is {NAME}",
            payload={"button": NAME},
            received_at=NOW,
        )
        _picture(message)
    DirectMessage.objects.create(
        business=business,
        key=uuid4(),
        sender=sender,
        kind="reply",
        address=PHONE,
        text=f"Dear {NAME}",
        params={"1": NAME},
        status="delivered",
        provider="cloud",
        provider_message_id=f"{WAMID}.{uuid4()}",
        created_at=NOW,
    )
    for address, name in ((PHONE, NAME), (OTHER, "Tal")):
        WebhookNews.objects.create(
            provider="cloud",
            kind="message",
            number_id=sender.number_id,
            account_id=sender.account_id,
            dedupe_key=f"cloud:{uuid4()}:message",
            payload={"one": {"from": address[1:], "id": WAMID if name == NAME else "x"}, "contacts": [{"name": name}]},
            received_at=NOW,
            applied_at=NOW,
        )


def _picture(message: InboundMessage) -> None:
    """A file of a message, in which the person's name stands."""
    media = InboundMedia.objects.create(
        business=message.business,
        message=message,
        reference=f"media of {PHONE}",
        file_name=f"{NAME}.txt",
        next_attempt_at=NOW,
        status="kept",
        content_type="text/plain",
    )
    with media_files.being_written(media, media.pk) as file:
        file.write(f"I am {NAME}".encode())
        file.flush()
        media_files.settle(media, media.pk)


def _files(world: World) -> None:
    business = world.business
    done = ContactImport.objects.create(
        business=business, status="done", created_at=NOW, finished_at=NOW, rows_read=2, rejected=2
    )
    for row, cells in enumerate((["050-123-4567", NAME], ["052-1111111", "Tal"])):
        RejectedRow.objects.create(business=business, contact_import=done, row=row, given=cells[0], cells=cells)
    table = ContentFile(f"phone,name\n050-123-4567,{NAME}\n".encode())
    imports.draft(business, table, name="people.csv", now=NOW)  # type: ignore[arg-type]
    left = ContentFile(f"phone,name\n{PHONE},{NAME}".encode())  # as a release before drafts kept it
    default_storage.save(f"{uploads.FOLDER}/{business.pk.hex}/left", left)


def _wishes(world: World) -> None:
    by = User.objects.create_user(f"member@{world.business.slug}.test")
    ConsentChange.objects.create(
        business=world.business, address=PHONE, what="agreed", source=f"{NAME} said so", at=NOW, by=by
    )
    suppressions.suppress(
        world.business,
        USER_ID,
        category=SuppressionCategory.ALL,
        source=SuppressionSource.STAFF,
        now=NOW,
        note=f"{NAME} called",
    )
    for row in (world.contact, Suppression.objects.get(address=USER_ID)):
        LogEntry.objects.create(
            user=by,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=f"{NAME} {PHONE}",
            action_flag=CHANGE,
        )


def left_of_the_person(business: Business) -> list[str]:
    """Returns where a trace of the person still stands: in any column of any table, or in a file of the business."""
    found = []
    for model in apps.get_models():
        for row in model._base_manager.filter(**_of(model, business)):
            found += [
                f"{model._meta.label}.{field.attname}"
                for field in model._meta.concrete_fields
                if _names_the_person(field.value_from_object(row))
            ]
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        is_theirs = str(business.pk) in str(path) or business.pk.hex in str(path)
        if path.is_file() and is_theirs and _names_the_person(path.read_bytes()):
            found.append(str(path.relative_to(settings.MEDIA_ROOT)))
    return sorted(set(found))


def _of(model: Any, business: Business) -> dict[str, Any]:
    names = {field.name for field in model._meta.fields}
    if "business" in names:
        return {"business": business}
    if model is WebhookNews:
        return {"number_id__in": Sender._base_manager.filter(business=business).values("number_id")}
    if model is LogEntry:
        return {"user__email": f"member@{business.slug}.test"}
    return {"pk": None}


def _names_the_person(value: object) -> bool:
    match value:
        case memoryview() | bytes():
            raw = bytes(value)
            return any(trace in raw or trace in _unpacked(raw) for trace in TRACES)
        case dict() | list():
            return _names_the_person(json.dumps(value, ensure_ascii=False))
        case str():
            return _names_the_person(value.encode())
    return False


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompress(raw)
    except zlib.error:
        return b""


def files_of(business: Business) -> int:
    """Returns the number of stored files of the business."""
    folder = f"uploads/{business.pk.hex}"
    return len(default_storage.listdir(folder)[1]) if default_storage.exists(folder) else 0
