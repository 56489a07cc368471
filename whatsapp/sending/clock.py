"""The database's clock: leases are compared by machines whose own clocks may differ."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

MEASURE_EVERY_S = 60.0


class DatabaseClock:
    """This machine's clock, corrected by its offset from the database server's."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._measured_at = float("-inf")

    def now(self) -> datetime:
        """Returns the time by the database server's clock."""
        return datetime.now(UTC) + self._offset

    def adjust(self) -> None:
        """Measure the offset again if the last measurement is old. SQLite has no clock of its own."""
        if connection.vendor != "postgresql" or time.monotonic() - self._measured_at < MEASURE_EVERY_S:
            return
        before = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
        here = before + (datetime.now(UTC) - before) / 2
        self._offset = there - here
        self._measured_at = time.monotonic()
