"""Real calls hear the business's words from a recording, whatever it was made with (G1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from businesses.models import Business
from calls.conversation.commands import Play
from calls.conversation.events import ModelReady
from calls.greetings import recordings
from calls.models import GreetingAudio
from calls.records.traces import Decided
from testing import numbered
from tests.call_hearing import heard
from tests.call_rig import Rig

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.once]

GREETING = "Good morning, you have reached the clinic. How may we help you?"


def made_by_a_model_that_is_gone(business: Business) -> None:
    """Leave the business a recording of its words that nothing makes any more, and let a year and a night pass."""
    a_year_ago = datetime.now(UTC) - timedelta(days=365)
    rows = GreetingAudio.objects.filter(business=business)
    rows.update(content_hash="of another model", created_at=a_year_ago, rendered_at=a_year_ago)
    recordings.remove_old(now=datetime.now(UTC))


async def test_a_recording_outlives_the_model_that_made_it(rig: Rig) -> None:
    desk = await rig.desk(greeting=GREETING)
    await rig.office.ask(made_by_a_model_that_is_gone, desk.business)
    async with rig.calling(desk) as call:
        await call.quiet(0.8, after_bytes=len(numbered.audio(GREETING)))
        assert heard(call) == numbered.audio(GREETING)
    trace = (await rig.records(call)).trace
    ready = next(index for index, line in enumerate(trace) if isinstance(line, ModelReady))
    assert any(isinstance(line, Decided) and isinstance(line.command, Play) for line in trace[:ready]), "not at once"
    assert desk.lane.received("response.create") == []
