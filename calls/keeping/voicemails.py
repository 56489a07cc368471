"""Voice messages: how long they are kept, and what is counted, erased and exported of whoever has left them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.keeping.person import Person
from businesses.keeping.table import Attachment, Holding, Record
from businesses.models import Business
from calls.keeping.callers import calls_of
from calls.models import Voicemail, VoicemailState


def remove_sounds(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove the sound of old voice messages."""
    from calls.records import voicemail_sound  # noqa: PLC0415 - it loads numpy, and every process loads these rules

    old = Voicemail.objects.filter(business=business, has_sound=True, offered_at__lt=before).order_by("offered_at")
    return voicemail_sound.remove(business, list(old.values_list("pk", flat=True)[:most]))


def remove_words(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove what was said in old voice messages."""
    old = Voicemail.objects.filter(business=business, offered_at__lt=before).exclude(transcript="")
    keys = list(old.values_list("pk", flat=True)[:most])
    return Voicemail.objects.filter(pk__in=keys).update(transcript="")


def _left_by(person: Person) -> QuerySet[Voicemail]:
    theirs = Voicemail.objects.filter(business=person.business, call__in=calls_of(person))
    return theirs.exclude(state=VoicemailState.ERASED)


def _erase(person: Person, most: int) -> int:
    """Remove sound and words. What is still at Twilio is deleted there, so the row stays, without anything said."""
    from calls.records import voicemail_sound  # noqa: PLC0415 - see above

    now, keys = timezone.now(), list(_left_by(person).values_list("pk", flat=True)[:most])
    rows = Voicemail.objects.filter(pk__in=keys)
    erased = {"transcript": "", "transcript_due_at": None, "settled_at": now, "due_at": None}
    erased_now = rows.update(state=VoicemailState.ERASED, **erased)
    rows.filter(is_at_twilio=True).update(due_at=now, attempts=0)
    voicemail_sound.remove(person.business, keys)  # afterwards: whoever fetches at this moment finds it erased
    return erased_now


def _records(person: Person) -> Iterator[Record]:
    fields = ("call_id", "state", "offered_at", "seconds", "transcript")
    yield from _left_by(person).order_by("offered_at").values(*fields)


def _sounds(person: Person) -> Iterator[Attachment]:
    from calls.records import voicemail_sound  # noqa: PLC0415 - see above

    for row in _left_by(person).filter(has_sound=True).order_by("offered_at"):
        sound = voicemail_sound.sound_of(row)
        if sound is not None:
            yield Attachment(f"voicemails/{row.offered_at:%Y-%m-%d-%H%M%S}-{row.pk}.wav", sound.parts)


HOLDING = Holding(
    "voicemails",
    _("Voice messages that were left after the beep"),
    rows=lambda person: (_left_by(person),),
    erase=_erase,
    records=_records,
    files=_sounds,
)
