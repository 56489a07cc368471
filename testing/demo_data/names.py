"""Names and numbers of people who call or write: Hebrew, Latin, and mixed."""

from __future__ import annotations

FIRST = (
    *("דנה", "Avi", "נועה", "Michael", "יוסי", "Sarah", "מיכל", "Omar", "תמר", "Daniel"),
    *("רונית", "Elena", "איתי", "Fatima", "שירה", "David", "עומר", "Anna", "הילה", "James"),
)
LAST = (
    *("כהן", "Levi", "מזרחי", "Goldberg", "פרץ", "Khoury", "ביטון", "Smith", "אברהם", "Petrova"),
    *("דהן", "O'Brien", "פרידמן", "Haddad", "אזולאי", "Müller", "גבאי", "Cohen", "שפירא", "Rossi"),
)
LONG_NAME = "ד״ר אלכסנדרה־מרים בן־שמעון־רוזנצווייג (Dr. Alexandra Rosenzweig)"


def name_of(number: int) -> str:
    """Returns the name of person `number`: both names in one script, or occasionally in both."""
    same_script = number % 7 != 3
    first = FIRST[number % len(FIRST)]
    last = LAST[(number * 3 + number // 20) % len(LAST)]
    if same_script and first.isascii() != last.isascii():
        last = LAST[(LAST.index(last) + 1) % len(LAST)]
    return f"{first} {last}"


def phone_of(number: int) -> str:
    """Returns a phone number that belongs to nobody: Israeli, and every ninth from another country."""
    if number % 9 == 5:
        return f"+44770090{number:04d}"
    return f"+97252{5_550_000 + number:07d}"
