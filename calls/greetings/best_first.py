"""Recordings of the opening words and of their parts, the best first: as rows, and as the opening of a call reads them.

One query for all of them: before a caller hears the first word, each query counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, F, Q, QuerySet, When

from businesses.prepared import Given, Prepared, given
from calls.models import GreetingAudio, GreetingSource


class Heard(NamedTuple):
    """A recording as an opening call reads it."""

    text: str
    source: str
    content_hash: str
    rendered_at: datetime | None
    audio: bytes | memoryview[int]

    @property
    def is_own(self) -> bool:
        """Whether a person of the business says the words."""
        return self.source == GreetingSource.OWN


Words = tuple[str | Given, str | Given, str | Given]
"""All the opening words, their first part and their last."""


def in_order(
    rows: QuerySet[GreetingAudio], words: Words, voice: str | Given, language: str | Given, wanted: Words
) -> QuerySet[GreetingAudio]:
    """Returns those of these words: a person's own, then this voice's in this language, the `wanted` hashes first."""
    is_of_these = Q(text=words[0]) | Q(text=words[1]) | Q(text=words[2])
    is_wanted = Q(content_hash=wanted[0]) | Q(content_hash=wanted[1]) | Q(content_hash=wanted[2])
    rows = rows.filter(Q(source=GreetingSource.OWN) | Q(voice=voice, language=language), is_of_these)
    rank = Case(
        When(source=GreetingSource.OWN, then=0), When(is_wanted, then=1), When(text=words[0], then=2), default=3
    )
    not_accepted = Q(source=GreetingSource.OWN, rendered_at=None)
    return rows.exclude(not_accepted).order_by(rank, F("rendered_at").desc(nulls_last=True))


def _given(column: str, first: str, last: str) -> Words:
    field = given(GreetingAudio, column).output_field
    return Given(column, field), Given(first, field), Given(last, field)


first_few = Prepared(  # the owner's and the wanted ones of three texts, and the latest of the others
    lambda: in_order(
        GreetingAudio.objects.all(),
        _given("text", "first", "last"),
        given(GreetingAudio, "voice"),
        given(GreetingAudio, "language"),
        _given("content_hash", "first_hash", "last_hash"),
    ).values_list("text", "source", "content_hash", "rendered_at", "audio")[:7]
)
