"""How numbers and dates are written in a country, where a spreadsheet leaves that to the computer that shows it.

A file does not say on whose computer it is shown: the owner's country is the best that is known. The defaults are
those of Windows, which Excel follows. Pure: no Django.
"""

from __future__ import annotations

from dataclasses import dataclass

_NBSP, _NARROW = "\u00a0", "\u202f"


@dataclass(frozen=True, slots=True)
class Regional:
    """`date` is a format code. `group` separates thousands; `in_pairs` groups all but the last three by two."""

    date: str = "dd/mm/yyyy"
    decimal: str = "."
    group: str = ","
    in_pairs: bool = False
    half_days: bool = False
    """Whether hours are counted to twelve."""

    @property
    def date_separator(self) -> str:
        """Returns what a slash in a date's format is shown as."""
        return next(sign for sign in self.date if not sign.isalpha())


_BY_COUNTRY = (
    ("US PH", Regional("m/d/yyyy", half_days=True)),
    ("IN BD NP", Regional("dd-mm-yyyy", in_pairs=True)),
    ("CN TW", Regional("yyyy/m/d")),
    ("JP", Regional("yyyy/mm/dd")),
    ("CA KR", Regional("yyyy-mm-dd")),
    ("BR AR CO EC ES IT GR ID VN UY PY BO VE BE", Regional("dd/mm/yyyy", ",", ".")),
    ("DE TR RO RS HR SI MK BA AT", Regional("dd.mm.yyyy", ",", ".")),
    ("NL DK CL", Regional("dd-mm-yyyy", ",", ".")),
    ("RU UA BY KZ PL CZ SK FI NO BG EE LV GE AM AZ", Regional("dd.mm.yyyy", ",", _NBSP)),
    ("PT MA DZ TN", Regional("dd/mm/yyyy", ",", _NBSP)),
    ("FR", Regional("dd/mm/yyyy", ",", _NARROW)),
    ("SE LT", Regional("yyyy-mm-dd", ",", _NBSP)),
    ("ZA", Regional("yyyy/mm/dd", ",", _NBSP)),
    ("CH LI", Regional("dd.mm.yyyy", ".", "’")),
)
_TABLE = {country: regional for countries, regional in _BY_COUNTRY for country in countries.split()}


def regional_of(country: str) -> Regional:
    """Returns the ways of a country (two letters); of an unknown one those of most of the world."""
    return _TABLE.get(country, Regional())
