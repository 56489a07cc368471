"""The page on which a member has a WhatsApp number proved, the daily message, and what goes with an erased caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from businesses import messenger
from businesses.keeping.person import Person
from businesses.models import Membership, Role, User
from calls.followups import short_news, whatsapp_choices, whatsapp_news
from calls.keeping import told
from calls.models import AfterCalls, WhatsappNews, WhatsappNewsChoice, WhatsappWhen
from testing.broadcasts import make_template
from tests.test_news_by_whatsapp import BODY, CALLER, MEMBER, ended, proved, sender, writes  # noqa: F401 - fixture
from whatsapp.models import DirectMessage, Sender, SuppressionCategory, SuppressionSource
from whatsapp.people import suppressions
from whatsapp.template_drafting import WrittenTemplate, problems


@pytest.fixture
def page(sender: Sender, client: Client) -> str:  # noqa: F811
    """The page's address; its client is a member of staff."""
    user = User.objects.create_user("noa@clinic.test", "pw")
    Membership.objects.create(business=sender.business, user=user, role=Role.STAFF)
    client.force_login(user)
    return reverse("news", args=[sender.business.slug])


def chosen(**values: str) -> dict[str, str]:
    wanted = {"when": "at_once", "digest_hour": "18", "number": "054-123-4567"} | values
    return {"part": "whatsapp"} | {f"whatsapp-{name}": value for name, value in wanted.items()}


def test_a_member_of_staff_enters_a_number_and_proves_it(page: str, client: Client, sender: Sender) -> None:  # noqa: F811
    assert client.post(page, chosen()).status_code == 302
    choice = WhatsappNewsChoice.objects.get()
    assert (choice.number, choice.proved_at) == (MEMBER, None)
    shown = client.get(page).content.decode()
    assert f"https://wa.me/97237654321?text=News%20of%20calls%20{choice.code}" in shown
    now = datetime.now(UTC)
    writes(sender, "Hello", now=now)
    writes(sender, choice.code, now=now, number=CALLER)
    writes(sender, choice.code, now=now - timedelta(hours=2))
    client.post(page, {"part": "check"})
    choice.refresh_from_db()
    assert choice.proved_at is None  # no code, another number, and before it was asked for
    writes(sender, f"news of calls {choice.code}!", now=now)
    client.post(page, {"part": "check"})
    choice.refresh_from_db()
    assert (choice.proved_at is None, choice.code) == (False, "")
    assert "wa.me" not in client.get(page).content.decode()


def test_another_number_is_proved_anew(sender: Sender) -> None:  # noqa: F811
    now = datetime.now(UTC)
    choice = proved(sender, now=now)
    again = whatsapp_choices.choose(
        choice.membership, when="at_once", digest_hour=9, number=MEMBER, language="en", now=now
    )
    assert (again.proved_at, again.since) == (choice.proved_at, choice.since)
    other = whatsapp_choices.choose(
        choice.membership, when="at_once", digest_hour=9, number=CALLER, language="en", now=now
    )
    assert other.proved_at is None
    ended(sender.business, now + timedelta(minutes=1))
    assert whatsapp_news.due(now=now + timedelta(minutes=2)) == []


@pytest.mark.parametrize(("number", "words"), [("", "Write the number"), ("12", "not a phone number")])
def test_a_wrong_number_is_refused(page: str, client: Client, number: str, words: str) -> None:
    answer = client.post(page, chosen(number=number))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not WhatsappNewsChoice.objects.exists()


def test_who_opted_out_is_told_to_write_start(page: str, client: Client, sender: Sender) -> None:  # noqa: F811
    now = datetime.now(UTC)
    suppressions.suppress(
        sender.business, MEMBER, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=now
    )
    answer = client.post(page, chosen())
    assert answer.status_code == 422
    assert "Write “start” from it to +97237654321 first." in answer.content.decode()


def test_the_daily_message_counts_and_names_nobody(sender: Sender) -> None:  # noqa: F811
    now = datetime(2026, 6, 1, 16, 30, tzinfo=UTC)  # 19:30 in Jerusalem
    choice = proved(sender, now=now, when=WhatsappWhen.DAILY)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    for minutes in (5, 10):
        ended(sender.business, now - timedelta(hours=26, minutes=minutes))
    wanted = whatsapp_news.due(now=now)
    assert [whatsapp_news.tell(each, now=now) for each in wanted] == ["sent"]
    assert [whatsapp_news.tell(each, now=now) for each in wanted] == [None]
    assert DirectMessage.objects.get().params["news"] == "Clinic: 2 calls"
    choice.refresh_from_db()
    assert choice.next_digest_at == datetime(2026, 6, 2, 15, tzinfo=UTC)
    later = datetime(2026, 6, 2, 15, 1, tzinfo=UTC)
    assert [whatsapp_news.tell(each, now=later) for each in whatsapp_news.due(now=later)] == [None]  # no calls


def test_what_was_told_goes_with_transcripts(sender: Sender) -> None:  # noqa: F811
    now = datetime.now(UTC)
    proved(sender, now=now)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    ended(sender.business, now - timedelta(seconds=5))
    for each in whatsapp_news.due(now=now):
        whatsapp_news.tell(each, now=now)
    assert told.remove(sender.business, before=now, most=10) == 0
    assert told.remove(sender.business, before=now + timedelta(seconds=1), most=10) == 1
    assert not DirectMessage.objects.exists()


def test_what_was_told_goes_with_the_caller(sender: Sender) -> None:  # noqa: F811
    now = datetime.now(UTC)
    proved(sender, now=now)
    AfterCalls.objects.create(business=sender.business, news_template="news")
    for number in (CALLER, "+972501111111"):
        ended(sender.business, now - timedelta(seconds=5), caller_number=number)
    for each in whatsapp_news.due(now=now):
        whatsapp_news.tell(each, now=now)
    person = Person(sender.business, frozenset({CALLER}))
    assert told.HOLDING.erase(person, 10) == 1
    assert [each.call and each.call.caller_number for each in WhatsappNews.objects.all()] == ["+972501111111"]
    assert [CALLER in text for text in DirectMessage.objects.values_list("text", flat=True)] == [False]


def test_the_suggested_template_is_one_that_whatsapp_takes_and_news_fill(sender: Sender) -> None:  # noqa: F811
    draft = short_news.draft(sender.business)
    samples = {name: draft[f"sample_{name}"] for name in ("news", "link")}
    written = WrittenTemplate(draft["name"], "en", draft["category"], draft["body"], samples=samples)
    assert problems(written) == []
    assert set(written.variables) <= set(short_news.VALUES)
    make_template(sender, name="offer", category="MARKETING", components=BODY, parameter_format="NAMED")
    words = [{"type": "BODY", "text": "Hello {{first_name}}, news: {{news}} for you"}]
    make_template(sender, name="hello", category="UTILITY", components=words, parameter_format="NAMED")
    sendable = messenger.templates(sender.business)
    assert [each.name for each in short_news.usable_templates(sendable)] == ["news"]


def test_a_template_is_handed_the_suggestion_by_its_address(sender: Sender, client: Client) -> None:  # noqa: F811
    user = User.objects.create_user("dan@clinic.test", "pw")
    Membership.objects.create(business=sender.business, user=user, role=Role.OWNER)
    client.force_login(user)
    shown = client.get(reverse("template-new", args=[sender.business.slug]), short_news.draft(sender.business))
    assert "news_of_calls" in shown.content.decode()
    assert "News of your calls: {{news}}" in shown.content.decode()
