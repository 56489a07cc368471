"""Contacts with tags and wishes, what they wrote and were answered, and calls with their turns."""

from __future__ import annotations

from bench.growth.copying import copies
from bench.growth.fleet import NEW

CONTACT = "md5('contact' || g.n || '-' || i)::uuid"
PHONE = "'+97255' || lpad(i::text, 7, '0')"
TURNS = 6
_WROTE_AT = "now() - i * interval '1 minute'"
_CONTACTS = f"{NEW} g, generate_series(0, g.contacts - 1) i"
_WRITERS = f"{NEW} g, generate_series(0, g.contacts - 1, 10) i"
_OURS = {"business_id": "g.id"}


def add_contacts() -> None:
    """Each with a name; a quarter tagged, a third asked for consent, a twentieth tied, a hundredth opted out."""
    from whatsapp.models import ConsentChange, Contact, ContactTag, PersonAddress, Suppression  # noqa: PLC0415

    contact = Contact.objects.filter(phone__isnull=False, assigned_to=None).exclude(name="").first()
    columns = {
        "id": CONTACT,
        "phone": PHONE,
        "bsuid": "NULL",
        "name": "(ARRAY['Dana','Uri','Noa','Amir','Ruth'])[1 + i % 5] || ' ' || i",
        "last_inbound_at": f"CASE WHEN i % 10 = 0 THEN {_WROTE_AT} END",
        "settled_until": f"CASE WHEN i % 20 = 0 THEN {_WROTE_AT} END",
        "created_at": "now() - i * interval '3 minutes'",
    }
    copies(Contact, contact.pk, _CONTACTS, _OURS | columns)  # type: ignore[union-attr]
    tagged = ContactTag.objects.first()
    some = f"{NEW} g JOIN LATERAL (SELECT min(id) AS id FROM whatsapp_tag WHERE business_id = g.id) t ON true"
    some += ", generate_series(0, g.contacts - 1, 4) i"
    copies(ContactTag, tagged.pk, some, _OURS | {"contact_id": CONTACT, "tag_id": "t.id"})  # type: ignore[union-attr]
    wish = Suppression.objects.first()
    out = f"{NEW} g, generate_series(1, g.contacts - 1, 100) i"
    copies(Suppression, wish.pk, out, _OURS | {"address": PHONE, "created_at": _WROTE_AT})  # type: ignore[union-attr]
    change = ConsentChange.objects.first()
    asked = f"{NEW} g, generate_series(0, g.contacts - 1, 3) i"
    copies(ConsentChange, change.pk, asked, _OURS | {"address": PHONE, "at": _WROTE_AT})  # type: ignore[union-attr]
    address = PersonAddress.objects.first()
    tied = f"{NEW} g, generate_series(0, g.contacts - 1, 20) i"
    for each in (PHONE, "'IL.' || lpad(i::text, 15, '0')"):
        person = {"address": each, "person": "md5('person' || g.n || '-' || i)::uuid"}
        copies(PersonAddress, address.pk, tied, _OURS | person)  # type: ignore[union-attr]


def add_messages() -> None:
    """A tenth of all contacts wrote four messages, and half of these were answered once."""
    from whatsapp.models import DirectMessage, InboundMessage  # noqa: PLC0415
    from whatsapp.states import RecipientStatus  # noqa: PLC0415

    inbound = InboundMessage.objects.filter(kind="text", recipient=None).first()
    columns = {
        "sender_id": "g.sender",
        "contact_id": CONTACT,
        "recipient_id": "NULL",
        "address": PHONE,
        "provider": "'cloud'",
        "provider_message_id": "'wamid.in.' || g.n || '-' || i || '-' || back",
        "text": "'Is there an appointment tomorrow? ' || i",
        "received_at": f"{_WROTE_AT} - back * interval '2 minutes'",
    }
    written = f"{_WRITERS}, generate_series(0, 3) back"
    copies(InboundMessage, inbound.pk, written, _OURS | columns)  # type: ignore[union-attr]
    direct = DirectMessage.objects.filter(template=None, status=RecipientStatus.DELIVERED).first()
    direct = direct or DirectMessage.objects.filter(template=None).first()
    columns = {
        "key": "gen_random_uuid()",
        "sender_id": "g.sender",
        "address": PHONE,
        "status": "'delivered'",
        "answers_id": "NULL",
        "provider": "'cloud'",
        "provider_message_id": "'wamid.out.' || g.n || '-' || i",
        "created_at": _WROTE_AT,
        "cost_micros": "0",
    }
    answered = f"{NEW} g, generate_series(0, g.contacts - 1, 20) i"
    copies(DirectMessage, direct.pk, answered, _OURS | columns)  # type: ignore[union-attr]


def add_calls() -> None:
    """Calls one after the other, each with turns."""
    from calls.models import Call, CallStatus, Turn  # noqa: PLC0415

    turn = Turn.objects.filter(is_greeting=False, call__status=CallStatus.ENDED, call__outcome="completed").first()
    call = turn.call  # type: ignore[union-attr]
    key, began = "md5('call' || g.n || '-' || i)::uuid", "now() - i * interval '7 minutes'"
    columns = {
        "id": key,
        "twilio_call_sid": "'CAgrowth' || g.n || '-' || i",
        "caller_number": "'+97255' || lpad((i * 7 % g.contacts)::text, 7, '0')",
        "outcome": "(ARRAY['completed','completed','completed','completed','abandoned','transferred'])[1 + i % 6]",
        "started_at": began,
        "stream_opened_at": f"{began} + interval '1 second'",
        "ended_at": f"{began} + (5 + i % 300) * interval '1 second'",
        "alive_at": f"{began} + (5 + i % 300) * interval '1 second'",
        "is_recorded": "false",
        "summary_due_at": "NULL",
        "dialling_until": "NULL",
        "placed_by_id": "NULL",
        "steered_by_id": "NULL",
    }
    calls = f"{NEW} g, generate_series(1, g.calls) i"
    copies(Call, call.pk, calls, _OURS | columns)
    said = {
        "call_id": key,
        "position": "p",
        "is_greeting": "p = 0",
        "speaker": "(ARRAY['assistant','caller'])[1 + p % 2]",
    }
    copies(Turn, turn.pk, f"{calls}, generate_series(0, {TURNS - 1}) p", _OURS | said)  # type: ignore[union-attr]
