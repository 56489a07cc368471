"""Seeds all demo data, in the order of its dependencies."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from businesses.models import Business, User
from businesses.tenancy import acting_for
from frontdesk import demo
from testing.demo_data import (
    Rows,
    appointments,
    broadcasts,
    hours,
    installation,
    knowledge,
    letters,
    member_news,
    outgoing,
    own_systems,
    people,
    phone_calls,
    segments,
    series,
    team,
    templates,
    todo,
    transfers,
    voicemails,
)
from whatsapp.models import Suppression


def seed(now: datetime | None = None) -> Rows:
    """Fill the demo business, creating it if necessary. Raises an error if it is filled already."""
    with override_settings(DEBUG=True):  # the stand-in works only where trying is allowed
        demo.seed()
    business = Business.objects.get(slug=demo.SLUG)
    with acting_for(business), transaction.atomic():
        return fill(business, now=now or timezone.now())


def fill(business: Business, *, now: datetime) -> Rows:
    """Create all data for the current business. Returns the rows to look at."""
    owner = User.objects.get(email=demo.OWNER_EMAIL)
    business.fallback_number, business.dial_countries = "+97235550199", "IL"
    business.address, business.directions = "הרצל 5, חיפה", "קומה שנייה. חניה מאחורי הבית."
    business.closed_greeting_text = "שלום, הגעתם אלינו מחוץ לשעות הפתיחה."
    business.closed_instructions = "לא לקבל הזמנות; להציע להשאיר הודעה."
    business.save()
    rows = team.add(business, owner=owner, now=now)
    rows |= hours.add(business, now=now) | knowledge.add(business)
    staff = team.staff_of(business)
    made = people.add(business, staff=staff, now=now)
    sender = templates.add_senders(business, now=now)
    waiting = templates.add_waiting_sender(business, now=now)
    known = templates.add(business, now=now)
    sent = broadcasts.add(business, sender, known, staff=staff, now=now)
    saved = segments.add(business, sent, staff=staff, now=now)
    recurring = series.add(business, sender, known, saved, sent, staff=staff, now=now)
    written = letters.add(sender, staff=staff, now=now)
    installation.add(now=now)
    rows |= appointments.add(business, sender, now=now)
    rows |= own_systems.add(business, now=now)
    calls = phone_calls.add(business, now=now)
    member_news.add(business, calls, owner=owner, staff=staff, now=now)
    return rows | {
        "businesses.Business": {"demo": str(business.pk)},
        "calls.Call": calls,
        "calls.OutgoingCall": outgoing.add(business, calls, staff=staff, now=now),
        "calls.Task": todo.add(business, calls, staff=staff, now=now),
        "calls.TransferTarget": transfers.add(business, calls, now=now),
        "calls.Voicemail": voicemails.add(business, calls, now=now),
        "calls.Tuning": phone_calls.tunings_of(business, calls, now=now),
        "whatsapp.Broadcast": sent,
        "whatsapp.BroadcastSeries": recurring,
        "whatsapp.Contact": made | written,
        "whatsapp.MessageTemplate": templates.keys(known),
        "whatsapp.Segment": saved,
        "whatsapp.Sender": {"main": str(sender.pk), "waiting": str(waiting.pk)},
        "whatsapp.Suppression": {"latest": str(Suppression.objects.filter(business=business).latest("created_at").pk)},
    }
