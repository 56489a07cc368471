"""What is no proper HTTP, and requests that no browser makes, against a real process: answered or cut, never a 500.

Defended: the process that carries the calls. `test_any_request.py` makes up many more requests, without a socket.
"""

from __future__ import annotations

import http.client
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from testing.databases import MigratedDatabase
from testing.fuzz.addresses import Address, every_address
from testing.fuzz.requests import Known, requests
from testing.fuzz.wire import as_bytes, broken, statuses
from testing.servers import Daphne, web_processes

pytestmark = pytest.mark.timeout(300)  # a process has to start first

BY_HAND = int(os.environ.get("GENERATED_REQUESTS", "0"))
PATHS = ("/accounts/login/", "/calls/twilio/voice/", "/whatsapp/webhooks/cloud/", "/calls/twilio/media/", "/healthz")
EMAIL, PASSWORD = "owner@acme.test", "heron-violet-ladder"
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    """One process for all attempts, as in life."""
    with web_processes(tmp_path_factory.mktemp("server"), migrated_database) as start:
        server = start(TWILIO_AUTH_TOKEN="a-token", WHATSAPP_APP_SECRET="a-secret", WHATSAPP_API_URL=NOBODY_LISTENS)
        owner = ("--owner-email", EMAIL, "--owner-password", PASSWORD)
        server.manage("create_business", "acme", "--name", "Acme", "--phone", "+15005550006", *owner)
        yield server
        assert server.ready()["ready"]
        assert not re.search(r"Traceback|Unhandled Error| ERROR |\" 500 ", server.log), server.log


@pytest.fixture(scope="module")
def owners_cookie(server: Daphne) -> str:
    """Sign in as a browser does. Returns the session's cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/accounts/login/")
    answer = connection.getresponse()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())
    assert token
    form = urlencode({"csrfmiddlewaretoken": token[1], "login": EMAIL, "password": PASSWORD})
    headers = {
        "Cookie": str(answer.getheader("Set-Cookie")).partition(";")[0],
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/accounts/login/", form, headers)
    signed_in = connection.getresponse()
    cookies = re.search(r"sessionid=\w+", str(signed_in.headers))
    assert cookies, (signed_in.status, signed_in.read())
    return cookies[0]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_proper_request_is_refused_or_cut(server: Daphne, path: str) -> None:
    for name, data in broken(path):
        answered = statuses(server.port, data, is_whole=False)
        assert all(100 <= status < 500 for status in answered), (name, answered)


def known(address: Address) -> Known:
    usual = {name: ["acme" if name == "slug" else "nothing-of-anybody"] for name in address.arguments}
    return Known(address, usual)


@settings(
    max_examples=BY_HAND or 200,
    derandomize=not BY_HAND,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(data=some.data())
@pytest.mark.timeout(0 if BY_HAND else 300)
def test_requests_that_no_browser_makes_are_answered(server: Daphne, owners_cookie: str, data: Any) -> None:
    request = data.draw(requests(known(data.draw(some.sampled_from(every_address())))), label="request")
    cookie = data.draw(some.sampled_from(("", owners_cookie)))
    answered = statuses(server.port, as_bytes(request, cookie))
    assert answered, "nothing was answered"
    assert all(100 <= status < 500 for status in answered), answered
