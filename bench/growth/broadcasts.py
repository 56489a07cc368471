"""Broadcasts with their people, attempts, courses and sums, and the raw notices about them."""

from __future__ import annotations

from bench.growth.copying import copies, run
from bench.growth.fleet import NEW
from bench.growth.people import CONTACT, PHONE

MADE = "growth_broadcasts"
"""A table of the new broadcasts: `n` and `k` number them, `is_waiting` is the one of which nothing was sent."""
DAYS, NAME = 90, "Offer "
"""They are spread over so many."""
STEPS, EVENTS = 40, 3
NOTICES = 0.1
"""Raw notices for each recipient: they are kept for some days only."""
_OURS = {"business_id": "g.id"}
_BROADCASTS = f"{NEW} g JOIN {MADE} b ON b.n = g.n"


def add_broadcasts() -> None:
    """All over but one, the large business's newest: it is paused, and nothing of it was sent."""
    from whatsapp.models import Broadcast, BroadcastCourse, BroadcastEvent, BroadcastSpending, CourseStep  # noqa: PLC0415

    run(f"CREATE TABLE IF NOT EXISTS {MADE} (n int, k int, id uuid, at timestamptz, is_waiting bool)")
    run(
        f"TRUNCATE {MADE}; INSERT INTO {MADE} SELECT n, k, md5('broadcast' || n || '-' || k)::uuid,"
        f" now() - (1 + k * {DAYS} / broadcasts) * interval '1 day', n = 0 AND k = 0"
        f" FROM {NEW}, generate_series(0, broadcasts - 1) k"
    )
    done = Broadcast.objects.filter(status="completed").exclude(name__startswith=NAME).earliest("created_at")
    columns = {
        "id": "b.id",
        "sender_id": "g.sender",
        "template_id": "g.template",
        "name": f"'{NAME}' || b.k",
        "status": "CASE WHEN b.is_waiting THEN 'paused' ELSE 'completed' END",
        "pause_reason": "CASE WHEN b.is_waiting THEN 'user' ELSE '' END",
        "total": "g.people",
        "created_at": "b.at",
        "started_at": "b.at",
        "audience_ready_at": "b.at",
        "completed_at": "CASE WHEN NOT b.is_waiting THEN b.at + interval '2 hours' END",
        "settled_at": "CASE WHEN b.at < now() - interval '31 days' THEN b.at + interval '31 days' END",
    }
    copies(Broadcast, done.pk, _BROADCASTS, _OURS | columns)
    event = BroadcastEvent.objects.filter(broadcast=done).first()
    events = f"{_BROADCASTS}, generate_series(1, {EVENTS}) i"
    copies(BroadcastEvent, event.pk, events, _OURS | {"broadcast_id": "b.id", "at": "b.at + i * interval '1 minute'"})  # type: ignore[union-attr]
    course = BroadcastCourse.objects.get(broadcast=done)
    copies(BroadcastCourse, course.pk, _BROADCASTS, _OURS | {"broadcast_id": "b.id", "begins_at": "b.at"})
    heads = f"{_BROADCASTS} JOIN whatsapp_broadcast_courses c ON c.broadcast_id = b.id"
    step = CourseStep.objects.filter(course=course).first()
    columns = {"course_id": "c.id", "at": "b.at + i * interval '1 minute'", "sent": f"g.people / {STEPS}"}
    copies(CourseStep, step.pk, f"{heads}, generate_series(1, {STEPS}) i", _OURS | columns)  # type: ignore[union-attr]
    spent, _created = BroadcastSpending.objects.get_or_create(business=done.business, broadcast=done)
    sums = {"broadcast_id": "b.id", "micros": "g.people * 1000", "billed_micros": "g.people * 900"}
    copies(BroadcastSpending, spent.pk, _BROADCASTS, _OURS | sums)


def add_recipients() -> None:
    """Of fifty people one is never reached, of twenty one fails, and three of five read the message."""
    from whatsapp.models import Recipient  # noqa: PLC0415
    from whatsapp.states import RecipientStatus  # noqa: PLC0415

    seeded = Recipient.objects.filter(status=RecipientStatus.READ, broadcast__status="completed")
    read = seeded.exclude(broadcast__name__startswith=NAME).first()
    outcome = (
        "CASE WHEN b.is_waiting THEN 'pending' WHEN i % 20 = 3 THEN 'failed' WHEN i % 5 < 3 THEN 'read'"
        " WHEN i % 50 <> 4 THEN 'delivered' WHEN b.at < now() - interval '30 days' THEN 'expired' ELSE 'sent' END"
    )
    left = "b.at + i * interval '13 milliseconds'"
    columns = {
        "broadcast_id": "b.id",
        "contact_id": CONTACT,
        "address": PHONE,
        "row_number": "i + 2",
        "status": outcome,
        "provider": "'cloud'",
        "attempt_no": "CASE WHEN b.is_waiting THEN 0 ELSE 1 END",
        "attempt_id": "CASE WHEN NOT b.is_waiting THEN gen_random_uuid() END",
        "provider_message_id": "CASE WHEN NOT b.is_waiting THEN 'wamid.HBgMOTcyNTU' || md5(b.id::text || i) END",
        "accepted_at": f"CASE WHEN NOT b.is_waiting THEN {left} END",
        "sent_at": f"CASE WHEN NOT b.is_waiting THEN {left} + interval '1 second' END",
        "delivered_at": f"CASE WHEN NOT b.is_waiting AND i % 20 <> 3 AND i % 50 <> 4 THEN {left} + interval '4 s' END",
        "read_at": f"CASE WHEN NOT b.is_waiting AND i % 20 <> 3 AND i % 5 < 3 THEN {left} + interval '1 hour' END",
        "failed_at": f"CASE WHEN NOT b.is_waiting AND i % 20 = 3 THEN {left} + interval '2 seconds' END",
        "error_code": "CASE WHEN NOT b.is_waiting AND i % 20 = 3 THEN '131026' ELSE '' END",
        "cost_micros": "CASE WHEN b.is_waiting OR i % 20 = 3 THEN 0 ELSE 1000 END",
        "lease_token": "NULL",
        "lease_until": "NULL",
        "next_attempt_at": "NULL",
    }
    people = f"{_BROADCASTS}, generate_series(0, g.people - 1) i"
    copies(Recipient, read.pk, people, _OURS | columns)  # type: ignore[union-attr]
    run(f"ANALYZE {MADE}; ANALYZE whatsapp_broadcast_recipients")
    run(
        "INSERT INTO whatsapp_broadcast_attempts"
        " (id, business_id, recipient_id, no, started_at, finished_at, outcome, http_status, provider_message_id)"
        " SELECT r.attempt_id, r.business_id, r.id, 1, r.accepted_at, r.accepted_at, 'accepted', 200,"
        " r.provider_message_id"
        f" FROM {MADE} b JOIN whatsapp_broadcast_recipients r ON r.broadcast_id = b.id WHERE r.attempt_id IS NOT NULL"
    )


def add_notices(recipients: int, businesses: int) -> None:
    """Raw notices that were applied, of the last days; a fifth about the large one's number."""
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.models import NewsKind, WebhookNews  # noqa: PLC0415
    from whatsapp.webhooks.origin import INSTALLATION  # noqa: PLC0415

    now = timezone.now()
    notice = WebhookNews.objects.create(
        provider="cloud",
        kind=NewsKind.STATUS,
        dedupe_key="growth",
        verified_by=INSTALLATION,
        received_at=now,
        applied_at=now,
        payload={"id": "wamid.HBgMOTcyNTU", "status": "delivered", "timestamp": "1764457200", "recipient_id": "97255"},
    )
    columns = {
        "dedupe_key": "'growth-' || i",
        "received_at": "now() - i * interval '1 second'",
        "number_id": f"CASE WHEN i % 5 = 0 THEN 'number0' ELSE 'number' || 1 + i % {businesses - 1} END",
        "payload": "jsonb_set(payload, '{recipient_id}', to_jsonb('97255' || lpad((i % 1000)::text, 7, '0')))",
    }
    copies(WebhookNews, notice.pk, f"generate_series(1, {round(recipients * NOTICES)}) i", columns)
