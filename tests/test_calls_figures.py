"""A call leaves its figures on `/metrics` of the process that carried it, without anything that tells whose it was."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import httpx2
import pytest

from calls.conversation.end_reasons import EndReason
from calls.sandbox.openai.scenario import FailResponse
from frontdesk import media_server
from testing import numbered
from tests.call_hearing import words_heard
from tests.call_rig import ANSWER, FALLBACK, Rig, reaches_the_fallback, scenario, speech

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

LINE = r"^(frontdesk_\S+) (\S+)$"
GREETING = "Hello, this is the clinic."


async def figures(rig: Rig) -> dict[str, float]:
    """Returns the sum of what the processes say."""
    if rig.line is not rig.daphne:
        await asyncio.sleep(2 * media_server.LOOK_EVERY_S)  # it tells what it has found the last time that it looked
    found: Counter[str] = Counter()
    async with httpx2.AsyncClient() as client:
        for url in {rig.line.url, rig.daphne.url}:
            page = (await client.get(f"{url}/metrics")).text
            found.update({name: float(value) for name, value in re.findall(LINE, page, re.MULTILINE)})
    return dict(found)


async def test_calls_show_in_the_figures(rig: Rig) -> None:
    before = await figures(rig)
    desk = await rig.desk(scenario(), greeting=GREETING)
    async with rig.calling(desk) as call:
        await call.quiet(0.5)
        call.say(speech("hello"))
        await call.until(lambda: words_heard(call) == numbered.audio(GREETING) + numbered.audio(ANSWER))
    await rig.records(call)
    plan = scenario(FailResponse(code="rate_limit_exceeded"))
    broken = await rig.desk(plan, greeting=GREETING, fallback_number=FALLBACK)
    async with rig.calling(broken) as lost:
        await lost.quiet(0.5)
        lost.say(speech("hello"))
        await reaches_the_fallback(rig, lost, EndReason.NO_ANSWER, "rate_limit_exceeded")
    after = await figures(rig)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown('frontdesk_calls_total{outcome="completed"}') == 1
    assert grown('frontdesk_calls_total{outcome="fallback"}') == 1
    assert grown('frontdesk_call_ends_total{reason="no_answer"}') == 1
    assert grown('frontdesk_calls_given_up_total{cause="rate_limit_exceeded"}') == 1
    assert grown('frontdesk_openai_faults_total{code="rate_limit_exceeded",kind="response"}') >= 4
    assert grown('frontdesk_call_latency_seconds_count{what="greeting"}') == 2
    assert grown('frontdesk_call_latency_seconds_count{what="felt"}') >= 1
    assert grown("frontdesk_waiting_tones_total") >= 2
    assert grown("frontdesk_openai_sessions_total") >= 2
    assert grown('frontdesk_webhook_answers_total{status="200",webhook="voice"}') == 2
    assert grown('frontdesk_webhook_seconds_count{webhook="after"}') >= 1
    assert after["frontdesk_database_answers"] == len({rig.line.url, rig.daphne.url}), "each process says so"
    assert after["frontdesk_ends_unwritten"] == after["frontdesk_records_waiting"] == 0
    page = " ".join(after)
    assert not re.search(r"\+\d{6}|\bCA[0-9a-f]{10}|[0-9a-f]{8}-[0-9a-f]{4}", page), "it tells whose call it was"
