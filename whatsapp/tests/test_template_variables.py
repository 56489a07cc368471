from __future__ import annotations

from typing import Any

import pytest

from whatsapp.template_variables import UnsupportedTemplate, body_text, unfillable_part, variables_of

pytestmark = pytest.mark.once


def keys(components: list[dict[str, Any]], parameter_format: str = "POSITIONAL") -> list[tuple[str, str, str]]:
    return [(v.key, v.place.value, v.kind.value) for v in variables_of(components, parameter_format)]


def test_each_place_of_a_template_names_its_values() -> None:
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": "Dear {{1}}, your order {{2}} for {{1}}"},
        {"type": "FOOTER", "text": "Bye {{9}}"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "STOP"},
                {"type": "URL", "url": "https://x.example/{{1}}"},
                {"type": "URL", "url": "https://x.example/"},
                {"type": "COPY_CODE", "example": "A"},
            ],
        },
        {"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"},
    ]
    assert keys(components) == [
        ("header_1", "header", "text"),
        ("1", "body", "text"),
        ("2", "body", "text"),
        ("button_2", "button", "url_suffix"),
        ("button_4", "button", "coupon"),
    ]


def test_named_variables_keep_their_names_everywhere() -> None:
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Hi {{ first_name }}"},
        {"type": "BODY", "text": "{{order}}"},
    ]
    assert [key for key, _place, _kind in keys(components, "NAMED")] == ["first_name", "order"]


@pytest.mark.parametrize("form", ["IMAGE", "VIDEO", "DOCUMENT"])
def test_a_media_header_needs_its_file(form: str) -> None:
    assert keys([{"type": "HEADER", "format": form}]) == [(f"header_{form.lower()}", "header", form.lower())]


@pytest.mark.parametrize(
    "component",
    [
        {"type": "CAROUSEL", "cards": []},
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "HEADER", "format": "PRODUCT"},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now"}},
        {"type": "SOMETHING_NEW"},
        *(
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop"}, {"type": kind, "text": "Go"}]}
            for kind in ("FLOW", "CATALOG", "MPM", "SPM", "ORDER_DETAILS", "VOICE_CALL", "SOMETHING_NEW", "")
        ),
    ],
)
def test_what_broadcasts_can_not_fill_is_refused(component: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedTemplate, match="can't be broadcast"):
        variables_of([component], "NAMED")
    assert unfillable_part([component])


def test_what_broadcasts_can_fill() -> None:
    buttons = [{"type": kind, "text": "Go"} for kind in ("QUICK_REPLY", "PHONE_NUMBER", "URL", "COPY_CODE", "OTP")]
    fillable = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY"}, {"type": "FOOTER"}]
    assert unfillable_part([*fillable, {"type": "BUTTONS", "buttons": buttons}]) == ""


def test_a_links_variable_knows_what_comes_before_it() -> None:
    link = {"type": "URL", "url": "https://shop.example/orders/{{1}}"}
    (variable,) = variables_of([{"type": "BUTTONS", "buttons": [link]}], "POSITIONAL")
    assert variable.base == "https://shop.example/orders/"


def test_the_body_reads_as_the_person_will_read_it() -> None:
    components = [{"type": "BODY", "text": "Hi {{name}}, until {{day}}"}]
    assert body_text(components, {"name": "Dana"}) == "Hi Dana, until {{day}}"
    assert body_text([], {}) == ""
