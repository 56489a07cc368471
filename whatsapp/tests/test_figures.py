"""The figures of a broadcast: one definition and one name each, wherever they are shown."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from whatsapp.broadcasts.counts import counts_of
from whatsapp.broadcasts.figures import Figure, figures_of, people_in, standing
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.broadcasts.under_way import with_counts
from whatsapp.control.reports import status_report
from whatsapp.models import Broadcast, InboundMessage, MessageTemplate, Recipient, Sender
from whatsapp.pages.figures import progress_of
from whatsapp.tests.conftest import NOW

STATES = {
    "pending": 1, "retry_wait": 1, "accepted": 1, "sent": 2, "delivered": 4, "read": 5, "failed": 2, "expired": 1,
    "skipped": 3, "cancelled": 1,
}  # fmt: skip
PEOPLE = {
    Figure.TO_REACH: 18, Figure.TO_SEND: 2, Figure.TAKEN: 13, Figure.DELIVERED: 9, Figure.READ: 5, Figure.REPLIED: 2,
    Figure.OPTED_OUT: 1, Figure.NOT_REACHED: 3, Figure.SKIPPED: 3, Figure.CANCELLED: 1,
}  # fmt: skip


@pytest.fixture
def mixed(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A running broadcast with people in every kind of state, of whom two replied, one of them twice."""
    broadcast = make_broadcast(sender, template, addresses(sum(STATES.values())))
    rows = iter(Recipient.objects.filter(broadcast=broadcast).order_by("pk"))
    for status, people in STATES.items():
        for row in [next(rows) for _each in range(people)]:
            row.status = status
            row.skip_reason = "invalid_number" if status == "skipped" else ""
            row.accepted_at = row.delivered_at = NOW if status in {"delivered", "read"} else None
            row.accepted_at = NOW if status in {"accepted", "sent", "expired"} else row.accepted_at
            row.save()
    first, second = Recipient.objects.filter(broadcast=broadcast, status="read").order_by("pk")[:2]
    for number, (row, action) in enumerate([(first, ""), (first, ""), (second, "opt_out")]):
        InboundMessage.objects.create(
            business=broadcast.business, sender=sender, recipient=row, address=row.address or "", provider="cloud",
            provider_message_id=f"in-{number}", kind="text", action=action, received_at=NOW,
        )  # fmt: skip
    return broadcast


def page(name: str, broadcast: Broadcast, query: str = "") -> str:
    return reverse(name, kwargs={"slug": "clinic", "broadcast_id": broadcast.pk}) + query


def test_every_figure_counts_the_people_on_its_list(mixed: Broadcast) -> None:
    found = figures_of(mixed, counts_of(mixed.pk))
    assert found.people == PEOPLE
    assert {figure: people_in(mixed, figure).count() for figure in Figure} == PEOPLE
    assert found.percent(Figure.DELIVERED) == 50
    assert found.percent(Figure.READ) == pytest.approx(500 / 9)
    assert found.percent(Figure.SKIPPED) is None


def test_page_list_csv_and_command_say_the_same_numbers(staff: Client, mixed: Broadcast) -> None:
    shown = staff.get(page("broadcast", mixed))
    assert {bar.figure: bar.people for bar in shown.context["funnel"]} == {
        figure: PEOPLE[figure]
        for figure in (Figure.TO_REACH, Figure.TAKEN, Figure.DELIVERED, Figure.READ, Figure.REPLIED)
    }
    assert [(line.label, line.total) for line in shown.context["timeline"].lines] == [
        ("Handed over to WhatsApp", 13), ("Delivered", 9), ("Read", 5), ("Replied", 2),
    ]  # fmt: skip
    reported = status_report(mixed, now=NOW)
    assert reported["figures"] == {figure.value: people for figure, people in PEOPLE.items()}
    for figure, people in PEOPLE.items():
        query = f"?figure={figure.value}"
        assert len(staff.get(page("broadcast-people", mixed, query)).context["listing"].rows) == people, figure
    Business.objects.get().memberships.update(may_export_contacts=True)
    written = staff.get(page("broadcast-export", mixed, "?figure=delivered")).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(written)))) == 1 + PEOPLE[Figure.DELIVERED]


def test_the_times_of_the_csv_are_the_business_s_and_say_so(staff: Client, mixed: Broadcast) -> None:
    Business.objects.get().memberships.update(may_export_contacts=True)
    written = staff.get(page("broadcast-export", mixed, "?figure=delivered")).content.decode("utf-8-sig")
    header, first, *_others = csv.reader(io.StringIO(written))
    zone = Business.objects.get().time_zone
    assert header[6] == f"delivered ({zone})"
    assert first[6] == f"{NOW.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    assert zone != "UTC"


@pytest.mark.parametrize("language", ["en", "he"])
def test_no_two_figures_and_no_figure_and_state_have_one_name(mixed: Broadcast, language: str) -> None:
    with translation.override(language):
        names = [str(figure.label) for figure in Figure]
        states = [str(row.get_status_display()) for row in Recipient.objects.filter(broadcast=mixed)]
    assert len(set(names)) == len(names)
    assert str(names[3]) not in states, "“Delivered” is the figure, the state is “Delivered, not read”"


# How a broadcast stands ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("failed", "words", "colour"),
    [(0, "Completed", "good"), (1, "Completed with failures", "good"), (2, "Completed with failures", "warn"),
     (20, "Completed with failures", "bad")],
)  # fmt: skip
def test_a_completed_broadcast_says_that_people_were_not_reached(
    sender: Sender, template: MessageTemplate, failed: int, words: str, colour: str
) -> None:
    broadcast = make_broadcast(sender, template, addresses(40), status="completed")
    rows = Recipient.objects.filter(broadcast=broadcast).order_by("pk")
    rows.filter(pk__in=rows[:failed]).update(status="failed")
    rows.filter(status="pending").update(status="delivered")
    stands = standing(broadcast, counts_of(broadcast.pk))
    assert (stands.words, stands.colour) == (words, colour)


def test_a_draft_has_no_progress(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    draft = make_broadcast(sender, template, addresses(4), status="draft", started_at=None)
    rows = Recipient.objects.filter(broadcast=draft).order_by("pk")
    rows.filter(pk__in=rows[:3]).update(status="skipped", skip_reason="duplicate")
    (under_way,) = with_counts([draft])
    assert (under_way.done_percent, under_way.has_begun) == (0, False)
    assert "<progress" not in staff.get(page("broadcast", draft)).content.decode()
    assert "<progress" not in staff.get(reverse("broadcasts", args=["clinic"])).content.decode()


def test_a_price_is_that_of_one_message(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    draft = make_broadcast(sender, template, addresses(3_000), status="draft", started_at=None)
    Recipient.objects.update(country="IL")
    shown = " ".join(staff.get(page("broadcast", draft)).content.decode().split())
    assert "3,000 × 0.0292 = 87.60 EUR" in shown


def test_one_person_is_no_people(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    draft = make_broadcast(sender, template, addresses(1), status="draft", started_at=None)
    assert "Send to 1 person?" in staff.get(page("broadcast", draft)).content.decode()


# Another try ----------------------------------------------------------------------------------------------------
def test_one_who_is_tried_again_tomorrow_is_no_progress_that_ends_soon(
    staff: Client, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = make_broadcast(sender, template, addresses(6))
    now, tomorrow = timezone.now(), timezone.now() + timedelta(days=1)
    rows = Recipient.objects.filter(broadcast=broadcast).order_by("pk")
    rows.update(status="delivered")
    Recipient.objects.filter(pk=rows[0].pk).update(status="retry_wait", next_attempt_at=tomorrow)
    shown = progress_of(broadcast, counts_of(broadcast.pk), [], now=now)
    assert (shown.percent, shown.only_waits, shown.expected_end) == (83, True, None)
    assert (shown.waiting, shown.next_try, shown.last_try) == (1, tomorrow, tomorrow)
    text = staff.get(page("broadcast", broadcast)).content.decode()
    assert "1 person is tried again at" in text
    assert "done around" not in text
    Recipient.objects.filter(pk=rows[1].pk).update(status="pending")
    assert progress_of(broadcast, counts_of(broadcast.pk), [], now=now).expected_end == tomorrow


def test_another_try_within_a_minute_is_not_worth_a_word(sender: Sender, template: MessageTemplate) -> None:
    broadcast = make_broadcast(sender, template, addresses(1))
    Recipient.objects.update(status="retry_wait", next_attempt_at=NOW + timedelta(seconds=40))
    shown = progress_of(broadcast, counts_of(broadcast.pk), [], now=NOW)
    assert (shown.waiting, shown.expected_end is None) == (0, False)


# Reasons ----------------------------------------------------------------------------------------------------------
def test_a_skipped_person_has_plain_words_and_not_the_providers(mixed: Broadcast, staff: Client) -> None:
    refused: dict[str, Any] = {"error_code": "131050", "error_text": "(#131050) Refused", "error_class": "suppress"}
    Recipient.objects.filter(status="skipped").update(skip_reason="opted_out", **refused)
    row = Recipient.objects.filter(status="skipped")[0]
    assert reason_of(row) == "This person stopped marketing messages of the business."
    assert "#131050" not in staff.get(page("broadcast-people", mixed, "?status=skipped")).content.decode()
