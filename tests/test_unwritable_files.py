"""Recordings that can't be written cost a line of the log when it begins and one when it is over, and no call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.call_rig import ANSWER, Rig, eventually, speech

pytestmark = pytest.mark.asyncio(loop_scope="session")

AWAY, BACK = "MEDIA_ROOT is away", "MEDIA_ROOT is back after"
OF_EACH_S = 3.0


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Put a file in the folder's place meanwhile: nobody can write there, not even root."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder.rename(folder.with_name("elsewhere"))
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        kept.rename(folder)


async def test_calls_whose_recordings_have_no_room(rig: Rig) -> None:
    """Two calls, of which each fails to write once a second."""
    before = rig.line.log
    desk = await rig.desk(record_calls=True, recording_notice="")
    with unwritable(Path(rig.daphne.environment["MEDIA_ROOT"])):
        for _ in range(2):
            async with rig.calling(desk) as call:
                call.say(speech("hello"))
                await call.until(lambda call=call: call.heard_bytes > len(ANSWER) and call.now > OF_EACH_S)  # type: ignore[misc]
            assert (await rig.records(call)).call.outcome == "completed"
    await eventually(lambda: rig.line.log.count(BACK) > before.count(BACK))
    new = rig.line.log.removeprefix(before)
    assert (new.count(AWAY), new.count(BACK)) == (1, 1)
    assert "Traceback" not in new
    assert int(new.partition(BACK)[2].split("s: ")[1].split()[0]) > 2, "each piece is counted"
    async with rig.calling(desk) as call:
        call.say(speech("hello"))
        await call.until(lambda: call.now > OF_EACH_S)
    assert (await rig.records(call)).call.is_recorded
