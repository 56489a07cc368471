"""A caller who says their name becomes a contact; what staff wrote stays, and a hidden number makes nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from businesses.calendar import booking
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import Call, ToolRun, ToolSwitch
from calls.tests.conftest import make_call
from calls.tools import running
from calls.tools.registry import offered_by
from whatsapp.models import Contact, Tag
from whatsapp.people import tagging

DANA = "+972501234567"


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    made = make_shop()
    with acting_for(made.business):
        Tag.objects.create(business=made.business, name="callers")
        allow(made.business, tag="callers")
        yield made


def allow(business: Business, **options: str) -> None:
    ToolSwitch.objects.update_or_create(
        business=business, tool="note_caller", defaults={"is_on": True, "options": options}
    )


def calling(shop: Shop, number: str = DANA) -> Call:
    return make_call(shop.business, caller_number=number)


def ask(call: Call, tool: str, /, **arguments: str) -> dict[str, Any]:
    done = running.run_tool(
        call.pk, call.business, tool_call_id=uuid4().hex, name=tool, arguments=json.dumps(arguments), now=NOW
    )
    told: dict[str, Any] = json.loads(done.output)
    return told


def kept() -> list[tuple[str | None, str, list[str]]]:
    return [(each.phone, each.name, [tag.name for tag in each.tags.all()]) for each in Contact.objects.all()]


def test_it_is_off_until_the_owner_wants_it(shop: Shop) -> None:
    assert "note_caller" in {each.tool.name for each in offered_by(shop.business)}
    ToolSwitch.objects.all().delete()
    assert "note_caller" not in {each.tool.name for each in offered_by(shop.business)}


def test_a_new_caller_becomes_a_contact_once(shop: Shop) -> None:
    call = calling(shop)
    assert ask(call, "note_caller", name="  Dana\nCohen ")["outcome"] == "noted"
    assert ask(call, "note_caller", name="Dana Cohen")["outcome"] == "known"
    assert ask(calling(shop), "note_caller", name="Dina")["outcome"] == "known"
    assert kept() == [(DANA, "Dana Cohen", ["callers"])]
    assert set(ToolRun.objects.values_list("code", flat=True)) == {"noted", "known"}


def test_what_staff_wrote_stays_and_what_is_missing_is_added(shop: Shop) -> None:
    Contact.objects.create(business=shop.business, phone=DANA, name="Mrs. Cohen")
    assert ask(calling(shop), "note_caller", name="Dana")["outcome"] == "noted"
    assert kept() == [(DANA, "Mrs. Cohen", ["callers"])]
    Contact.objects.update(name="")
    assert ask(calling(shop), "note_caller", name="Dana")["outcome"] == "noted"
    assert kept() == [(DANA, "Dana", ["callers"])]


@pytest.mark.parametrize("number", ["", "anonymous", "browser"])
def test_a_hidden_number_makes_nobody(shop: Shop, number: str) -> None:
    assert ask(calling(shop, number), "note_caller", name="Dana")["outcome"] == "no_number"
    assert kept() == []


def test_a_tag_that_is_gone_is_not_made_again(shop: Shop) -> None:
    allow(shop.business, tag="gone")
    assert ask(calling(shop), "note_caller", name="Dana")["outcome"] == "noted"
    assert (kept(), Tag.objects.count()) == ([(DANA, "Dana", [])], 1)


def test_look_up_caller_tells_tags_and_what_is_booked(shop: Shop) -> None:
    assert ask(calling(shop, "+972501234568"), "look_up_caller")["outcome"] == "unknown"
    ask(calling(shop), "note_caller", name="Dana")
    tagging.tag(shop.business, Contact.objects.all(), "vip")
    booking.book(shop.business, shop.cut, Guest("Dana", DANA), start=local(10), now=NOW)
    told = ask(calling(shop), "look_up_caller")
    assert (told["outcome"], told["name"], told["tags"]) == ("known", "Dana", ["callers", "vip"])
    assert [each["say"] for each in told["booked"]] == ["Monday, 23 November, 10:00"]
