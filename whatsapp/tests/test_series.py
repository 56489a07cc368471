"""Recurring broadcasts: each occurrence is made exactly once, in time or not at all, for the people of that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from businesses.models import AuditEntry, Business, User
from testing.at_once import at_once
from whatsapp.audience import segments
from whatsapp.audience.choice import ContactsChoice, FileChoice, FromContacts, SegmentChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.broadcasts import creation, drafts, lifecycle
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.errors import EditedElsewhere, NotSendable, WhatsappError
from whatsapp.models import (
    Broadcast,
    BroadcastSeries,
    Contact,
    MessageTemplate,
    Occurrence,
    Outcome,
    Recipient,
    Segment,
    Sender,
    SeriesPause,
    SeriesStatus,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions, tagging
from whatsapp.sending import agenda
from whatsapp.series import occurring, plans, steering
from whatsapp.series.dates import next_occasions
from whatsapp.series.repeats import Period, Repeat
from whatsapp.states import BroadcastStatus, RecipientStatus
from whatsapp.tests.conftest import NOW

ZONE = "Asia/Jerusalem"
DAILY = Repeat(Period.DAILY, time(12), ZONE, date(2026, 11, 23))
FIRST = datetime(2026, 11, 23, 10, tzinfo=UTC)  # 12:00 of that day; NOW is an hour earlier
DAY = timedelta(days=1)
MakeSeries = Callable[..., BroadcastSeries]


@pytest.fixture
def owner(clinic: Business) -> User:
    return User.objects.create_user("owner@clinic.test", "pw")


@pytest.fixture
def people(clinic: Business) -> list[Contact]:
    made = [
        Contact.objects.create(business=clinic, name=f"{name} Levi", phone=f"+97250123456{number}")
        for number, name in enumerate(("Dana", "Noa", "Omer"))
    ]
    tagging.tag(clinic, made[:2], "vip")
    return made


@pytest.fixture
def vips(clinic: Business, people: list[Contact]) -> Segment:
    return Segment.objects.create(business=clinic, name="VIPs", conditions=Conditions(any_tags=("vip",)).kept())


@pytest.fixture
def plan(
    clinic: Business, sender: Sender, template: MessageTemplate, vips: Segment, owner: User, monkeypatch: Any
) -> MakeSeries:
    """Make a recurring broadcast to the VIPs; it is started unless said otherwise."""
    for module in (occurring, steering):  # no provider is asked
        monkeypatch.setattr(module, "refresh_for", lambda _series, now: None)

    def make_one(
        repeat: Repeat = DAILY,
        *,
        choice: FromContacts | None = None,
        only_new: bool = False,
        started: bool = True,
        **options: Any,
    ) -> BroadcastSeries:
        chosen = choice or SegmentChoice(str(vips.pk), values={"first_name": "first_name"})
        draft = drafts.begin(clinic, template, sender)
        new = NewBroadcast(template, sender, chosen, "Weekly news", timing=Timing(late_after_minutes=60), **options)
        series = plans.save(draft, new, repeat, only_new=only_new, edition=draft.edition, now=NOW, actor=owner)
        if started:
            steering.start(series, now=NOW, actor=owner)
        assert not Broadcast.objects.filter(pk=draft.pk).exists()
        return series

    return make_one  # fmt: skip


def send(now: datetime) -> None:
    """Do what beat and the loop do at a moment, but let no message leave."""
    occurring.make_due(now)
    while agenda.prepare_some(now):
        pass


def first_names(broadcast: Broadcast) -> set[str]:
    rows = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.PENDING)
    return set(rows.values_list("params__first_name", flat=True))


def outcomes(series: BroadcastSeries) -> list[tuple[int, str]]:
    return [(each.on.day, each.outcome) for each in series.occurrences.order_by("on")]


def test_each_occurrence_is_a_broadcast_of_its_own_with_the_people_of_its_time(
    plan: MakeSeries, people: list[Contact], clinic: Business
) -> None:
    series = plan()
    send(FIRST - timedelta(seconds=1))
    assert not Broadcast.objects.exists()
    send(FIRST + timedelta(seconds=5))
    first = Broadcast.objects.get()
    assert first_names(first) == {"Dana", "Noa"}
    assert (first.status, first.name) == (BroadcastStatus.RUNNING, "Weekly news · 2026-11-23")
    assert (first.scheduled_wall_time, first.scheduled_zone) == ("2026-11-23T12:00", ZONE)
    tagging.tag(clinic, people[2:], "vip")
    tagging.untag(clinic, people[:1], "vip")
    suppressions.suppress(
        clinic, "+972501234561", category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW
    )
    send(FIRST + DAY)
    second = Broadcast.objects.exclude(pk=first.pk).get()
    assert first_names(second) == {"Omer"}
    assert second.recipients.get(address="+972501234561").status == RecipientStatus.SKIPPED
    assert second.not_after == FIRST + DAY + timedelta(hours=1)  # counted from its own time, and not from the first's
    assert outcomes(series) == [(23, Outcome.MADE), (24, Outcome.MADE)]


def test_a_date_is_dealt_with_once_however_often_it_is_looked_at(plan: MakeSeries) -> None:
    series = plan()
    stale = [BroadcastSeries.objects.select_related("business", "sender", "template").get() for _process in range(3)]
    for each in stale:  # all of them found it due at the same time
        occurring.meet(each, now=FIRST)
    for _beat in range(3):
        send(FIRST)
    assert Broadcast.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Occurrence.objects.create(
            business=series.business, series=series, on=date(2026, 11, 23), at=FIRST, outcome=Outcome.MADE
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="its writers wait for each other anyway")
def test_two_processes_at_once_make_one(plan: MakeSeries) -> None:
    plan()
    at_once(lambda: occurring.make_due(FIRST))
    assert Broadcast.objects.count() == Occurrence.objects.count() == 1


@pytest.mark.parametrize("step", ["create", "_note", "schedule", "fire"])
def test_a_process_that_is_killed_leaves_nothing_half_done(plan: MakeSeries, step: str, monkeypatch: Any) -> None:
    plan()
    where = {"create": creation, "_note": occurring}.get(step, lifecycle)
    real = getattr(where, step)

    def die(*given: Any, **named: Any) -> None:
        real(*given, **named)
        raise SystemExit

    monkeypatch.setattr(where, step, die)
    with pytest.raises(SystemExit):
        occurring.make_due(FIRST)
    monkeypatch.setattr(where, step, real)
    assert not Broadcast.objects.exists()
    assert not Occurrence.objects.exists()
    send(FIRST + timedelta(minutes=1))
    assert Broadcast.objects.count() == Occurrence.objects.count() == 1


def test_what_is_too_late_is_skipped_and_says_so(plan: MakeSeries) -> None:
    series = plan()
    send(FIRST + timedelta(hours=1, seconds=1))
    assert outcomes(series) == [(23, Outcome.LATE)]
    send(FIRST + 5 * DAY + timedelta(minutes=59))  # the server was down for days: what is not too late is made
    assert outcomes(series) == [(day, Outcome.LATE) for day in range(23, 28)] + [(28, Outcome.MADE)]
    assert Broadcast.objects.get().is_late
    series.refresh_from_db()
    assert series.next_on == date(2026, 11, 29)


def test_one_series_that_fails_does_not_keep_others_waiting(plan: MakeSeries, monkeypatch: Any) -> None:
    broken, fine = plan(), plan()
    real = occurring._plan

    def sometimes(current: BroadcastSeries) -> NewBroadcast:
        if current.pk == broken.pk:
            raise RuntimeError
        return real(current)

    monkeypatch.setattr(occurring, "_plan", sometimes)
    send(FIRST)
    assert outcomes(fine) == [(23, Outcome.MADE)]
    assert outcomes(broken) == []
    broken.refresh_from_db()
    assert broken.try_at == FIRST + occurring.TRY_AGAIN


def test_nobody_to_send_to_is_no_end(plan: MakeSeries, people: list[Contact], clinic: Business) -> None:
    tagging.untag(clinic, people, "vip")
    series = plan()
    send(FIRST)
    assert outcomes(series) == [(23, Outcome.NOBODY)]
    tagging.tag(clinic, people, "vip")
    send(FIRST + DAY)
    assert outcomes(series) == [(23, Outcome.NOBODY), (24, Outcome.MADE)]


def test_a_number_of_times_counts_what_was_made(plan: MakeSeries) -> None:
    series = plan(Repeat(Period.DAILY, time(12), ZONE, date(2026, 11, 23), times=2))
    send(FIRST + timedelta(hours=2))  # missed
    assert len(next_occasions(BroadcastSeries.objects.get(), now=FIRST)) == 2
    send(FIRST + DAY)
    send(FIRST + 2 * DAY)
    send(FIRST + 3 * DAY)
    series.refresh_from_db()
    assert (series.status, series.made, series.next_at) == (SeriesStatus.ENDED, 2, None)
    assert outcomes(series) == [(23, Outcome.LATE), (24, Outcome.MADE), (25, Outcome.MADE)]


def test_it_ends_with_its_last_date(plan: MakeSeries) -> None:
    series = plan(Repeat(Period.DAILY, time(12), ZONE, date(2026, 11, 23), last=date(2026, 11, 23)))
    send(FIRST)
    series.refresh_from_db()
    assert (series.status, next_occasions(series, now=FIRST)) == (SeriesStatus.ENDED, [])


def test_newcomers_only(plan: MakeSeries, people: list[Contact], clinic: Business) -> None:
    series = plan(only_new=True)
    send(FIRST)
    first = Broadcast.objects.get()
    assert first_names(first) == {"Dana", "Noa"}
    rows = Recipient.objects.filter(broadcast=first)
    rows.filter(contact=people[0]).update(status=RecipientStatus.READ)
    rows.filter(contact=people[1]).update(status=RecipientStatus.FAILED, error_class="retry")  # never reached her
    tagging.tag(clinic, people, "vip")
    send(FIRST + DAY)
    second = Broadcast.objects.exclude(pk=first.pk).get()
    assert first_names(second) == {"Noa", "Omer"}
    send(FIRST + 2 * DAY)
    assert outcomes(series)[-1] == (25, Outcome.NOBODY)
    copy = drafts.duplicate(second)  # a broadcast of its own leaves nobody out
    assert copy.audience["new_to"] == copy.audience["besides"] == ""


def test_a_newcomer_is_one_still_when_the_people_of_old_occurrences_are_no_longer_kept(
    plan: MakeSeries, people: list[Contact], clinic: Business
) -> None:
    plan(only_new=True)
    send(FIRST)
    Contact.objects.update(created_at=NOW)
    Recipient.objects.all().delete()
    Broadcast.objects.update(people_removed_at=FIRST)
    later = Contact.objects.create(business=clinic, name="Avi Levi", phone="+972501234569")
    Contact.objects.filter(pk=later.pk).update(created_at=FIRST + timedelta(hours=1))
    tagging.tag(clinic, [later], "vip")
    send(FIRST + DAY)
    assert first_names(Broadcast.objects.order_by("-created_at")[0]) == {"Avi"}


@pytest.mark.parametrize("change", [{"category": "UTILITY"}, {"content_hash": "1" * 64}])
def test_a_template_that_is_not_what_was_agreed_to_pauses_and_asks(
    plan: MakeSeries, template: MessageTemplate, owner: User, change: dict[str, str]
) -> None:
    series = plan()
    MessageTemplate.objects.filter(pk=template.pk).update(**change)
    send(FIRST)
    series.refresh_from_db()
    why = SeriesPause.CATEGORY if "category" in change else SeriesPause.TEMPLATE
    assert (series.status, series.pause_reason) == (SeriesStatus.PAUSED, why)
    assert not Broadcast.objects.exists()
    series = BroadcastSeries.objects.select_related("template", "business").get()
    if why == SeriesPause.TEMPLATE:
        with pytest.raises(NotSendable):
            steering.resume(series, now=FIRST, actor=owner)
        return
    steering.resume(series, now=FIRST + timedelta(minutes=30), actor=owner)  # in time: it is made up for
    send(FIRST + timedelta(minutes=30))
    assert Broadcast.objects.get().template_category == "UTILITY"
    assert outcomes(series) == [(23, Outcome.MADE)]


def test_what_can_not_be_sent_now_is_tried_again_until_it_is_too_late(
    plan: MakeSeries, template: MessageTemplate
) -> None:
    series = plan()
    MessageTemplate.objects.filter(pk=template.pk).update(status="PAUSED")
    send(FIRST)
    send(FIRST + timedelta(minutes=1))
    assert outcomes(series) == []
    MessageTemplate.objects.filter(pk=template.pk).update(status="APPROVED")
    send(FIRST + timedelta(minutes=6))
    assert outcomes(series) == [(23, Outcome.MADE)]
    MessageTemplate.objects.filter(pk=template.pk).update(status="PAUSED")
    send(FIRST + DAY)
    send(FIRST + DAY + timedelta(hours=2))
    assert outcomes(series)[-1] == (24, Outcome.UNSENDABLE)


def test_a_pause_by_a_person_leaves_out_what_fell_into_it(plan: MakeSeries, owner: User) -> None:
    series = plan()
    steering.pause(series, actor=owner)
    with pytest.raises(WhatsappError):
        steering.pause(series, actor=owner)
    send(FIRST)
    assert outcomes(series) == []
    steering.resume(series, now=FIRST + timedelta(minutes=1), actor=owner)
    send(FIRST + timedelta(minutes=1))
    assert outcomes(series) == []
    send(FIRST + DAY)
    assert outcomes(series) == [(24, Outcome.MADE)]
    steering.stop(series, actor=owner)
    send(FIRST + 2 * DAY)
    with pytest.raises(WhatsappError):
        steering.resume(series, now=FIRST + 2 * DAY, actor=owner)
    assert len(outcomes(series)) == 1
    steps = AuditEntry.objects.filter(kind="broadcast_series").order_by("pk").values_list("details__step", flat=True)
    assert list(steps) == ["made", "activated", "paused", "resumed", "stopped"]


def test_resuming_makes_up_for_nothing_that_was_dealt_with(plan: MakeSeries, owner: User) -> None:
    series = plan()
    send(FIRST)
    BroadcastSeries.objects.update(status=SeriesStatus.PAUSED, pause_reason=SeriesPause.CATEGORY, try_at=None)
    steering.resume(series, now=FIRST + timedelta(minutes=10), actor=owner)
    assert series.next_on == date(2026, 11, 24)
    send(FIRST + timedelta(minutes=10))
    assert outcomes(series) == [(23, Outcome.MADE)]


def test_a_changed_time_sends_no_second_one_on_the_same_day(
    plan: MakeSeries, owner: User, sender: Sender, template: MessageTemplate
) -> None:
    series = plan()
    send(FIRST)
    draft, other = plans.edit(series, actor=owner), plans.edit(series, actor=owner)
    new = NewBroadcast(template, sender, ContactsChoice(values={"first_name": "first_name"}), "To all")
    evening = Repeat(Period.DAILY, time(20), ZONE, date(2026, 11, 23))
    with pytest.raises(EditedElsewhere):
        plans.save(draft, new, evening, only_new=False, edition=draft.edition + 1, now=FIRST, actor=owner)
    plans.save(draft, new, evening, only_new=False, edition=draft.edition, now=FIRST, actor=owner)
    changed = BroadcastSeries.objects.get()
    assert (changed.pk, changed.name, changed.segment) == (series.pk, "To all", None)
    assert changed.next_at == datetime(2026, 11, 24, 18, tzinfo=UTC)
    send(FIRST + timedelta(hours=8))
    assert Broadcast.objects.exclude(pk=other.pk).count() == 1
    send(FIRST + DAY + timedelta(hours=8))
    assert first_names(Broadcast.objects.order_by("-created_at")[0]) == {"Dana", "Noa", "Omer"}


def test_a_used_segment_is_not_deleted_silently(plan: MakeSeries, vips: Segment, owner: User) -> None:
    series = plan()
    with pytest.raises(WhatsappError, match="“Weekly news”"):
        segments.delete(vips)
    assert Segment.objects.filter(pk=vips.pk).exists()
    steering.stop(series, actor=owner)
    segments.delete(vips)
    series.refresh_from_db()
    assert series.segment is None


def test_a_file_can_not_recur(plan: MakeSeries, clinic: Business, sender: Sender, template: MessageTemplate) -> None:
    with pytest.raises(WhatsappError, match="again and again"):
        plan(choice=FileChoice())
    assert not BroadcastSeries.objects.exists()


def test_a_business_that_is_switched_off_sends_nothing(plan: MakeSeries, clinic: Business) -> None:
    series = plan()
    Business.objects.update(is_active=False)
    send(FIRST)
    assert outcomes(series) == []
