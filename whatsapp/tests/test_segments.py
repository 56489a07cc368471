"""Segments: saved, changed, deleted, fenced, and found anew whenever a broadcast uses them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.models import AuditEntry, Business, Role
from businesses.tenancy import acting_for
from whatsapp.audience.choice import SegmentChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.broadcasts import drafts
from whatsapp.broadcasts.creation import NewBroadcast, create
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, Contact, MessageTemplate, Recipient, Segment, Sender
from whatsapp.pages import segments as segment_pages
from whatsapp.people import tagging
from whatsapp.tests.conftest import NOW, Make, member

VIPS = {"any_tags": ["vip"]}


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


def page(name: str, *args: Any, slug: str = "clinic") -> str:
    return reverse(name, args=[slug, *args])


def test_the_list_counts_each_segment_up_to_a_bound(
    staff: Client, clinic: Business, vips: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = Segment.objects.create(business=clinic, name="All", conditions=Conditions(no_tags=("gone",)).kept())
    nobody = Segment.objects.create(business=clinic, name="None", conditions=Conditions(all_tags=("gone",)).kept())

    def numbers() -> dict[Any, int]:
        return {row["segment"]: row["people"] for row in staff.get(page("segments")).context["rows"]}

    assert numbers() == {vips: 2, everybody: 3, nobody: 0}
    assert "more than" not in staff.get(page("segments")).content.decode()
    monkeypatch.setattr(segment_pages, "MOST_COUNTED", 1)
    assert numbers() == {vips: 2, everybody: 2, nobody: 0}, "no more than one beyond the bound is looked at"
    assert staff.get(page("segments")).content.decode().count("more than 1") == 2


def test_a_filter_is_saved_and_its_people_are_found_anew(
    staff: Client, clinic: Business, people: list[Contact]
) -> None:
    answer = staff.post(page("segment-new"), {**VIPS, "name": "  VIP   people "})
    assert answer.status_code == 302
    saved = Segment.objects.get()
    assert (saved.name, saved.conditions) == ("VIP people", VIPS)
    assert "VIP people" in staff.get(page("segments")).content.decode()
    shown = staff.get(page("contacts"), {"segment": str(saved.pk)})
    assert shown.context["people"] == 2
    tagging.tag(clinic, people, "vip")
    assert staff.get(page("contacts"), {"segment": str(saved.pk)}).context["people"] == 3
    [entry] = AuditEntry.objects.filter(kind="segment_changed")
    assert entry.details == {"name": "VIP people", "step": "made"}


def test_two_segments_of_a_business_have_two_names(staff: Client, vips: Segment) -> None:
    answer = staff.post(page("segment-new"), {**VIPS, "name": "VIPs"})
    assert answer.status_code == 422
    assert "There is a segment of this name already." in answer.content.decode()
    other = Segment.objects.create(business=vips.business, name="Others", conditions={})
    assert staff.post(page("segment", other.pk), {"name": "VIPs"}).status_code == 422
    assert set(Segment.objects.values_list("name", flat=True)) == {"VIPs", "Others"}
    assert not AuditEntry.objects.filter(kind="segment_changed").exists()
    theirs = Business.objects.create(name="Other", slug="other")
    with acting_for(theirs):
        assert member(theirs).post(page("segment-new", slug="other"), {"name": "VIPs"}).status_code == 302


def test_it_is_changed_and_deleted(staff: Client, vips: Segment, people: list[Contact]) -> None:
    asked = {"name": "Not VIPs", "no_tags": ["vip"], "attribute_1": "city", "attribute_how_1": "empty"}
    assert staff.post(page("segment", vips.pk), asked).status_code == 302
    vips.refresh_from_db()
    assert vips.conditions == {"no_tags": ["vip"], "attributes": [{"name": "city", "how": "empty", "value": ""}]}
    assert staff.get(page("contacts"), {"segment": str(vips.pk)}).context["people"] == 1
    assert staff.get(page("segment-remove", vips.pk)).status_code == 302  # only a form deletes
    assert staff.post(page("segment-remove", vips.pk)).status_code == 302
    assert not Segment.objects.exists()
    assert Contact.objects.count() == 3
    steps = [entry.details["step"] for entry in AuditEntry.objects.filter(kind="segment_changed").order_by("pk")]
    assert steps == ["changed", "deleted"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"wrote": "within"}, "wrote_days"),
        ({"group": "read"}, "group"),
        ({"attribute_1": "city", "attribute_how_1": "equals"}, "attribute_value_1"),
        ({"attribute_value_2": "Haifa"}, "attribute_2"),
        ({"any_tags": ["no such tag"]}, "any_tags"),
        ({"name": " "}, "name"),
        ({"wrote": "within", "wrote_days": "99999"}, "wrote_days"),
    ],
)
def test_what_is_half_filled_in_is_refused_where_it_is(
    staff: Client, people: list[Contact], asked: dict[str, Any], field: str
) -> None:
    answer = staff.post(page("segment-new"), {"name": "x", **asked})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Segment.objects.exists()


def test_a_list_whose_filter_is_not_understood_shows_nobody(
    staff: Client, vips: Segment, people: list[Contact]
) -> None:
    """Below the list is a button that deletes all whom it shows."""
    Segment.objects.update(conditions={"of_a_newer_version": 1})
    for asked in ({"wrote": "within"}, {"any_tags": "no such tag"}, {"segment": str(vips.pk)}):
        answer = staff.get(page("contacts"), asked)
        assert answer.context["people"] == 0
        assert "nobody is shown" in answer.content.decode()
        assert staff.get(page("contacts-all"), asked).context["people"] == 0
    assert staff.get(page("segments")).status_code == 200
    assert staff.get(page("segment", vips.pk)).status_code == 200


def test_the_list_takes_search_words_beside_the_conditions(staff: Client, people: list[Contact]) -> None:
    answer = staff.get(page("contacts"), {**VIPS, "q": "dana"})
    assert [each.name for each in answer.context["listing"].rows] == ["Dana Levi"]
    assert '<input type="hidden" name="any_tags" value="vip">' in answer.content.decode()
    export = member(people[0].business, Role.OWNER).get(page("contacts-export"), VIPS)
    text = export.content.decode()
    assert "Dana" in text
    assert "Omer" not in text


def test_saving_starts_from_what_the_list_shows(staff: Client, people: list[Contact]) -> None:
    tag = people[0].tags.get()
    answer = staff.get(
        page("contacts"), {"tag": str(tag.pk), "consent": "unknown", "wrote": "not_within", "wrote_days": "9"}
    )
    assert answer.context["query"] == "all_tags=vip&consent=unknown&wrote=not_within&wrote_days=9"
    form = staff.get(f"{page('segment-new')}?{answer.context['query']}").context["form"]
    assert form["all_tags"].value() == ["vip"]
    assert form["wrote_days"].value() == 9


def test_the_number_of_people_is_a_way_to_them(staff: Client, people: list[Contact]) -> None:
    answer = staff.get(page("segment-count"), VIPS)
    assert answer.context["people"] == 2
    assert f'<a href="{page("contacts")}?any_tags=vip">' in answer.content.decode()
    assert staff.get(page("segment-count"), {"wrote": "within"}).context["people"] is None


def test_a_segment_of_another_business_does_not_exist(
    staff: Client, vips: Segment, template: MessageTemplate, sender: Sender
) -> None:
    theirs = Business.objects.create(name="Other", slug="other")
    with acting_for(theirs):
        other = Segment.objects.create(business=theirs, name="Theirs", conditions={})
    for key in (other.pk, uuid4()):
        assert staff.get(page("segment", key)).status_code == 404
        assert staff.post(page("segment", key), {"name": "x"}).status_code == 404
        assert staff.post(page("segment-remove", key)).status_code == 404
        assert staff.get(page("contacts"), {"segment": str(key)}).status_code == 404
        assert staff.get(page("contacts-all"), {"segment": str(key)}).status_code == 404
        draft = drafts.begin(vips.business, template, sender)
        asked = {"source": "segment", "segment": str(key), "edition": str(draft.edition)}
        assert staff.post(page("broadcast-edit-people", draft.pk), asked).status_code == 422
        draft.refresh_from_db()
        assert draft.audience_kind == ""
        with pytest.raises(BadAudience):
            drafts_to(vips.business, template, sender, SegmentChoice(str(key)))
    with acting_for(theirs):
        assert Segment.objects.get().name == "Theirs"


def test_a_broadcast_goes_to_the_people_of_a_segment(
    staff: Client, vips: Segment, people: list[Contact], template: MessageTemplate, sender: Sender
) -> None:
    draft = drafts.begin(vips.business, template, sender)
    asked = {"source": "segment", "segment": str(vips.pk), "edition": str(draft.edition)}
    counted = staff.get(page("broadcast-count", draft.pk), asked).content.decode()
    assert "<strong>2</strong> people are chosen" in counted
    assert f'href="{page("contacts")}?segment={vips.pk}"' in counted
    assert staff.post(page("broadcast-edit-people", draft.pk), asked).status_code == 302
    tagging.tag(vips.business, people[2:], "vip")  # until its people are read
    draft.refresh_from_db()
    details = {"edition": draft.edition, "name": "Hello", "starts": "now", "window_zone": "business"}
    answer = staff.post(page("broadcast-edit-details", draft.pk), {**details, "from_first_name": "first_name"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert set(Recipient.objects.values_list("params__first_name", flat=True)) == {"Dana", "Noa", "Omer"}
    assert "People of a segment" in staff.get(page("broadcast", draft.pk)).content.decode()


def test_reading_its_people_goes_on_with_the_same_people(make: Make, vips: Segment, people: list[Contact]) -> None:
    """A killed process left the rest to another one, and the segment was changed meanwhile."""
    draft: Broadcast = make(choice=SegmentChoice(str(vips.pk), values={"first_name": "first_name"}))
    Recipient.objects.filter(broadcast=draft).delete()
    Broadcast.objects.update(audience_cursor="", audience_ready_at=None, total=None)
    vips.conditions = {}
    vips.save()
    draft.refresh_from_db()
    assert freeze_audience(draft, now=NOW)
    assert Recipient.objects.filter(broadcast=draft).count() == 2


def test_a_segment_without_people_or_that_is_gone_is_told(
    vips: Segment, template: MessageTemplate, sender: Sender
) -> None:
    Contact.objects.all().delete()
    with pytest.raises(BadAudience, match="No contacts match"):
        drafts_to(vips.business, template, sender, SegmentChoice(str(vips.pk)))
    vips_id = vips.pk
    vips.delete()
    with pytest.raises(BadAudience, match="doesn't exist any more"):
        drafts_to(vips.business, template, sender, SegmentChoice(str(vips_id)))


def drafts_to(business: Business, template: MessageTemplate, sender: Sender, choice: SegmentChoice) -> None:
    create(business, NewBroadcast(template, sender, choice), now=timezone.now())


def test_the_list_of_segments_needs_few_queries(
    staff: Client, clinic: Business, vips: Segment, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        kept = {**VIPS, "broadcast": str(uuid4()), "group": "read"}
        Segment.objects.create(business=clinic, name=f"{number}", conditions=kept)
    with django_assert_max_num_queries(12):
        assert staff.get(page("segments")).status_code == 200
