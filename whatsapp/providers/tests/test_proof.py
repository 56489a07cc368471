"""Asking for a proof: what is a yes, what is a no, and what is no answer at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from testing.meta import served
from testing.twilio import FakeTwilio, TwilioAccount
from whatsapp.providers.base import Account, NotProved, NumberHealth, ProviderUnavailable
from whatsapp.providers.cloud.client import CloudProvider
from whatsapp.providers.proof_request import is_served_by
from whatsapp.providers.twilio.client import TwilioProvider
from whatsapp.reasons import Cause

pytestmark = pytest.mark.once

Said = Mapping[str, tuple[int, Any]]
"""Status and JSON (or text) by path; every other path is a plain 404."""
NUMBER = (200, {"id": "1055", "display_phone_number": "+1 555-010-0000", "throughput": {"level": "HIGH"}})
LISTED = (200, {"data": [{"id": "9"}, {"id": "1055"}]})
UNSEEN = (400, {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}})


async def prove_at_meta(said: Said, *, vouched: bool = False) -> NumberHealth:
    async def answer(request: web.Request) -> web.Response:
        status, body = said.get(request.path.removeprefix("/v25.0/"), (404, "404: Not Found"))
        return (
            web.json_response(body, status=status)
            if not isinstance(body, str)
            else web.Response(status=status, text=body)
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with served(app) as url, aiohttp.ClientSession() as http:
        account = Account("cloud", "1055", "2077", "", f"{url}/v25.0", "", {"access_token": "t"})
        return await CloudProvider().prove(http, account, vouched=vouched)


async def test_a_proof_brings_the_numbers_state_with_it() -> None:
    health = await prove_at_meta({"1055": NUMBER, "2077/phone_numbers": LISTED})
    assert (health.display_phone, health.throughput_mps) == ("+15550100000", 1000)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"1055": UNSEEN, "2077/phone_numbers": LISTED}, Cause.PROOF_REFUSED),
        ({"1055": (401, {"error": {"code": 190, "message": "Invalid"}})}, Cause.PROOF_REFUSED),
        ({"1055": NUMBER, "2077/phone_numbers": UNSEEN}, Cause.PROOF_REFUSED),
        ({"1055": NUMBER, "2077/phone_numbers": (200, {"data": [{"id": "10551"}]})}, Cause.NUMBER_NOT_IN_ACCOUNT),
        ({"1055": NUMBER, "2077/phone_numbers": (200, {"data": []})}, Cause.NUMBER_NOT_IN_ACCOUNT),
        ({"1055": (200, {"id": "1056"}), "2077/phone_numbers": LISTED}, Cause.NUMBER_NOT_IN_ACCOUNT),
        ({"1055": (404, {"error": {"code": 803, "message": "alias"}})}, Cause.PROOF_REFUSED),
    ],
)
@pytest.mark.parametrize("vouched", [False, True])
async def test_what_meta_refuses_is_refused_whoever_asks(said: Said, cause: Cause, vouched: bool) -> None:
    with pytest.raises(NotProved) as refused:
        await prove_at_meta(said, vouched=vouched)
    assert refused.value.reason.cause is cause


@pytest.mark.parametrize(
    "answer",
    [
        (500, "<html>"),
        (503, {"error": {"code": 2, "message": "Service temporarily unavailable"}}),
        (400, {"error": {"code": 4, "message": "Application request limit reached"}}),
        (429, "slow down"),
        (302, "moved"),
        (200, "<html>a proxy's own page</html>"),
    ],
)
async def test_what_is_no_answer_proves_and_refutes_nothing(answer: tuple[int, Any]) -> None:
    with pytest.raises(ProviderUnavailable) as problem:
        await prove_at_meta({"1055": answer})
    assert not isinstance(problem.value, NotProved)


@pytest.mark.parametrize("said", [{}, {"1055": NUMBER}, {"1055": (200, {"ok": True})}, {"1055": (501, "Unsupported")}])
async def test_a_stand_in_may_lack_an_address_only_where_an_operator_vouches(said: Said) -> None:
    await prove_at_meta(said, vouched=True)
    with pytest.raises(ProviderUnavailable):
        await prove_at_meta(said, vouched=False)


def test_metas_own_address_is_never_a_stand_in() -> None:
    assert is_served_by("https://graph.facebook.com/v25.0", "facebook.com")
    assert not is_served_by("https://notfacebook.com/v25.0", "facebook.com")
    assert not is_served_by("http://127.0.0.1:9000/facebook.com", "facebook.com")


async def prove_at_twilio(number: str, token: str) -> None:
    twilio = FakeTwilio(
        {"AC1": TwilioAccount("right", frozenset(f"+1555010000{n}" for n in range(5)), frozenset({"+44"}))}
    )
    async with served(twilio.app()) as url, aiohttp.ClientSession() as http:
        twilio.url = url
        account = Account("twilio", number, "AC1", "", url, "", {"auth_token": token})
        await TwilioProvider().prove(http, account, vouched=False)


@pytest.mark.parametrize("number", ["+15550100004", "+44"])
async def test_a_twilio_number_is_a_sender_on_any_page_or_a_number_that_was_bought(number: str) -> None:
    await prove_at_twilio(number, "right")


@pytest.mark.parametrize(("number", "token"), [("+15550100009", "right"), ("MG9", "right"), ("+15550100004", "wrong")])
async def test_what_twilio_does_not_show_is_not_proved(number: str, token: str) -> None:
    with pytest.raises(NotProved):
        await prove_at_twilio(number, token)
