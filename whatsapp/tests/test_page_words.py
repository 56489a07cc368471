"""Stored codes and providers' terms, shown in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from businesses.models import Business
from whatsapp.audience.choice import ContactsChoice, FileChoice
from whatsapp.models import BroadcastEvent
from whatsapp.pages import history
from whatsapp.pages.details_form import DetailsForm
from whatsapp.template_variables import variables_of
from whatsapp.templatetags.whatsapp import message_kind

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("kind", "data", "said", "more"),
    [
        ("running", {"people": 1}, "Sending began", "1 person"),
        ("running", {"people": 12345}, "Sending began", "12,345 people"),
        ("paused", {"pause_reason": "window"}, "Paused: Outside the sending hours", ""),
        ("paused", {"pause_reason": "user"}, "Paused", ""),
        ("paused", {"pause_reason": "something new"}, "Paused", ""),
        ("started", {"late_s": 3}, "Started", "on time"),
        (
            "scheduled",
            {"wall_time": "2026-11-30T09:00", "zone": "Asia/Jerusalem"},
            "Scheduled",
            "30 Nov 2026, 09:00 (Asia/Jerusalem)",
        ),
        ("started", {"late_s": 400}, "Started", "7 minutes late"),
        ("missed", {"not_after": "2026-11-30T12:00:00+00:00"}, "Missed its time", "It had to start by 12:00 UTC."),
        (
            "sent_again",
            {"cause": "never_arrived", "cause_data": {}},
            "Messages without an answer are sent again",
            "WhatsApp never got it.",
        ),
        ("something new", {}, "something new", ""),
        ("failed", {"cause": "something new", "cause_data": {}}, "Could not be prepared", ""),
    ],
)
def test_a_line_of_the_history(kind: str, data: dict[str, Any], said: str, more: str) -> None:
    event = BroadcastEvent(kind=kind, data=data)
    assert (history.what(event), history.detail(event)) == (said, more)


def test_the_history_is_told_in_the_readers_language() -> None:
    with translation.override("he"):
        assert history.what(BroadcastEvent(kind="paused", data={"pause_reason": "window"})).startswith("הושהתה: ")
        assert history.detail(BroadcastEvent(kind="running", data={"people": 3})) == "3 אנשים"
        assert message_kind("audio") == "הודעה קולית"


def test_a_message_without_a_text_says_what_came() -> None:
    assert message_kind("image") == "A picture"
    assert message_kind("unsupported") == "A message that can't be shown here"


NAMED = variables_of(
    [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hi {{first_name}}, {{price}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "URL", "url": "https://a.example/{{1}}"}]},
    ],
    "NAMED",
)
NUMBERED = variables_of([{"type": "BODY", "text": "{{1}} at {{2}}"}], "POSITIONAL")


def initial(form: DetailsForm) -> dict[str, str]:
    return {key: form.fields[f"from_{key}"].initial for key in form.variables}


def form_of(choice: FileChoice | ContactsChoice, variables: object, header: list[str]) -> DetailsForm:
    return DetailsForm(business=Business(), choice=choice, header=header, variables=variables)  # type: ignore[arg-type]


def test_a_named_value_is_never_taken_from_a_column_of_another_name() -> None:
    header = ["phone", "language", "tags", "price", "note"]  # as many as there are values, none of them a picture
    form = form_of(FileChoice(), NAMED, header)
    assert initial(form) == {"header_image": "", "first_name": "", "price": "price", "button_2": ""}
    assert form.fields["from_header_image"].label == "Link to the picture"
    assert form.fields["from_button_2"].label == "End of the link of button 2"
    assert form.fields["from_first_name"].label == "{{first_name}}"
    assert initial(form_of(FileChoice(), NUMBERED, ["phone", "who", "when"])) == {"1": "who", "2": "when"}


def test_of_a_contact_only_what_is_called_so_is_proposed() -> None:
    form = form_of(ContactsChoice(), NAMED, [])
    assert initial(form) == {"header_image": "", "first_name": "first_name", "price": "", "button_2": ""}
