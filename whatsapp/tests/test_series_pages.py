"""Pages of recurring broadcasts: made in the wizard, looked at, steered, edited, and fenced."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from businesses.models import AuditEntry, Business
from businesses.tenancy import acting_for
from whatsapp.audience.choice import FileChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.broadcasts import drafts
from whatsapp.models import (
    Broadcast,
    BroadcastSeries,
    Contact,
    MessageTemplate,
    Occurrence,
    Segment,
    Sender,
    SeriesPause,
    SeriesStatus,
)
from whatsapp.people import tagging
from whatsapp.series import occurring
from whatsapp.tests.conftest import NOW, Make, member

WEEKLY = {
    "name": "Weekly news", "starts": "repeat", "window_zone": "business", "from_first_name": "first_name",
    "repeat_period": "weekly", "repeat_weekdays": ["6", "2"], "repeat_at": "09:00", "repeat_first": "2026-11-23",
    "repeat_times": "30", "repeat_late": "90",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _monday(monkeypatch: Any) -> Any:
    monkeypatch.setattr("whatsapp.series.steering.refresh_for", lambda _series, now: None)
    monkeypatch.setattr("whatsapp.series.occurring.refresh_for", lambda _series, now: None)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def vips(clinic: Business) -> Segment:
    people = [
        Contact.objects.create(business=clinic, name=f"{name} Levi", phone=f"+97250123456{number}")
        for number, name in enumerate(("Dana", "Noa", "Omer"))
    ]
    tagging.tag(clinic, people[:2], "vip")
    return Segment.objects.create(business=clinic, name="VIPs", conditions=Conditions(any_tags=("vip",)).kept())


@pytest.fixture
def draft(clinic: Business, sender: Sender, template: MessageTemplate, staff: Client, vips: Segment) -> Broadcast:
    made = drafts.begin(clinic, template, sender)
    asked = {"source": "segment", "segment": str(vips.pk), "edition": str(made.edition)}
    assert staff.post(page("broadcast-edit-people", made.pk), asked).status_code == 302
    made.refresh_from_db()
    return made


@pytest.fixture
def series(staff: Client, draft: Broadcast) -> BroadcastSeries:
    answer = staff.post(page("broadcast-edit-details", draft.pk), {**WEEKLY, "edition": str(draft.edition)})
    made = BroadcastSeries.objects.get()
    assert answer.headers["location"] == page("series", made.pk)
    return made


def page(name: str, *args: Any) -> str:
    return reverse(name, args=["clinic", *args])


def test_it_is_made_in_the_wizard_and_shows_its_next_dates(staff: Client, series: BroadcastSeries) -> None:
    assert not Broadcast.objects.exists()  # the draft became the plan
    assert (series.status, series.late_after_minutes) == (SeriesStatus.READY, 90)
    assert series.repeat["weekdays"] == [6, 2]
    shown = staff.get(page("series", series.pk))
    assert [each.at.isoformat() for each in shown.context["next"]] == [
        f"2026-{day}T07:00:00+00:00" for day in ("11-25", "11-29", "12-02", "12-06", "12-09")
    ]
    assert shown.context["people"] == 2
    text = " ".join(shown.content.decode().split())
    assert "Wednesday, 25 November 2026, 09:00" in text
    assert "Every week on Sunday, Wednesday, at 09:00" in text
    assert any(f"Hi {name}" in text for name in ("Dana", "Noa"))
    assert f"{page('contacts')}?segment={series.segment_id}" in text
    occurring.make_due(NOW + timedelta(days=2))
    assert not Broadcast.objects.exists()  # nobody has started it


def test_it_occurs_and_each_occurrence_says_where_it_comes_from(staff: Client, series: BroadcastSeries) -> None:
    staff.post(page("series-start", series.pk))
    occurring.make_due(datetime.fromisoformat("2026-11-25T07:00:10+00:00"))
    occurring.make_due(datetime.fromisoformat("2026-11-29T08:31:00+00:00"))  # 91 minutes late
    made = Broadcast.objects.get()
    assert f'href="{page("series", series.pk)}"' in staff.get(page("broadcast", made.pk)).content.decode()
    shown = staff.get(page("series", series.pk)).content.decode()
    assert f'href="{page("broadcast", made.pk)}"' in shown
    assert "Skipped: its time had passed" in shown
    assert "Weekly news" in staff.get(page("series-list")).content.decode()
    made.delete()  # nothing that hangs on it is lost, and the page still stands
    assert staff.get(page("series", series.pk)).status_code == 200
    assert Occurrence.objects.count() == 2


def test_buttons(staff: Client, series: BroadcastSeries) -> None:
    for name, status in (("start", "active"), ("pause", "paused"), ("resume", "active"), ("stop", "stopped")):
        assert staff.get(page(f"series-{name}", series.pk)).status_code == 302  # only a form acts
        staff.post(page(f"series-{name}", series.pk))
        series.refresh_from_db()
        assert series.status == status
    for name in ("start", "pause", "resume", "stop", "edit"):
        answer = staff.post(page(f"series-{name}", series.pk), follow=True)
        assert [message.level_tag for message in answer.context["messages"]][-1] == "error", name
    assert not Broadcast.objects.exists()
    steps = AuditEntry.objects.filter(kind="broadcast_series").order_by("pk").values_list("details__step", flat=True)
    assert list(steps) == ["made", "activated", "paused", "resumed", "stopped"]
    assert set(AuditEntry.objects.values_list("person_name", flat=True)) == {"staff@clinic.test"}


def test_it_is_edited_in_the_same_steps(staff: Client, series: BroadcastSeries) -> None:
    staff.post(page("series-start", series.pk))
    answer = staff.post(page("series-edit", series.pk))
    copy = Broadcast.objects.get()
    assert answer.headers["location"] == page("broadcast-edit-details", copy.pk)
    form = staff.get(page("broadcast-edit-details", copy.pk)).context["form"]
    known = {name: form[name].value() for name in ("starts", "repeat_period", "repeat_weekdays", "repeat_times")}
    assert known == {"starts": "repeat", "repeat_period": "weekly", "repeat_weekdays": ["6", "2"], "repeat_times": 30}
    assert form["from_first_name"].value() == "first_name"
    asked = {"source": "contacts", "edition": str(copy.edition)}
    staff.post(page("broadcast-edit-people", copy.pk), asked)
    copy.refresh_from_db()
    changed = {**WEEKLY, "repeat_period": "monthly", "repeat_day": "31", "edition": str(copy.edition)}
    answer = staff.post(page("broadcast-edit-details", copy.pk), changed)
    assert answer.headers["location"] == page("series", series.pk)
    series.refresh_from_db()
    assert (series.status, series.segment, series.audience_kind) == (SeriesStatus.ACTIVE, None, "contacts")
    assert f"{series.next_on}" == "2026-11-30"
    assert not Broadcast.objects.exists()
    text = staff.get(page("series", series.pk)).content.decode()
    assert "Every month on day 31 (in shorter months on the last day)" in text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"repeat_at": ""}, "repeat_at"),
        ({"repeat_first": ""}, "repeat_first"),
        ({"repeat_weekdays": []}, "repeat_weekdays"),
        ({"repeat_period": "monthly"}, "repeat_day"),
        ({"repeat_period": "monthly", "repeat_day": "32"}, "repeat_day"),
        ({"repeat_last": "2026-11-22"}, "repeat_last"),
        ({"repeat_first": "1999-01-01"}, "repeat_first"),
        ({"repeat_times": "0"}, "repeat_times"),
        ({"canary_size": "5"}, "canary_size"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    staff: Client, draft: Broadcast, change: dict[str, Any], field: str
) -> None:
    asked = {**WEEKLY, **change, "edition": str(draft.edition)}
    answer = staff.post(page("broadcast-edit-details", draft.pk), asked)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not BroadcastSeries.objects.exists()


def test_a_file_is_not_offered_to_recur(staff: Client, make: Make) -> None:
    broadcast = make(choice=FileChoice())
    shown = staff.get(page("broadcast-edit-details", broadcast.pk))
    assert "repeat" not in dict(shown.context["form"].fields["starts"].choices)
    assert "To send it again and again, choose contacts" in shown.content.decode()
    asked = {**WEEKLY, "from_@phone": "phone", "edition": str(broadcast.edition)}
    answer = staff.post(page("broadcast-edit-details", broadcast.pk), asked)
    assert "starts" in answer.context["form"].errors
    assert not BroadcastSeries.objects.exists()


def test_a_moved_category_is_shown_with_its_price(
    staff: Client, series: BroadcastSeries, template: MessageTemplate
) -> None:
    staff.post(page("series-start", series.pk))
    MessageTemplate.objects.filter(pk=template.pk).update(category="UTILITY")
    occurring.make_due(datetime.fromisoformat("2026-11-25T07:00:10+00:00"))
    series.refresh_from_db()
    assert series.pause_reason == SeriesPause.CATEGORY
    assert "from “Marketing” to “Utility”" in staff.get(page("series", series.pk)).content.decode()
    staff.post(page("series-resume", series.pk))
    series.refresh_from_db()
    assert (series.status, series.template_category) == (SeriesStatus.ACTIVE, "UTILITY")


def test_a_segment_says_where_it_is_used(staff: Client, series: BroadcastSeries, vips: Segment) -> None:
    shown = staff.get(page("segment", vips.pk)).content.decode()
    assert f'href="{page("series", series.pk)}"' in shown
    assert page("segment-remove", vips.pk) not in shown
    answer = staff.post(page("segment-remove", vips.pk), follow=True)
    assert "“Weekly news”" in answer.content.decode()
    assert Segment.objects.exists()


def test_a_series_of_another_business_does_not_exist(staff: Client, series: BroadcastSeries) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        client = member(other)
    for key, who, slug in ((series.pk, client, "other"), (uuid4(), staff, "clinic"), (series.pk, client, "clinic")):
        for name in ("", "-start", "-pause", "-resume", "-stop", "-edit"):
            url = reverse(f"series{name}", args=[slug, key])
            assert (who.post(url) if name else who.get(url)).status_code == 404
    series.refresh_from_db()
    assert series.status == SeriesStatus.READY


def test_its_pages_need_few_queries(
    staff: Client, series: BroadcastSeries, make: Make, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        day = NOW - timedelta(days=number)
        Occurrence.objects.create(
            business=series.business, series=series, on=day.date(), at=day, outcome="made", broadcast=make()
        )
    staff.get(page("series-list"))  # what a page remembers for the next is remembered
    for url in (page("series", series.pk), page("series-list"), page("broadcasts")):
        with django_assert_max_num_queries(12):
            assert staff.get(url).status_code == 200
