"""Voice messages of the demo: one that was written down, one that could not be, and a caller who left none."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from businesses.models import Business
from calls.followups import todo
from calls.models import Call, TranscriptState, Voicemail, VoicemailChoices, VoicemailState
from calls.records import voicemail_sound
from calls.sandbox.telephone.wav_files import read_as_ulaw
from testing.databases import ROOT
from testing.demo_data import Keys

SAID = "Hello, this is Michael Green. Please call me back about the price of the treatment, any time after four."


def add(business: Business, calls: Keys, *, now: datetime) -> Keys:
    """Create them. Returns the rows to look at."""
    VoicemailChoices.objects.create(
        business=business, is_on=True, words="שלום, כרגע אי אפשר לענות. נא להשאיר הודעה אחרי הצפצוף, ונחזור אליכם."
    )
    written = _left(business, calls["fallback"], now - timedelta(hours=4), TranscriptState.DONE, transcript=SAID)
    _left(business, calls["refused"], now - timedelta(hours=6), TranscriptState.NO_CREDIT)
    Voicemail.objects.create(
        business=business, call_id=calls["broken"], state=VoicemailState.NONE, offered_at=now - timedelta(hours=5),
        settled_at=now, longest_s=120,
    )  # fmt: skip
    return {"written": str(written.pk)}


def _left(business: Business, call: str, at: datetime, state: TranscriptState, **values: Any) -> Voicemail:
    audio = read_as_ulaw(ROOT / "tests" / "audio" / "hello.wav")
    about = str(values.get("transcript", ""))
    row = Voicemail.objects.create(
        business=business, call_id=call, state=VoicemailState.KEPT, offered_at=at, settled_at=at, longest_s=120,
        seconds=round(Decimal(len(audio)) / 8000, 2), has_sound=True, transcript_state=state,
        recording_sid=f"RE{Call.objects.get(pk=call).pk.hex}",
        task=todo.take_voicemail(business, Call.objects.get(pk=call), about=about, now=at), **values,
    )  # fmt: skip
    voicemail_sound.write(business.pk, row.pk, audio)
    return row
