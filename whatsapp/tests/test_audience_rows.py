"""From a file's header and rows to people that a template can be sent to."""

from __future__ import annotations

from typing import Any

import pytest

from whatsapp.audience.columns import understand
from whatsapp.audience.rows import Candidate, Reader
from whatsapp.errors import BadAudience
from whatsapp.states import SkipReason
from whatsapp.template_variables import body_text, variables_of

NAMED: list[dict[str, Any]] = [{"type": "BODY", "text": "Hi {{first_name}}, until {{day}}"}]
NUMBERED: list[dict[str, Any]] = [{"type": "BODY", "text": "Hi {{1}}, until {{2}}"}]


def reader(
    header: list[str], components: list[dict[str, Any]] = NAMED, constants: dict[str, str] | None = None
) -> Reader:
    variables = variables_of(components, "NAMED" if components is NAMED else "POSITIONAL")
    columns = understand(header, variables, list(constants or {}))
    return Reader(columns, variables, constants or {}, "IL", len(body_text(components, {})))


def read(cells: list[str], **how: Any) -> Candidate:
    return reader(**{"header": ["phone", "first_name", "day"], **how}).candidate(2, cells)


def test_a_good_row() -> None:
    assert read(["050-1234567", "דנה", "Friday"]) == Candidate(
        position="2",
        given="050-1234567",
        address="+972501234567",
        is_phone=True,
        country="IL",
        params={"first_name": "דנה", "day": "Friday"},
        name="דנה",
        row_number=2,
    )


@pytest.mark.parametrize("name", ["phone", "Phone", " PHONE number ", "טלפון", "\ufeffphone", "נייד"])
def test_the_column_of_numbers_has_many_names(name: str) -> None:
    assert reader([name, "first_name", "day"]).columns.phone == 0


def test_columns_are_found_in_any_order_and_spelling() -> None:
    columns = reader(["Day", "notes", "{{First_Name}}", "phone"]).columns
    assert (columns.values, columns.phone, columns.unused) == ({"first_name": 2, "day": 0}, 3, ("notes",))


def test_numbered_variables_take_the_other_columns_in_their_order() -> None:
    assert reader(["phone", "name", "when"], NUMBERED).columns.values == {"1": 1, "2": 2}
    assert reader(["2", "phone", "1"], NUMBERED).columns.values == {"1": 2, "2": 0}


@pytest.mark.parametrize(
    ("header", "components", "says"),
    [
        (["name", "day"], NAMED, "no column of phone numbers.*“name”, “day”"),
        (["phone", "day"], NAMED, "needs these columns too: “first_name”. The columns are: “phone”, “day”"),
        (["phone"], NAMED, "these columns too: “first_name”, “day”"),
        (["phone", "name", "when", "more"], NUMBERED, "these columns too: “1”, “2”"),
        (["phone", "1", "when"], NUMBERED, "these columns too: “2”"),
        (["phone", "day", "Day", "first_name"], NAMED, "two columns named “Day”"),
    ],
)
def test_a_header_that_lacks_something_says_what(
    header: list[str], components: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(BadAudience, match=says):
        reader(header, components)


@pytest.mark.parametrize(
    ("cells", "reason", "says"),
    [
        (["abc", "Dana", "x"], SkipReason.INVALID_NUMBER, "“abc” is not a phone number"),
        (["", "Dana", "x"], SkipReason.INVALID_NUMBER, "phone number is missing"),
        (["0501234567", "", "x"], SkipReason.MISSING_VARIABLE, "“first_name” is empty"),
        (["0501234567", "Dana"], SkipReason.MISSING_VARIABLE, "“day” is empty"),
        (["0501234567", "x" * 1_000_000, "x"], SkipReason.BAD_VALUE, "1,000,000 characters; at most 1,024"),
        (["0501234567", "x" * 600, "y" * 600], SkipReason.BAD_VALUE, "at most 1,024"),
        (["0501234567", "=HYPERLINK(1)", "x"], SkipReason.BAD_VALUE, "spreadsheet formula"),
        (["0501234567", "@SUM(A1)", "x"], SkipReason.BAD_VALUE, "spreadsheet formula"),
        (["0501234567", "+cmd(1)", "x"], SkipReason.BAD_VALUE, "spreadsheet formula"),
        (["0501234567", "Dana", "x", "more"], SkipReason.BAD_VALUE, "more fields than the header"),
        (["0501234567", "Da\0na", "x"], SkipReason.BAD_VALUE, "can't be sent"),
    ],
)
def test_a_bad_row_is_skipped_with_its_reason(cells: list[str], reason: SkipReason, says: str) -> None:
    skipped = read(cells)
    assert (skipped.skip_reason, skipped.address, skipped.row_number) == (reason, None, 2)
    assert says in str(skipped.reason)
    assert len(skipped.given) <= 140


@pytest.mark.parametrize("value", ["-10%", "+972 3 123 4567", "@dana", "a=b", "- yes"])
def test_a_sign_alone_makes_no_formula(value: str) -> None:
    assert read(["0501234567", value, "x"]).params["first_name"] == value


def test_line_breaks_become_blanks() -> None:
    assert read(["0501234567", "Dana\nCohen\t x", "x"]).params["first_name"] == "Dana Cohen x"


def test_a_constant_needs_no_column() -> None:
    only_name = read(["0501234567", "Dana"], header=["phone", "first_name"], constants={"day": "Friday"})
    assert only_name.params == {"first_name": "Dana", "day": "Friday"}


def test_a_user_id_is_an_address_too() -> None:
    header = ["phone", "bsuid", "first_name", "day"]
    person = read(["", "US.13491208655302741918", "Dana", "x"], header=header)
    assert (person.address, person.is_phone, person.country) == ("US.13491208655302741918", False, "US")
    both = read(["0501234567", "US.13491208655302741918", "Dana", "x"], header=header)
    assert both.address == "+972501234567"
    assert read(["", "what", "Dana", "x"], header=header).skip_reason == SkipReason.INVALID_NUMBER


@pytest.mark.parametrize(
    ("value", "is_fine"), [("https://x.example/a.jpg", True), ("1234567890", True), ("http://x", False), ("a b", False)]
)
def test_a_media_header_needs_an_address_or_id(value: str, *, is_fine: bool) -> None:
    picture: list[dict[str, Any]] = [{"type": "HEADER", "format": "IMAGE"}]
    row = read(["0501234567", value], header=["phone", "header_image"], components=picture)
    assert (row.skip_reason is None) is is_fine


def test_the_end_of_an_address_holds_no_blanks() -> None:
    button: list[dict[str, Any]] = [{"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x.example/{{1}}"}]}]
    row = read(["0501234567", "a b"], header=["phone", "button_1"], components=button)
    assert row.skip_reason == SkipReason.BAD_VALUE
