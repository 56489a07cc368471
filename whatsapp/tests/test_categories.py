"""A template that WhatsApp moves to another category: who still gets it, what it costs, and who has to agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone, translation

from businesses.models import Business, Role, User
from testing.broadcasts import addresses, make_broadcast, make_template
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import announced, categories, lifecycle
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.conftest import Send, states
from whatsapp.control import starting
from whatsapp.errors import NotSendable
from whatsapp.models import (
    Broadcast,
    BroadcastEvent,
    MessageTemplate,
    Recipient,
    Sender,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions
from whatsapp.sending import waves
from whatsapp.sending.waves import Dispatch, Stopped
from whatsapp.states import PauseReason
from whatsapp.tests.conftest import member
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import cloud_change, post_cloud

PEOPLE = addresses(10)
pytestmark = pytest.mark.usefixtures("meta")


@pytest.fixture
def clinic(acme: Business) -> Business:
    """The business that the stand-in for Meta knows."""
    return acme


@pytest.fixture
def utility(sender: Sender) -> MessageTemplate:
    return make_template(sender, name="visit", provider_template_id="78", category="UTILITY", quality="GREEN")


@pytest.fixture
def running(acme: Business, sender: Sender, utility: MessageTemplate) -> Broadcast:
    """A running broadcast of a utility template; its first person refuses marketing."""
    made = make_broadcast(sender, utility, PEOPLE)
    Recipient.objects.filter(broadcast=made).update(country="IL", cost_estimate=Decimal("0.0044"))
    suppressions.suppress(
        acme, PEOPLE[0], category=SuppressionCategory.MARKETING, source=SuppressionSource.REPLY, now=timezone.now()
    )
    return made


def moved(client: Client, to: str = "MARKETING", old: str = "UTILITY") -> None:
    """Let the webhook of a completed change come."""
    told = {"message_template_id": 78, "message_template_name": "visit", "message_template_language": "en-US"}
    post_cloud(client, cloud_change("template_category_update", previous_category=old, new_category=to, **told))
    apply_news(timezone.now())


def test_a_change_skips_who_refuses_pauses_and_names_both_prices(
    client: Client, meta: ThreadedMeta, running: Broadcast
) -> None:
    assert states(running) == {"pending": 10}, "a receipt may go to who refuses marketing"
    moved(client)
    running.refresh_from_db()
    assert (running.status, running.pause_reason, running.resume_at) == ("paused", PauseReason.CATEGORY, None)
    assert states(running) == {"pending": 9, "skipped": 1}
    kept = running.cause_data
    assert (kept["old_category"], kept["new_category"]) == ("UTILITY", "MARKETING")
    assert (kept["country"], kept["people"], kept["currency"]) == ("IL", 9, "EUR")
    assert Decimal(kept["new_price"]) > Decimal(kept["old_price"]) > 0
    assert Decimal(kept["new_total"]) == 9 * Decimal(kept["new_price"])
    for language in ("en", "he"):
        with translation.override(language):
            words = why_it_stands(running)
        assert kept["old_price"] in words
        assert kept["new_price"] in words


def test_it_goes_on_only_when_a_person_says_so_and_costs_the_new_price_from_then_on(
    client: Client, meta: ThreadedMeta, running: Broadcast, send: Send, operator: User
) -> None:
    moved(client)
    send()
    assert not meta.accepted, "nothing leaves, whatever runs"
    running.refresh_from_db()
    starting.accept_category(running, now=timezone.now(), actor=operator)
    assert {row.cost_estimate for row in running.recipients.filter(status="pending")} == {Decimal("0.02920")}
    assert BroadcastEvent.objects.filter(kind="resumed", actor=operator).get().data == {"category": "MARKETING"}
    send()
    assert {post.address for post in meta.accepted} == set(PEOPLE[1:])


def test_a_change_that_no_webhook_told_stops_the_next_wave(running: Broadcast) -> None:
    dispatch = Dispatch(running.pk, running.business)
    MessageTemplate.objects.update(category="MARKETING")
    assert isinstance(waves.depart_wave(dispatch, timezone.now()), Stopped)
    running.refresh_from_db()
    assert running.pause_reason == PauseReason.CATEGORY
    assert states(running) == {"pending": 9, "skipped": 1}


def test_another_change_after_it_was_accepted_needs_another_yes(client: Client, running: Broadcast) -> None:
    moved(client)
    MessageTemplate.objects.update(category="AUTHENTICATION")
    running.refresh_from_db()
    lifecycle.resume(running, now=timezone.now())
    assert running.template_category == "MARKETING", "what was accepted is what the pause had named"
    waves.depart_wave(Dispatch(running.pk, running.business), timezone.now())
    running.refresh_from_db()
    assert (running.status, running.cause_data["new_category"]) == ("paused", "AUTHENTICATION")


def test_a_scheduled_broadcast_pauses_before_its_first_message(client: Client, running: Broadcast, send: Send) -> None:
    Broadcast.objects.update(status="scheduled", scheduled_at=timezone.now(), started_at=None)
    moved(client)
    send()
    running.refresh_from_db()
    assert (running.status, running.pause_reason) == ("paused", PauseReason.CATEGORY)
    assert states(running) == {"pending": 9, "skipped": 1}


def test_a_broadcast_that_is_not_started_is_refused_until_somebody_accepts(
    client: Client, meta: ThreadedMeta, running: Broadcast
) -> None:
    Broadcast.objects.update(status="draft", started_at=None)
    moved(client)
    running.refresh_from_db()
    with pytest.raises(NotSendable, match=r"0\.0292"):
        starting.start(running, now=timezone.now())
    call_command("accept_category", str(running.pk))
    call_command("accept_category", str(running.pk))
    assert BroadcastEvent.objects.filter(kind="category").count() == 1
    fresh = Broadcast.objects.select_related("sender", "template", "business").get(pk=running.pk)
    assert (fresh.status, fresh.template_category) == ("draft", "MARKETING")
    starting.start(fresh, now=timezone.now())
    assert fresh.status == "running"


def test_the_page_shows_the_prices_and_a_button_that_accepts(
    staff: Client, client: Client, clinic: Business, meta: ThreadedMeta, running: Broadcast
) -> None:
    moved(client)
    page = f"/b/{clinic.slug}/broadcasts/{running.pk}/"
    shown = staff.get(page).content.decode()
    assert "0.0292" in shown
    assert f"{page}accept-category/" in shown
    assert f"{page}resume/" not in shown
    staff.post(f"{page}accept-category/")
    running.refresh_from_db()
    assert running.status == "running"
    assert f"{page}accept-category/" not in staff.get(page).content.decode()


def test_a_cheaper_category_asks_too_and_brings_nobody_back(client: Client, running: Broadcast) -> None:
    moved(client)
    moved(client, to="UTILITY", old="MARKETING")
    running.refresh_from_db()
    lifecycle.resume(running, now=timezone.now())
    assert states(running) == {"pending": 9, "skipped": 1}


def test_an_announced_change_is_none_yet_and_an_unknown_category_neither(client: Client, running: Broadcast) -> None:
    body = cloud_change(
        "template_category_update", message_template_id=78, new_category="UTILITY", correct_category="MARKETING"
    )
    post_cloud(client, body)
    post_cloud(client, cloud_change("template_category_update", message_template_id=78, new_category="SOMETHING"))
    apply_news(timezone.now())
    running.refresh_from_db()
    assert running.status == "running"
    assert not categories.has_moved(running)


# Announced ----------------------------------------------------------------------------------------------------------
def announce(client: Client, to: str = "MARKETING", at: datetime | None = None) -> None:
    told = (
        {"correct_category": to, "category_update_timestamp": int(at.timestamp())} if at else {"correct_category": to}
    )
    body = cloud_change("template_category_update", message_template_id=78, new_category="UTILITY", **told)
    post_cloud(client, body)
    apply_news(timezone.now())


@pytest.mark.parametrize("language", ["en", "he"])
def test_an_announced_change_is_told_with_both_prices_where_it_matters(
    client: Client, running: Broadcast, acme: Business, language: str
) -> None:
    at = timezone.now().replace(microsecond=0) + timedelta(hours=20)
    announce(client, at=at)
    template = MessageTemplate.objects.get(pk=running.template_id)
    assert (template.category, template.announced_category, template.announced_for) == ("UTILITY", "MARKETING", at)
    staff = member(acme, Role.OWNER)
    staff.cookies["django_language"] = language
    page = f"/b/{acme.slug}/"
    line = staff.get(f"{page}templates/").content.decode()
    for place in (
        line,
        staff.get(f"{page}templates/{template.pk}/").content.decode(),
        staff.get(page).content.decode(),
        staff.get(f"{page}broadcasts/{running.pk}/").content.decode(),
    ):
        assert "0.0044" in place
        assert "0.0292" in place
    assert "0.292 " in staff.get(f"{page}broadcasts/{running.pk}/").content.decode(), "all ten"
    Broadcast.objects.filter(pk=running.pk).update(status="scheduled")
    assert "0.0292" in staff.get(f"{page}broadcasts/{running.pk}/").content.decode()
    Broadcast.objects.filter(pk=running.pk).update(status="completed")
    assert "0.0292" not in staff.get(f"{page}broadcasts/{running.pk}/").content.decode()
    assert "0.0292" not in staff.get(page).content.decode(), "no broadcast waits for it"


def test_an_announcement_ends_when_the_change_comes_is_taken_back_or_is_long_overdue(
    client: Client, running: Broadcast
) -> None:
    now = timezone.now()

    def told(moment: datetime = now) -> str:
        return announced.of_template(MessageTemplate.objects.get(pk=running.template_id), moment)

    assert told() == ""
    announce(client)
    kept = MessageTemplate.objects.get(pk=running.template_id)
    assert kept.announced_for is not None
    assert timedelta(hours=23) < kept.announced_for - now < timedelta(hours=25), "without a time it is a day ahead"
    assert told()
    assert told(now + timedelta(days=5)) == ""
    MessageTemplate.objects.update(category="MARKETING")  # a sync was faster than the webhook
    assert told() == ""
    MessageTemplate.objects.update(category="UTILITY")
    announce(client, to="UTILITY")
    assert told() == "", "it stays what it is"
    announce(client)
    moved(client)
    assert told() == ""
    assert MessageTemplate.objects.get(pk=running.template_id).announced_category == ""


# Content ------------------------------------------------------------------------------------------------------------
def test_a_changed_content_pauses_and_cannot_be_resumed(running: Broadcast) -> None:
    MessageTemplate.objects.update(content_hash="1" * 64)
    waves.depart_wave(Dispatch(running.pk, running.business), timezone.now())
    running.refresh_from_db()
    assert (running.pause_reason, running.cause) == (PauseReason.TEMPLATE, "template_changed")
    with pytest.raises(CommandError, match="make a new one for those who have not got it"):
        call_command("resume_broadcast", str(running.pk))
    assert Broadcast.objects.get(pk=running.pk).status == "paused"
    MessageTemplate.objects.update(content_hash=running.template_hash)
    call_command("resume_broadcast", str(running.pk))
    assert Broadcast.objects.get(pk=running.pk).status == "running"


def test_a_pause_lasts_longer_than_the_first_look(running: Broadcast) -> None:
    now = timezone.now()
    MessageTemplate.objects.update(status="PAUSED", paused_until=now + timedelta(hours=3))
    waves.depart_wave(Dispatch(running.pk, running.business), now)
    running.refresh_from_db()
    assert (running.pause_reason, running.resume_at) == (PauseReason.TEMPLATE, now + timedelta(hours=3))
