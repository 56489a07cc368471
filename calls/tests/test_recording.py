"""A recording is what the caller said and heard, where they did, and is removed when its time is over."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesses.keeping import retention
from businesses.keeping.kinds import Kind
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.audio import ulaw
from calls.audio.tracks import Piece, Recorded, Tracks, joined
from calls.models import Call
from calls.records import recording
from calls.tests.conftest import NOW, kept, make_business, make_live_call

ONE_S = 8000


def laid(pieces: tuple[Piece, ...]) -> bytes:
    """The track from its very beginning."""
    return joined(((0, b""), *pieces), silence=ulaw.SILENCE)[1] if pieces else b""


# Where audio lies -----------------------------------------------------------------------------------------
def test_what_is_sent_plays_after_what_was_sent_before() -> None:
    tracks = Tracks()
    tracks.assistant_plays(0.5, b"a" * ONE_S)
    tracks.assistant_plays(0.6, b"b" * ONE_S)
    assert laid(tracks.take(3.0).assistant) == ulaw.SILENCE * 4000 + b"a" * ONE_S + b"b" * ONE_S


def test_a_clear_cuts_what_has_not_played_and_what_goes_on_lies_where_it_goes_on() -> None:
    tracks = Tracks()
    tracks.assistant_plays(0.0, b"a" * ONE_S)
    tracks.assistant_plays(0.0, b"b" * ONE_S)
    tracks.cleared(1.25)
    tracks.assistant_plays(2.0, b"b" * 6000)
    heard = laid(tracks.take(9.0).assistant)
    assert heard == b"a" * ONE_S + b"b" * 2000 + ulaw.SILENCE * 6000 + b"b" * 6000


def test_only_what_was_heard_is_taken_while_the_call_lasts() -> None:
    tracks = Tracks()
    tracks.assistant_plays(0.0, b"a" * ONE_S)
    first = tracks.take(0.25).assistant
    assert first == ((0, b"a" * 2000),)
    tracks.cleared(0.5)
    assert tracks.take(5.0).assistant == ((2000, b"a" * 2000),)
    assert not tracks.take(6.0)


def test_the_callers_frames_lie_by_their_timestamps_with_silence_where_none_came() -> None:
    tracks = Tracks()
    for at, timestamp_ms, sound in ((0.03, 0, b"a"), (0.055, 20, b"b"), (1.5, 1000, b"c"), (1.5, 1020, b"d")):
        tracks.caller_spoke(at, sound * 160, timestamp_ms)
    track = laid(tracks.take(2.0).caller)
    assert track == b"a" * 160 + b"b" * 160 + ulaw.SILENCE * (8000 - 320) + b"c" * 160 + b"d" * 160


def test_without_timestamps_the_time_of_arrival_tells_gaps() -> None:
    tracks = Tracks()
    tracks.caller_spoke(0.02, b"a" * 160)
    tracks.caller_spoke(0.047, b"b" * 160)  # late by 7 ms: no gap
    tracks.caller_spoke(1.0, b"c" * 160, timestamp_ms=900_000)  # nobody's clock
    assert laid(tracks.take().caller) == b"a" * 160 + b"b" * 160 + ulaw.SILENCE * (7840 - 320) + b"c" * 160


def test_what_lies_end_to_end_waits_and_is_taken_as_one_piece() -> None:
    tracks = Tracks()
    for frame in range(3):
        tracks.caller_spoke(frame / 50, bytes([frame]) * 160, frame * 20)
        tracks.assistant_plays(0.0, bytes([frame]) * 320)
    taken = tracks.take(0.05)
    assert taken.caller == ((0, bytes(160) + b"\1" * 160 + b"\2" * 160),)
    assert taken.assistant == ((0, bytes(320) + b"\1" * 80),)
    assert tracks.take(0.1).assistant == ((400, b"\1" * 240 + b"\2" * 160),)


def test_memory_is_bounded_while_nobody_takes() -> None:
    tracks = Tracks()
    for frame in range(50 * 120):
        tracks.caller_spoke(frame / 50, b"x" * 160, frame * 20)
        tracks.assistant_plays(frame / 50, b"y" * 160)
    taken = tracks.take()
    assert sum(len(audio) for _, audio in taken.caller) <= 60 * ONE_S
    assert sum(len(audio) for _, audio in taken.assistant) <= 60 * ONE_S + 160


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["play", "clear", "take"]), st.integers(0, 1000), st.integers(1, 3000))))
def test_the_assistants_track_is_what_a_telephone_would_have_played(steps: list[tuple[str, int, int]]) -> None:
    """Against a telephone that plays byte by byte; taking in between changes nothing."""
    tracks, now, sent = Tracks(), 0, 0
    buffer: list[int] = []
    heard = bytearray()
    pieces: list[Piece] = []
    for what, wait_samples, size in steps:
        now += wait_samples
        while len(heard) < now:
            heard.append(buffer.pop(0) if buffer else 0xFF)
        match what:
            case "play":
                audio = bytes((sent + i) % 251 for i in range(size))
                sent += size
                buffer += audio
                tracks.assistant_plays(now / 8000, audio)
            case "clear":
                buffer.clear()
                tracks.cleared(now / 8000)
            case _:
                pieces += tracks.take(now / 8000).assistant
    pieces += tracks.take(now / 8000).assistant
    track = laid(tuple(pieces))
    assert track.ljust(now, ulaw.SILENCE) == bytes(heard)


# Files ------------------------------------------------------------------------------------------------------
@pytest.fixture
def call(db: None, settings: Any, tmp_path: Path) -> Call:
    settings.MEDIA_ROOT = tmp_path
    return make_live_call(make_business(), is_recorded=True)


def record(call: Call, caller: tuple[Piece, ...], assistant: tuple[Piece, ...]) -> bool:
    return recording.write(call.business_id, call.pk, Recorded(caller, assistant))


def test_a_wav_of_both_sides(call: Call) -> None:
    assert record(call, ((0, b"\x10" * 800), (1600, b"\x20" * 800)), ()) is True
    assert record(call, (), ((400, b"\x30" * 400),)) is False
    found = recording.recording_of(call)
    assert found is not None
    whole = b"".join(found.parts(size=1000))
    assert len(whole) == found.size
    with wave.open(io.BytesIO(whole)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth(), wav.getnframes()) == (8000, 2, 2, 2400)
        sides = np.frombuffer(wav.readframes(2400), "<i2").reshape(-1, 2)
    caller = b"\x10" * 800 + b"\xff" * 800 + b"\x20" * 800
    assert np.array_equal(sides[:, 0], ulaw.decode(caller))
    assert np.array_equal(sides[:, 1], ulaw.decode(b"\xff" * 400 + b"\x30" * 400 + b"\xff" * 1600))
    for start, end in ((0, 1), (43, 46), (44, 45), (45, 51), (9000, found.size), (0, found.size)):
        assert found.part(start, end) == whole[start:end]


def test_the_same_piece_twice_changes_nothing(call: Call) -> None:
    for _ in range(2):
        record(call, ((0, b"a" * 100), (300, b"b" * 100)), ())
    found = recording.recording_of(call)
    assert found is not None
    assert found.caller.read_bytes() == b"a" * 100 + b"\xff" * 200 + b"b" * 100


def test_files_that_no_row_knows_of_are_taken_up_and_those_of_no_call_removed(call: Call) -> None:
    gone, running = make_live_call(call.business), make_live_call(call.business)
    for each in (call, gone, running):
        record(each, ((0, b"a"),), ())
    Call._base_manager.update(is_recorded=False, was_recorded=False)
    Call._base_manager.filter(pk=call.pk).update(status="ended")
    Call._base_manager.filter(pk=gone.pk).delete()
    written = datetime.now(UTC)
    (recording._folder() / str(call.business_id) / "notes.ulaw").touch()
    assert recording.take_up_forgotten(now=written + timedelta(minutes=5)) == 0, "perhaps it is still written"
    assert recording.take_up_forgotten(now=written + timedelta(hours=3)) == 2
    assert (kept(call).is_recorded, kept(call).was_recorded, kept(running).is_recorded) == (True, True, False)
    assert not recording.has_files(call.business_id, gone.pk)
    assert recording.take_up_forgotten(now=written + timedelta(hours=3)) == 0


def test_recordings_are_removed_when_their_business_keeps_them_no_longer(call: Call) -> None:
    Business.objects.filter(pk=call.business_id).update(recordings_kept_days=7)
    Call._base_manager.update(status="ended")
    other = make_live_call(make_business(), is_recorded=True)
    gone = make_live_call(make_business(), is_recorded=True)
    for each in (call, other, gone):
        record(each, ((0, b"a"),), ((0, b"a"),))
    Business.objects.filter(pk=gone.business_id).delete()
    assert retention.sweep(now=NOW + timedelta(days=7))[Kind.RECORDINGS] == 0
    assert recording.recording_of(kept(call)) is not None
    assert retention.sweep(now=NOW + timedelta(days=7, seconds=1))[Kind.RECORDINGS] == 1
    assert recording.remove_folders_of_deleted() == 1
    assert kept(call).is_recorded is False
    assert recording.recording_of(kept(other)) is not None
    folder = recording._folder()
    assert sorted(path.name for path in folder.rglob("*.ulaw")) == sorted(
        f"{other.pk}.{side}.ulaw" for side in ("caller", "assistant")
    )
    with acting_for(call.business):
        assert Call.objects.count() == 1, "the record of the call stays"
