"""A process that is stopped while it sends records what is in flight, and ends without an error."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from testing.servers import StartDaphne

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]
BEGIN = "from frontdesk import demo; demo.seed()"


def test_stopping_in_the_middle_of_a_broadcast_leaves_nothing_unknown(daphne: StartDaphne, tmp_path: Path) -> None:
    server = daphne(REDIS_URL="", CELERY_BROKER_URL="", OPENAI_API_KEY="sk-of-nobody", DEBUG="1")
    server.manage("shell", "-c", BEGIN)
    people = tmp_path / "people.csv"
    people.write_text("phone,name,when\n" + "".join(f"+97250{1_001_000 + n},Dana,ten\n" for n in range(3_000)))
    made = json.loads(
        server.manage(
            *("create_broadcast", "demo", "--template", "appointment_reminder", "--language", "en_US"),
            *("--csv", str(people), "--start"),
        )
    )
    give_up_at = time.monotonic() + 60
    while not _counts(server.manage("broadcast_status", made["id"])).get("accepted"):
        assert time.monotonic() < give_up_at, "nothing was sent"
    assert server.stop() == 0
    assert "Traceback" not in server.log
    counts = _counts(server.manage("broadcast_status", made["id"]))
    assert (counts.get("sending", 0), counts.get("unknown", 0)) == (0, 0)
    assert sum(counts.values()) == 3_000


def _counts(printed: str) -> dict[str, int]:
    counts: dict[str, int] = json.loads(printed)["counts"]
    return counts
