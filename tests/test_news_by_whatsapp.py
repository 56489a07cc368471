"""A member is told of a call by WhatsApp, from the real sending loop: once, whoever decides at once or is killed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from businesses.models import Business, Membership, PhoneNumber, Role, User
from businesses.tenancy import acting_for
from calls.followups import news, whatsapp_choices, whatsapp_news
from calls.models import (
    AfterCalls,
    Call,
    CallOutcome,
    CallStatus,
    News,
    NewsState,
    WhatsappNews,
    WhatsappNewsChoice,
    WhatsappWhen,
)
from testing.at_once import at_once
from testing.broadcasts import make_sender, make_template
from testing.databases import MigratedDatabase
from testing.killed_workers import environment_of, leaves_both_or_none
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send, meta, send  # noqa: F401 - fixtures
from whatsapp.models import DirectMessage, InboundMessage, Sender, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions
from whatsapp.tests.test_killed_imports import run

MEMBER, CALLER = "+972541234567", "+972501234567"
BODY = [{"type": "BODY", "text": "News of your calls: {{news}}\nMore: {{link}}\nWrite stop to end."}]


@pytest.fixture
def sender(transactional_db: None) -> Iterator[Sender]:
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", language="he")
    PhoneNumber.objects.create(number="+97231234567", business=business)
    with acting_for(business):
        sender = make_sender(business, phone="+97237654321")
        make_template(sender, name="news", language="he", category="UTILITY", components=BODY, parameter_format="NAMED")
        yield sender


def member_of(business: Business, *, now: datetime, when: WhatsappWhen = WhatsappWhen.AT_ONCE) -> WhatsappNewsChoice:
    user = User.objects.create_user("owner@clinic.test", "pw")
    member = Membership.objects.create(business=business, user=user, role=Role.OWNER)
    return whatsapp_choices.choose(member, when=when, digest_hour=18, number=MEMBER, language="en", now=now)


def writes(sender: Sender, text: str, *, now: datetime, number: str = MEMBER) -> None:
    InboundMessage.objects.create(
        business=sender.business, sender=sender, address=number, provider=sender.provider,
        provider_message_id=uuid.uuid4().hex, kind="text", text=text, received_at=now,
    )  # fmt: skip


def proved(sender: Sender, *, now: datetime, **wanted: Any) -> WhatsappNewsChoice:
    """Returns the choice of a member who proved the number two days ago, so that no window is open."""
    then = now - timedelta(days=2)
    choice = member_of(sender.business, now=then, **wanted)
    writes(sender, choice.code, now=then)
    assert whatsapp_choices.prove(choice.pk, now=then)
    DirectMessage.objects.all().delete()  # the confirmation
    choice.refresh_from_db()
    return choice


def ended(business: Business, at: datetime, **values: Any) -> Call:
    known: dict[str, Any] = {
        "called_number": "+97231234567", "caller_number": CALLER, "started_at": at - timedelta(seconds=50),
        "ended_at": at, "status": CallStatus.ENDED, "outcome": CallOutcome.COMPLETED, "user_has_spoken": True,
        "end_reason": "caller_left", "summary": "Wants an\nappointment.",
    }  # fmt: skip
    return Call.objects.create(business=business, twilio_call_sid=f"CA{uuid.uuid4().hex}", **(known | values))


def sweep(now: datetime) -> list[str | None]:
    return [whatsapp_news.tell(each, now=now) for each in whatsapp_news.due(now=now)]


def test_a_code_from_the_number_opens_the_window_and_news_come_as_text(
    sender: Sender,
    meta: ThreadedMeta,  # noqa: F811
    send: Send,  # noqa: F811
) -> None:
    now = datetime.now(UTC)
    choice = member_of(sender.business, now=now - timedelta(minutes=3))
    writes(sender, f"News of calls {choice.code}", now=now - timedelta(minutes=2))
    assert whatsapp_choices.to_prove(now=now) == [choice.pk]
    assert whatsapp_choices.prove(choice.pk, now=now - timedelta(minutes=1))
    call = ended(sender.business, now - timedelta(seconds=5))
    assert sweep(now) == ["sent"]
    assert sweep(now) == []
    send()
    assert [text["to"].lstrip("+") for text in meta.texts] == [MEMBER.lstrip("+")] * 2
    confirmation, told = DirectMessage.objects.order_by("created_at").values_list("text", flat=True)
    assert "from now on" in confirmation
    assert told.startswith(f"Clinic: a call from {CALLER}\n")
    assert "Wants an\nappointment." in told
    assert told.endswith(f"/b/clinic/calls/{call.pk}/")


def test_outside_the_window_the_template_goes_out_on_one_line(
    sender: Sender,
    meta: ThreadedMeta,  # noqa: F811
    send: Send,  # noqa: F811
) -> None:
    now = datetime.now(UTC)
    proved(sender, now=now)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    call = ended(sender.business, now - timedelta(seconds=5))
    assert sweep(now) == ["sent"]
    send()
    [post] = meta.posts
    assert post.address == MEMBER
    params = DirectMessage.objects.get().params
    assert set(params) == {"news", "link"}
    assert params["link"].endswith(f"/calls/{call.pk}/")
    assert "\n" not in params["news"]
    assert "Wants an appointment." in params["news"]


def test_no_window_and_no_template_makes_a_mail(sender: Sender, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    now = datetime.now(UTC)
    proved(sender, now=now)
    ended(sender.business, now - timedelta(seconds=5))
    assert sweep(now) == ["no_window"]
    assert not DirectMessage.objects.exists()
    assert WhatsappNews.objects.get().is_mailed
    [key] = news.due(now=now)
    assert news.send(key, now=now) is NewsState.SENT


def test_what_did_not_arrive_is_noted_and_mailed(
    sender: Sender,
    meta: ThreadedMeta,  # noqa: F811
    send: Send,  # noqa: F811
    settings: Any,
) -> None:
    settings.EMAIL_HOST = "mail.example"
    now = datetime.now(UTC)
    proved(sender, now=now)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    ended(sender.business, now - timedelta(seconds=5))
    assert sweep(now) == ["sent"]
    DirectMessage.objects.update(status="failed", error_code="131026")
    assert whatsapp_news.look(now=now) == 0
    later = now + whatsapp_news.FIRST_LOOK
    assert whatsapp_news.look(now=later) == 1
    assert whatsapp_news.look(now=later + timedelta(days=1)) == 0
    row = WhatsappNews.objects.get()
    assert (row.result, row.is_mailed, row.look_at) == ("failed", True, None)
    assert News.objects.get().is_instead


def test_stop_ends_the_news(sender: Sender, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    now = datetime.now(UTC)
    choice = proved(sender, now=now)
    suppressions.suppress(
        sender.business, MEMBER, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=now
    )
    ended(sender.business, now - timedelta(seconds=5))
    assert sweep(now) == ["opted_out"]
    choice.refresh_from_db()
    assert (choice.when, choice.stopped_at) == ("never", now)
    assert not DirectMessage.objects.exists()
    assert not News.objects.exists()


def test_many_workers_make_one_message(sender: Sender) -> None:
    now = datetime.now(UTC)
    proved(sender, now=now)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    ended(sender.business, now - timedelta(seconds=5))
    wanted = whatsapp_news.due(now=now)

    def decide() -> None:
        for each in wanted:
            whatsapp_news.tell(each, now=now)

    at_once(decide)
    assert (DirectMessage.objects.count(), WhatsappNews.objects.count()) == (1, 1)


SET_UP = """
import django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from businesses.models import Business, Membership, User
from businesses.tenancy import acting_for
from calls.models import AfterCalls, Call, WhatsappNewsChoice
from testing.broadcasts import make_sender, make_template
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business = Business.objects.get()
with acting_for(business):
    words = [{"type": "BODY", "text": "News: {{1}} and more"}]
    make_template(make_sender(business), name="news", category="UTILITY", components=words)
    AfterCalls.objects.create(business=business, news_template="news")
    user = User.objects.create_user("owner@acme.test", "pw")
    member = Membership.objects.create(business=business, user=user, role="owner")
    now = timezone.now()
    WhatsappNewsChoice.objects.create(
        business=business, membership=member, when="at_once", number="+972541234567", language="en",
        proved_at=now - timedelta(days=2), since=now - timedelta(days=2),
    )
    Call.objects.create(
        business=business, twilio_call_sid="CA1", called_number="+97231234567", caller_number="+972501234567",
        started_at=now - timedelta(seconds=30), ended_at=now - timedelta(seconds=20), status="ended",
        outcome="completed", end_reason="caller_left", user_has_spoken=True,
    )
"""


@pytest.mark.timeout(600)
def test_a_killed_worker_leaves_both_rows_or_none(migrated_database: MigratedDatabase) -> None:
    with migrated_database() as database_url:
        environment = environment_of(database_url)
        run(environment, SET_UP)
        leaves_both_or_none(environment, task="calls.tasks.send_whatsapp_news", row="calls.models.WhatsappNews")
