"""What columns are called: in files of our own, and in the exports of Google, Outlook, Facebook and others. Pure."""

from __future__ import annotations

import re

_PHONE_NAMES = frozenset(
    {
        "phone",
        "phone number",
        "phone_number",
        "phonenumber",
        "phone no",
        "phone no.",
        "phone#",
        "tel",
        "tel.",
        "telephone",
    }
    | {
        "mobile",
        "mobile phone",
        "mobile number",
        "mobile no",
        "cell",
        "cell phone",
        "cellphone",
        "cellular",
        "whatsapp",
    }
    | {"whatsapp number", "whatsapp phone", "number", "contact number", "primary phone", "home phone", "business phone"}
    | {"other phone", "home phone 2", "business phone 2", "company main phone", "car phone", "work phone"}
    | {
        "טלפון",
        "מספר טלפון",
        "מס' טלפון",
        "מס טלפון",
        "נייד",
        "מספר נייד",
        "מס' נייד",
        "טלפון נייד",
        "פלאפון",
        "וואטסאפ",
    }
    | {"סלולרי", "סלולארי", "טלפון סלולרי", "טלפון סלולארי", "מספר הטלפון", "טל'", "טל", "טלפון בבית", "טלפון בעבודה"}
    | {"telefon", "telefono", "telefone", "teléfono", "telefonnummer", "handy", "handynummer", "mobil", "mobilnummer"}
    | {"celular", "móvil", "movil", "cellulare", "téléphone", "portable", "numéro de téléphone", "gsm", "telefoon"}
    | {"телефон", "номер телефона", "мобильный", "мобильный телефон", "هاتف", "الهاتف", "رقم الهاتف", "جوال", "الجوال"}
)
_GOOGLE_PHONE = re.compile(r"^(?:phone|mobile|telephone|טלפון|נייד) ?\d* ?(?:- ?(?:value|ערך))?$")
_MOBILE = re.compile(r"mobile|cell|whatsapp|נייד|סלול|פלאפון|וואטסאפ|handy|mobil|celular|móvil|мобильн|جوال")
BSUID_NAMES = frozenset({"bsuid", "user_id"})
NAME_NAMES = frozenset(
    {"name", "full name", "full_name", "שם", "שם מלא", "display name", "nombre", "nome", "имя", "الاسم"}
)
FIRST_NAMES = frozenset({"first name", "given name", "שם פרטי", "vorname", "prénom"})
LAST_NAMES = frozenset({"last name", "family name", "surname", "שם משפחה", "nachname"})
LANGUAGE_NAMES = frozenset({"language", "שפה"})
TAG_NAMES = frozenset({"tags", "tag", "תגיות", "תגית"})
CONSENT_NAMES = frozenset(
    {"consent", "marketing consent", "opt-in", "opt in", "optin", "opted in", "agreed", "subscribed"}
    | {"הסכמה", "הסכמה לדיוור", "אישור דיוור", "מאשר דיוור", "הסכמה לקבלת הודעות", "אישור קבלת הודעות"}
)
CONSENT_SOURCE_NAMES = frozenset({"consent source", "מקור ההסכמה"})
_USUAL = (
    frozenset({"first_name", "last_name", "email", "e-mail", "e-mail address", "city", "date", "day", "id", "company"})
    | frozenset({"address", "notes", "labels", "birthday", "time", "דוא\"ל", "אימייל", "כתובת", "עיר", "תאריך"})
    | frozenset({"הערות", "ת.ז.", "ת\"ז", "תעודת זהות", "יום", "שעה", "חברה", "created_time"})
    | BSUID_NAMES | NAME_NAMES | FIRST_NAMES | LAST_NAMES | LANGUAGE_NAMES | TAG_NAMES | CONSENT_NAMES
)  # fmt: skip
_BETWEEN = re.compile(r"[\s_.\-]+")
_MEANINGS = tuple(
    frozenset(_BETWEEN.sub("", name) for name in group) for group in (NAME_NAMES, FIRST_NAMES, LAST_NAMES)
)
_NOISE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff{}]")
_SIGNS = str.maketrans({"׳": "'", "’": "'", "‘": "'", "`": "'", "״": '"', "“": '"', "”": '"', "\0": None})


def normalized(name: str) -> str:
    """Returns a column's name in the form in which names are compared."""
    return " ".join(_NOISE.sub("", name).translate(_SIGNS).split()).strip("*: ").casefold()


def alike(name: str) -> str:
    """Returns what is the same for two names that mean one thing: “First Name”, `first_name` and שם פרטי are alike."""
    known = _squeezed(normalized(name))
    return next((min(group) for group in _MEANINGS if known in group), known)


def _squeezed(name: str) -> str:
    return _BETWEEN.sub("", name) or name


def is_phone_name(name: str) -> bool:
    """Returns whether a normalized name is usual for phone numbers."""
    return name in _PHONE_NAMES or bool(_GOOGLE_PHONE.match(name))


def is_mobile_name(name: str) -> bool:
    """Returns whether a normalized name speaks of mobiles, which receive WhatsApp messages more often."""
    return bool(_MOBILE.search(name))


def is_usual_name(name: str) -> bool:
    """Returns whether a normalized name is one that columns usually have, and people do not."""
    return is_phone_name(name) or name in _USUAL
