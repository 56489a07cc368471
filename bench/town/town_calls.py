"""Frontdesk's part: a database with businesses that are called, and tokens for their media streams."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.call_servers import prepared_database

GREETING = "Hello, this is the clinic."


class Town:
    """Businesses, each of which can take one call at a time."""

    def __init__(self, folder: Path, *, most_calls: int) -> None:
        from testing.called_businesses import open_business  # noqa: PLC0415 - needs Django's settings

        self.folder = folder
        self._opened = [
            open_business(
                greeting=GREETING,
                is_rendered=True,
                first_utterance_protection="opening_only",
                record_calls=True,
                recording_notice="",
            )
            for _ in range(most_calls)
        ]

    def ring(self, calls: int) -> tuple[tuple[str, str], ...]:
        """Let so many calls come in. Returns the CallSid and the token of each; tokens are good for a minute."""
        return tuple(self._ring(*each) for each in self._opened[:calls])

    def _ring(self, business: Any, number: str) -> tuple[str, str]:
        from datetime import UTC, datetime  # noqa: PLC0415

        from calls.models import Call  # noqa: PLC0415 - needs Django's settings
        from calls.telephone import stream_tokens  # noqa: PLC0415

        now = datetime.now(UTC)
        sid = f"CA{secrets.token_hex(16)}"
        call = Call.objects.create(business=business, twilio_call_sid=sid, called_number=number, started_at=now)
        return sid, stream_tokens.issue(call, now=now)

    def forget_summaries(self) -> None:
        """Have no summaries written of calls that are over: nobody is there to write them."""
        from businesses.tenancy import across_businesses  # noqa: PLC0415 - needs Django's settings
        from calls.models import Call  # noqa: PLC0415

        with across_businesses():  # each call of this benchmark is another business's
            Call.objects.filter(summary_due_at__isnull=False).update(summary_due_at=None)


@contextmanager
def town(most_calls: int) -> Iterator[Town]:
    """A new town in a new database, which `DATABASE_URL` names from now on."""
    with prepared_database() as (folder, _database_url):
        yield Town(folder, most_calls=most_calls)


def strangers(calls: int) -> tuple[tuple[str, str], ...]:
    """Returns ids of calls for servers that ask for no token."""
    return tuple((f"CA{secrets.token_hex(16)}", "no-token") for _ in range(calls))
