"""The log as JSON: every line an object with the ids that belong to it, and nothing in it that the text would mask."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from django.test import RequestFactory

from businesses.models import Business
from businesses.tenancy import acting_for
from frontdesk import request_ids
from frontdesk.json_lines import JsonLine
from testing.check import PRODUCTION
from testing.servers import StartDaphne
from tests.attack.test_logs import ASKED, FORGED, PHONE, SECRET

CALL, BUSINESS = "2f1c0000-0000-4000-8000-000000000001", "2f1c0000-0000-4000-8000-000000000002"


def written(message: str, *values: object, **more: Any) -> dict[str, str]:
    """Returns what one record becomes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logger = logging.Logger("frontdesk.test")
    logger.addHandler(handler)
    logger.info(message, *values, **more)
    (line,) = stream.getvalue().splitlines()
    found: dict[str, str] = json.loads(line)
    return found


@pytest.mark.parametrize(
    "message", [f"call {CALL} of business {BUSINESS}: taken", f"[END] call={CALL} at=1.000 business={BUSINESS}"]
)
def test_the_ids_that_a_message_names_are_fields(message: str) -> None:
    line = written(message)
    assert (line["message"], line["call"], line["business"]) == (message, CALL, BUSINESS)
    assert (line["level"], line["logger"]) == ("INFO", "frontdesk.test")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])


def test_the_business_and_request_for_which_code_runs_are_fields() -> None:
    business = Business(pk=uuid4())
    token = request_ids._current.set("abc")
    with acting_for(business):
        line = written("a page")
    with acting_for(business, Business(pk=uuid4())):
        assert "business" not in written("a page of several")
    request_ids._current.reset(token)
    assert (line["business"], line["request"]) == (str(business.pk), "abc")
    assert set(written("nothing")) == {"time", "level", "logger", "message"}


def test_nothing_is_written_that_the_text_would_mask() -> None:
    secret_request = RequestFactory().get(f"/invitations/{SECRET}/")
    try:
        raise ValueError(f"no such person +{PHONE}\n{FORGED}")
    except ValueError:
        line = written("+%s\n%s", PHONE, FORGED, exc_info=sys.exc_info(), extra={"request": secret_request})
    text = json.dumps(line)
    assert PHONE not in text
    assert SECRET not in text
    assert line["message"] == f"+…\\n{FORGED}"
    assert line["traceback"].startswith("Traceback")
    assert "ValueError" in line["traceback"]


def test_every_line_of_a_running_process_is_an_object(daphne: StartDaphne) -> None:
    secrets: dict[str, Any] = {
        name: value for name, value in PRODUCTION.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    server = daphne(**{**secrets, "PUBLIC_URL": "http://frontdesk.example", "LOG_FORMAT": "json"})
    for address in ASKED:
        with suppress(HTTPError):
            urlopen(Request(server.url + address, headers={"X-Request-ID": PHONE})).close()
    with pytest.raises(HTTPError) as forbidden:
        urlopen(Request(f"{server.url}/calls/twilio/voice/", data=b"CallSid=CA1"))
    ids = forbidden.value.headers.get_all("X-Request-ID")
    forbidden.value.close()
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert {"GET /b/acme/contacts/", "POST /calls/twilio/voice/"} <= {line["message"] for line in lines}
    (refused,) = [line for line in lines if "refused, no valid signature" in line["message"]]
    assert [refused["request"]] == ids
    for secret in (SECRET, PHONE):
        assert secret not in server.log
