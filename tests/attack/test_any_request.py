"""No request breaks a page: every address, with requests that no browser makes, as everybody.

Each test generates requests to one address: odd parts of the path, query strings, its own form with fields that are
missing, doubled or wrong, JSON, bodies that lie about themselves, odd headers and cookies. An exception, a 500, or an
error in the log fails it. On more requests by hand, on both databases:

    GENERATED_REQUESTS=200 .venv/bin/python -m testing.run tests/attack/test_any_request.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from pytest_django import DjangoDbBlocker

from testing.fuzz.addresses import Address, every_address
from testing.fuzz.requests import Request, requests
from testing.fuzz.world import ROLES, World, world

pytestmark = pytest.mark.django_db

BY_HAND = int(os.environ.get("GENERATED_REQUESTS", "0"))
EXAMPLES = 8
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def full(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        from django.conf import settings as ours  # noqa: PLC0415

        patch.setattr(ours, "MEDIA_ROOT", str(tmp_path_factory.mktemp("media")))
        patch.setattr(ours, "DEBUG_PROPAGATE_EXCEPTIONS", True)
        for name in ("WHATSAPP_API_URL", "TWILIO_API_URL", "OPENAI_BASE_URL"):
            patch.setattr(ours, name, NOBODY_LISTENS)
        with world() as made:
            yield made


@pytest.mark.timeout(600)
def test_what_requests_are_made_of_is_there(full: World) -> None:
    """Without sessions, rows and forms, all requests would be refused at the door."""
    for role, path in (("agent", "/b/demo/"), ("owner", "/b/demo/settings/"), ("operator", "/operator/")):
        assert full.ask(role, Request("GET", path)).status_code == 200
    posted = {known.address.route for known in full.known.values() if any(form.is_post for form in known.forms)}
    assert len([route for route in posted if route.startswith("b/")]) > 40
    assert len([route for route in posted if route.startswith("admin/")]) > 60


@pytest.mark.timeout(0 if BY_HAND else 600)  # the first one also waits for the rows and the exploring
@pytest.mark.parametrize("address", every_address(), ids=str)
def test_no_request_breaks_it(full: World, address: Address) -> None:
    known = full.known[address.route]

    @settings(
        max_examples=BY_HAND or EXAMPLES,
        derandomize=not BY_HAND,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=some.data())
    def tried(data: Any) -> None:
        role = data.draw(some.sampled_from(ROLES[1:] if address.route.startswith("b/") else ROLES), label="role")
        request = data.draw(requests(known), label="request")
        answer = full.ask(role, request)
        assert answer.status_code < 500
        assert full.errors.said == []

    tried()
