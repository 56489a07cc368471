"""A recurring broadcast from its plan to the provider, by the sending loop alone."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from businesses.models import Business, User
from testing.meta import ThreadedMeta
from whatsapp.audience.choice import ContactsChoice
from whatsapp.broadcasts import drafts
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.conftest import Send
from whatsapp.models import Contact, MessageTemplate, Occurrence, Outcome, Sender
from whatsapp.series import plans, steering
from whatsapp.series.repeats import Period, Repeat


def test_what_is_due_is_made_and_sent_once(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta, send: Send
) -> None:
    owner = User.objects.create_user("owner@acme.test", "pw")
    Contact.objects.create(business=acme, name="Dana Levi", phone="+972501234567")
    at = (timezone.now() - timedelta(minutes=2)).astimezone(ZoneInfo("Asia/Jerusalem"))
    repeat = Repeat(Period.DAILY, at.time().replace(second=0, microsecond=0), "Asia/Jerusalem", at.date())
    draft = drafts.begin(acme, template, sender)
    new = NewBroadcast(template, sender, ContactsChoice(values={"first_name": "first_name"}), "Daily")
    plan = {"only_new": False, "edition": draft.edition, "now": at, "actor": owner}
    series = plans.save(draft, new, repeat, **plan)  # type: ignore[arg-type]
    steering.start(series, now=at - timedelta(minutes=2), actor=owner)
    send()
    send()
    assert len(meta.posts) == 1
    assert [each.outcome for each in Occurrence.objects.all()] == [Outcome.MADE]
