"""Turning a row of a file, or a contact, into a candidate for a template. No database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from whatsapp.audience.columns import Columns
from whatsapp.audience.links import end_of_link
from whatsapp.audience.values import is_invisible, reason_of, stands_for_nothing, why_no_value
from whatsapp.errors import ReasonedError
from whatsapp.people.phone_numbers import NotANumber, is_bsuid, to_e164
from whatsapp.reasons import Cause, Datum, Reason
from whatsapp.states import SkipReason
from whatsapp.tables.refusals import Flaw
from whatsapp.template_variables import BODY_LIMIT, MEDIA_KINDS, Place, TemplateVariable, ValueKind

# A value like =HYPERLINK(…) or @SUM(…) is a formula by mistake, or an attack on whoever opens an export of ours.
# A leading plus or minus alone is not a formula: +972…, -10 %.
_FORMULA = re.compile(r"^=|^[+\-@]\s*[A-Za-z][A-Za-z.]*\(")
_MEDIA = re.compile(r"^(https://\S+|\d{5,40})$")
_SHOWN = 140
NAME_LIMIT = 200

Flaws = Mapping[int, Flaw]
_NONE: Flaws = {}
_NO_DIGITS: Mapping[int, str] = {}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may become a recipient. With a `skip_reason` they are kept but not sent to; `reason` explains it.

    `position` is the candidate's place in its source, which becomes the cursor once the candidate is written.
    """

    position: str
    given: str
    address: str | None = None
    is_phone: bool = True
    country: str = ""
    params: dict[str, str] = field(default_factory=dict)
    row_number: int | None = None
    contact_id: UUID | None = None
    name: str = ""
    skip_reason: SkipReason | None = None
    reason: Reason | None = None


class BadValue(ReasonedError, ValueError):
    """A template value that is missing or can't be sent."""

    def __init__(self, why: Cause | Reason, skip_reason: SkipReason = SkipReason.BAD_VALUE, **data: Datum) -> None:
        super().__init__(why, **data)
        self.skip_reason = skip_reason


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns the rows of one file into candidates for one template."""

    columns: Columns
    variables: Sequence[TemplateVariable]
    constants: Mapping[str, str]
    region: str | None
    body_length: int
    """Length of the template's body in characters, placeholders included."""
    defaults: Mapping[str, str] = field(default_factory=dict)

    def candidate(
        self, number: int, cells: Sequence[str], flaws: Flaws = _NONE, digits: Mapping[int, str] = _NO_DIGITS
    ) -> Candidate:
        """Returns the candidate of a row (see `tables.Row`); anything wrong with the row becomes its skip reason."""
        given = self._given(cells, digits)
        try:
            self._refuse_unreadable(cells, flaws)
            address, country = self._address(cells, given, flaws)
            if len(cells) > self.columns.width and any(cells[self.columns.width :]):
                raise BadValue(Cause.ROW_TOO_LONG)
            params = self._params(cells, flaws)
        except NotANumber as error:
            return _skipped(number, given, SkipReason.INVALID_NUMBER, error.reason)
        except BadValue as error:
            return _skipped(number, given, error.skip_reason, error.reason)
        is_phone, name = address.startswith("+"), self._person(cells, flaws)
        return Candidate(str(number), given, address, is_phone, country, params, number, name=name)

    def _person(self, cells: Sequence[str], flaws: Flaws) -> str:
        """Returns the name of the row's person, "" if the file has none, or something that is no name."""
        parts = [" ".join(_cell(cells, place).split()) for place in self.columns.person if place not in flaws]
        return " ".join(each for each in parts if not _is_no_name(each)).replace("\0", "")[:NAME_LIMIT]

    def _given(self, cells: Sequence[str], digits: Mapping[int, str]) -> str:
        phone = self.columns.phone
        whole = digits.get(phone, "") if phone is not None else ""
        return (whole or _cell(cells, phone) or _cell(cells, self.columns.bsuid))[:_SHOWN]

    def _refuse_unreadable(self, cells: Sequence[str], flaws: Flaws) -> None:
        """Refuse a row with bytes of another encoding: they may have hidden where a column ends."""
        for place, flaw in flaws.items():
            if flaw is Flaw.UNREADABLE:
                raise BadValue(reason_of(flaw, self._name(place), cells[place]))

    def _name(self, place: int) -> str:
        name = self.columns.names[place] if place < len(self.columns.names) else ""
        return name or str(place + 1)

    def _address(self, cells: Sequence[str], given: str, flaws: Flaws) -> tuple[str, str]:
        place = self.columns.phone
        if place is not None and _cell(cells, place):
            if flaw := flaws.get(place):
                raise NotANumber(reason_of(flaw, self._name(place), cells[place]))
            phone = to_e164(given, self.region)
            return phone.e164, phone.country
        if is_bsuid(given):
            return given, given[:2]
        if given:
            raise NotANumber(Cause.NOT_A_USER_ID, given=given[:40])
        raise NotANumber(Cause.NUMBER_MISSING)

    def _params(self, cells: Sequence[str], flaws: Flaws) -> dict[str, str]:
        for place in self.columns.values.values():
            if flaw := flaws.get(place):
                raise BadValue(reason_of(flaw, self._name(place), _cell(cells, place)))
        given = {key: _cell(cells, index) for key, index in self.columns.values.items()}
        names = {key: self.columns.names[index] for key, index in self.columns.values.items()}
        filled = with_defaults({**self.constants, **given}, self.defaults)
        return checked_params(filled, self.variables, body_length=self.body_length, names=names)


def with_defaults(given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Returns values in which defaults stand for those that are empty, or that say nothing, like a dash."""
    filled = dict(given)
    for key, default in defaults.items():
        value = filled.get(key, "").strip()
        if default and (is_invisible(value) or stands_for_nothing(value)):
            filled[key] = default
    return filled


def checked_params(
    given: Mapping[str, str],
    variables: Sequence[TemplateVariable],
    *,
    body_length: int,
    names: Mapping[str, str],
) -> dict[str, str]:
    """Returns the values of a template, ready to be sent. `names` holds the names to use in error messages.

    Blanks and line breaks become single blanks: Meta refuses line breaks, tabs and more than four blanks in a row.
    A link that begins as the template's does loses that beginning (`links.end_of_link`).

    Raises:
        BadValue: a value is missing, too long, a formula, or not of the kind that its place needs.
    """
    params: dict[str, str] = {}
    filled = body_length
    for variable in variables:
        name = names.get(variable.key, variable.key)
        value = " ".join(given.get(variable.key, "").split())
        value = "" if is_invisible(value) else value
        _check(value, variable, name)
        params[variable.key] = value = _in_its_place(value, variable, name)
        if variable.place is Place.BODY:
            filled += len(value) - len(variable.name) - 4
    if filled > BODY_LIMIT:
        raise BadValue(Cause.MESSAGE_TOO_LONG, length=filled, limit=BODY_LIMIT)
    return params


def _check(value: str, variable: TemplateVariable, name: str) -> None:
    if not value:
        raise BadValue(Cause.VALUE_EMPTY, SkipReason.MISSING_VARIABLE, name=name)
    if len(value) > variable.limit:
        raise BadValue(Cause.VALUE_TOO_LONG, name=name, length=len(value), limit=variable.limit)
    if _FORMULA.match(value):
        raise BadValue(Cause.VALUE_FORMULA, name=name)
    if why := why_no_value(value, name):
        raise BadValue(why)
    if "\0" in value:
        raise BadValue(Cause.VALUE_UNSENDABLE, name=name)
    if variable.kind in MEDIA_KINDS and not _MEDIA.match(value):
        raise BadValue(Cause.VALUE_NO_MEDIA, name=name)
    if variable.kind is ValueKind.URL_SUFFIX and " " in value:
        raise BadValue(Cause.VALUE_WITH_BLANKS, name=name)


def _in_its_place(value: str, variable: TemplateVariable, name: str) -> str:
    if variable.kind is not ValueKind.URL_SUFFIX:
        return value
    end = end_of_link(value, variable.base)
    if end is None:
        raise BadValue(Cause.VALUE_WHOLE_LINK, name=name, base=variable.base)
    return end


def _skipped(number: int, given: str, skip_reason: SkipReason, reason: Reason) -> Candidate:
    return Candidate(str(number), given, row_number=number, skip_reason=skip_reason, reason=reason)


def _is_no_name(text: str) -> bool:
    return is_invisible(text) or stands_for_nothing(text) or bool(_FORMULA.match(text))


def _cell(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""
