"""Showing a number of a cell as its spreadsheet does, by its format code (ECMA-376 18.8.30 and 18.8.31). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from whatsapp.tables.date_formats import shown_date
from whatsapp.tables.format_codes import Kind, Part, Section, Unclear, sections_of
from whatsapp.tables.regional import Regional

GENERAL = "General"
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mmss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""Codes that files name by number only. 14 and 22 are the country's way; others are unclear, like currencies."""

_EXACT = Context(prec=15, rounding=ROUND_HALF_UP)
"""Spreadsheets show fifteen digits of a number, and zeros behind them: so 57.699999999999996 is 57.7."""
_LARGEST = Decimal("1e300")


def code_of(number: int, own: dict[int, str], regional: Regional) -> str | None:
    """Returns the format code with this number, None if it is not clear; `own` are those that the file spells out."""
    if number in own:
        return own[number]
    if number == 14:
        return regional.date
    if number == 22:
        return f"{regional.date} h:mm"
    return BUILT_IN.get(number)


def exact(written: str) -> Decimal:
    """Returns a stored number with the digits that are shown. Raises `Unclear` if it is none."""
    try:
        value = _EXACT.create_decimal(written.strip())
    except ArithmeticError:
        raise Unclear from None
    if not value.is_finite() or abs(value) > _LARGEST:
        raise Unclear
    return value


def is_of_time(code: str) -> bool:
    """Returns whether a code shows a day or a time. Raises `Unclear`."""
    return any(section.has(Kind.DATE, Kind.ELAPSED) for section in sections_of(code))


def shown(value: Decimal, code: str, regional: Regional, *, is_1904: bool = False) -> str:
    """Returns a number as this format shows it. Raises `Unclear` where that can't be told."""
    section, is_absolute = _section_for(value, sections_of(code))
    if section.has(Kind.DATE, Kind.ELAPSED) or section.system_time:
        return shown_date(value, section, regional, is_1904=is_1904)
    amount = abs(value)
    if section.has(Kind.GENERAL) or section.has(Kind.TEXT):
        text = "".join(_general_part(part, amount, regional) for part in section.parts)
    elif section.has(Kind.SLASH) and section.has(Kind.DIGIT):
        text = _fraction(amount, section.parts)
    elif section.has(Kind.EXPONENT):
        text = _scientific(amount, section.parts, regional)
    else:
        text = _number(amount, section.parts, regional)
    return f"-{text}" if value < 0 and not is_absolute and section.parts else text


def shown_text(text: str, code: str) -> str:
    """Returns a text as this format shows it. Raises `Unclear`."""
    sections = sections_of(code)
    section = sections[3] if len(sections) > 3 else next((each for each in sections if each.has(Kind.TEXT)), None)
    if section is None:
        return text
    return "".join(text if part.kind is Kind.TEXT else part.text for part in section.parts)


def _section_for(value: Decimal, sections: Sequence[Section]) -> tuple[Section, bool]:
    """Returns the section of a value, and whether it is for negative numbers alone, which then show no minus."""
    numeric = [each for each in sections[:3] if not (len(sections) > 1 and each.has(Kind.TEXT))] or [*sections[:1]]
    conditions = [each for each in numeric if each.condition]
    if conditions:
        found = next((each for each in conditions if _holds(value, each)), None)
        if found is None:
            found = next((each for each in numeric if not each.condition), None)
        if found is None:
            raise Unclear
        return found, False
    if value < 0 and len(numeric) > 1:
        return numeric[1], True
    if value == 0 and len(numeric) > 2:
        return numeric[2], True
    return numeric[0], False


def _holds(value: Decimal, section: Section) -> bool:
    sign, limit = section.condition or ("=", Decimal(0))
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


def _general_part(part: Part, amount: Decimal, regional: Regional) -> str:
    return general(amount).replace(".", regional.decimal) if part.kind in {Kind.GENERAL, Kind.TEXT} else part.text


def general(amount: Decimal) -> str:
    """Returns a number that is not negative in the format General: at most eleven signs, else as a power of ten."""
    if amount == 0:
        return "0"
    power = amount.adjusted()
    if power >= 11 or power < -4:
        text = _plain(amount, 10) if power < 0 else ""
        if 0 < len(text) <= 11:
            return text
        mantissa, _e, exponent = f"{Context(prec=6, rounding=ROUND_HALF_UP).create_decimal(amount):.5E}".partition("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent[0]}{exponent[1:].zfill(2)}"
    return _plain(amount, 9 if power < 0 else max(0, 9 - power))


def _plain(amount: Decimal, decimals: int) -> str:
    text = f"{amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=400)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "" if Decimal(text) != amount and decimals == 10 else text


def _number(amount: Decimal, parts: Sequence[Part], regional: Regional) -> str:
    percents = sum(part.kind is Kind.PERCENT for part in parts)
    point = next((place for place, part in enumerate(parts) if part.kind is Kind.POINT), len(parts))
    whole, rest = list(parts[:point]), list(parts[point:])
    last = max((place for place, part in enumerate(whole) if part.kind is Kind.DIGIT), default=-1)
    behind = max((place for place, part in enumerate(rest) if part.kind is Kind.DIGIT), default=-1)
    scale = sum(part.kind is Kind.COMMA for part in (*whole[last + 1 :], *rest[behind + 1 :])) if last >= 0 else 0
    is_grouped = any(part.kind is Kind.COMMA for part in whole[: last + 1])
    decimals = sum(part.kind is Kind.DIGIT for part in rest)
    amount = amount.scaleb(2 * percents - 3 * scale)
    text = f"{amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=400)):f}"
    integer, _dot, fraction = text.partition(".")
    shown_whole = _whole("" if integer == "0" else integer, whole, regional if is_grouped else None)
    return shown_whole + _decimals(fraction, rest, regional)


def _whole(digits: str, parts: Sequence[Part], grouping: Regional | None) -> str:
    """Returns the part before the point, filled from its end; the first placeholder takes all digits that are left."""
    out: list[str] = []
    places = sum(part.kind is Kind.DIGIT for part in parts)
    at, used = len(digits), 0
    for part in reversed(parts):
        if part.kind is Kind.COMMA:
            continue
        if part.kind is not Kind.DIGIT:
            out.append(part.text)
            continue
        places -= 1
        taken = list(digits[max(at - 1, 0) : at]) if places else list(reversed(digits[:at]))
        at -= len(taken)
        for sign in taken or [{"0": "0", "?": " "}.get(part.text, "")]:
            if grouping and sign.isdigit() and _starts_group(used, grouping):
                out.append(grouping.group)
            out.append(sign)
            used += sign.isdigit()
    return "".join(reversed(out))


def _starts_group(used: int, grouping: Regional) -> bool:
    """Returns whether a separator stands behind the next digit, `used` digits from the end."""
    if grouping.in_pairs:
        return used == 3 or (used > 3 and (used - 3) % 2 == 0)
    return used > 0 and used % 3 == 0


def _decimals(digits: str, parts: Sequence[Part], regional: Regional) -> str:
    out: list[str] = []
    at, left = 0, len(digits.rstrip("0"))
    for part in parts:
        match part.kind:
            case Kind.POINT:
                out.append(regional.decimal)
            case Kind.DIGIT:
                out.append(digits[at] if at < left or part.text == "0" else {"?": " "}.get(part.text, ""))
                at += 1
            case Kind.COMMA:
                continue
            case _:
                out.append(part.text)
    return "".join(out)


def _scientific(amount: Decimal, parts: Sequence[Part], regional: Regional) -> str:
    place = next(place for place, part in enumerate(parts) if part.kind is Kind.EXPONENT)
    mantissa, exponent = parts[:place], parts[place + 1 :]
    point = next((at for at, part in enumerate(mantissa) if part.kind is Kind.POINT), len(mantissa))
    step = max(1, sum(part.kind is Kind.DIGIT for part in mantissa[:point]))
    decimals = sum(part.kind is Kind.DIGIT for part in mantissa[point:])
    power = 0 if amount == 0 else amount.adjusted() // step * step
    rounded = amount.scaleb(-power).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=400))
    if rounded != 0 and rounded.adjusted() >= step:
        rounded, power = rounded.scaleb(-step), power + step
    sign = "-" if power < 0 else "+" if parts[place].text == "e+" else ""
    return f"{_number(rounded, mantissa, regional)}E{sign}{_number(Decimal(abs(power)), exponent, regional)}"


def _fraction(amount: Decimal, parts: Sequence[Part]) -> str:
    """Returns a number as a whole and a fraction, like 1 1/2."""
    slash = next(place for place, part in enumerate(parts) if part.kind is Kind.SLASH)
    above = slash
    while above and parts[above - 1].kind is Kind.DIGIT:
        above -= 1
    below = "".join(part.text for part in parts[slash + 1 :] if part.kind in {Kind.DIGIT, Kind.LITERAL}).strip()
    has_whole = any(part.kind is Kind.DIGIT for part in parts[:above])
    whole = int(amount) if has_whole else 0
    rest = Fraction(amount - whole)
    if below.isdigit() and set(below) != {"0"}:
        bottom = int(below)
        top = int((rest * bottom + Fraction(1, 2)) // 1)
    else:
        near = rest.limit_denominator(10 ** min(len(below), 4) - 1 or 1)
        top, bottom = near.numerator, near.denominator
    if has_whole and top == bottom:
        whole, top = whole + 1, 0
    if not top and has_whole:
        return str(whole)
    return f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"
