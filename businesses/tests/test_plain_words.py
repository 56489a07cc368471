"""An invalid value gets a plain message beside its field, the same in the admin and on the web page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from businesses.models import Business
from businesses.tests.rows import Tenant
from businesses.tests.test_settings_page import filled, page_of

pytestmark = pytest.mark.once

FRAMES = "barge_in_voice_frames"
SENTENCES = {
    "A greeting can have at most 1000 characters, and this one has 1001. "
    "Shorten it: callers wait until it is spoken.": (
        "בברכת הפתיחה יכולות להיות 1000 אותיות לכל היותר, וכאן יש 1001. כדאי לקצר: המתקשרים ממתינים עד שהיא נאמרת."
    ),
    "Write a whole number of steps from 2 to 50. A step is 20 ms; 6 steps suit most phone lines.": (
        "יש לכתוב מספר שלם של צעדים, מ־2 עד 50. צעד הוא 20 אלפיות שנייה; 6 צעדים מתאימים לרוב קווי הטלפון."
    ),
    "Write a whole number of milliseconds from 100 to 2000. 350 suits most phone lines.": (
        "יש לכתוב מספר שלם של אלפיות שנייה, מ־100 עד 2000. 350 מתאים לרוב קווי הטלפון."
    ),
    "Write a whole number of milliseconds from 0 to 3000. 300 suits most phone lines.": (
        "יש לכתוב מספר שלם של אלפיות שנייה, מ־0 עד 3000. 300 מתאים לרוב קווי הטלפון."
    ),
    "Write a number from 0.1 to 0.99. Between 0.75 and 0.85 works best.": (
        "יש לכתוב מספר מ־0.1 עד 0.99. בין 0.75 ל־0.85 עובד הכי טוב."
    ),
    "Write a whole number from 0 to 5000. 200 suits most phone lines.": (
        "יש לכתוב מספר שלם מ־0 עד 5000. 200 מתאים לרוב קווי הטלפון."
    ),
    "Write a whole number of minutes from 1 to 1440, which is a day.": (
        "יש לכתוב מספר שלם של דקות, מ־1 עד 1440, שהן יממה."
    ),
    "This is not a phone number. Write it with its country, like +972501234567.": (
        "זה אינו מספר טלפון. יש לכתוב אותו עם קידומת המדינה, כמו ‎+972501234567."
    ),
    "This time zone does not exist. Write it like Asia/Jerusalem.": (
        "אזור הזמן הזה לא קיים. יש לכתוב אותו כמו Asia/Jerusalem."
    ),
    "This can't be empty.": "אי אפשר להשאיר את זה ריק.",
    "Choose from the list: this isn't in it, or no longer is.": "יש לבחור מהרשימה: הערך הזה אינו בה, או כבר אינו בה.",
    "At most 2000 characters fit here; this is 2001. Shorten it.": (
        "יש כאן מקום ל־2000 אותיות לכל היותר, ונכתבו 2001. יש לקצר."
    ),
}
WRONG = [
    ("greeting_text", "x" * 1001, "A greeting"),
    *[(FRAMES, typed, "Write a whole number of steps") for typed in ("1", "51", "-1", "2.5", "many", "")],
    *[("barge_in_debounce_ms", typed, "Write a whole number of milliseconds from 100") for typed in ("99", "2001")],
    *[("barge_in_grace_ms", typed, "Write a whole number of milliseconds from 0") for typed in ("-1", "3001")],
    *[("server_vad_threshold", typed, "Write a number from 0.1") for typed in ("0", "1", "nan", "high", "")],
    *[("echo_gate_min_rms", typed, "Write a whole number from 0") for typed in ("-1", "5001")],
    *[("max_call_minutes", typed, "Write a whole number of minutes") for typed in ("0", "1441")],
    ("fallback_number", "12", "This is not a phone number"),
    ("time_zone", "Mars/Base", "This time zone"),
    ("name", "", "This can't be empty"),
    ("voice", "fable", "Choose from the list"),
    ("opening_hours", "x" * 2001, "At most 2000"),
]


def sentence(start: str, language: str) -> str:
    (english,) = (each for each in SENTENCES if each.startswith(start))
    return english if language == "en" else SENTENCES[english]


def refused(client: Client, address: str, data: dict[str, Any], language: str) -> str:
    answer = client.post(address, data, headers={"accept-language": language})
    assert answer.status_code in {200, 422}, data
    return unescape(answer.content.decode())


def beside(page: str, field: str) -> list[str]:
    """Returns the errors of a field: the list that its input names, or that stands in its row."""
    lists = re.findall(rf'<ul class="errorlist"[^>]*id="id_{field}_error"[^>]*>(.*?)</ul>', page, re.S)
    return [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<li>(.*?)</li>", " ".join(lists), re.S)]


@pytest.fixture
def owner(alpha: Tenant) -> Client:
    client = Client()
    client.force_login(alpha.owner)
    return client


@pytest.mark.parametrize("language", ["en", "he"])
def test_what_is_wrong_is_said_the_same_everywhere(owner: Client, alpha: Tenant, language: str) -> None:
    right = filled(owner, alpha, instructions="Typed and kept")
    before = Business.objects.values().get()
    for field, typed, start in WRONG:
        for address in (page_of(alpha), f"/b/{alpha.business.slug}/settings/"):
            page = refused(owner, address, {**right, field: typed}, language)
            assert beside(page, field) == [sentence(start, language)], (address, field, typed)
            assert page.count('class="errorlist') == 1, (address, field, typed)
            assert "Typed and kept" in page
            assert typed in page or field in {"voice", "time_zone"}, "what is chosen can't be typed"
            assert "maxlength" not in page  # the browser would silently cut off pasted text
    assert Business.objects.values().get() == before
