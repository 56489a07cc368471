"""How many messages does a killed sender leave without a known outcome?

    .venv/bin/python bench/bench_kills.py [--kills 20] [--mps 150] [--only sqlite]

A sender of 150 messages a second posts to a stand-in for Meta that answers after 50 ms, and is killed (SIGKILL) at some
moment, again and again. Its logbook tells what was not begun and what was answered; what is left in `sending` then may
or may not have been posted, and a person, or a webhook of Meta, has to tell. Seven or eight are on their way at any
moment: 150 a second, 50 ms long.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.bench_broadcasts import ask, on_postgres, on_sqlite, stand_in  # noqa: E402 - needs the path
from testing.databases import manage  # noqa: E402

COUNT = """
import json
from django.utils import timezone
from businesses.tenancy import across_businesses
from whatsapp.models import Attempt, MessageTemplate, Recipient
from whatsapp.sending import heirs
with across_businesses():
    left = Recipient.objects.filter(status="sending")
    before = left.count()
    heirs.settle(timezone.now())
    MessageTemplate.objects.update(synced_at=timezone.now())  # or it is asked for, and has changed
    print(json.dumps([left.count(), before, Attempt.objects.count()]))
    left.update(status="failed")
"""


def kills(environment: dict[str, str], mps: int, times: int) -> dict[str, object]:
    """Send and kill. Returns how many rows were left in `sending` each time, and how fast it sent meanwhile."""
    manage("migrate", "-v0", environment=environment)
    chance = random.Random(1)
    left, before_the_book, not_posted, never = [], [], [], 0
    with stand_in() as address:
        environment = {**environment, "WHATSAPP_API_URL": f"{address}/v25.0", "LOG_LEVEL": "ERROR"}
        environment["DJANGO_SETTINGS_MODULE"] = "frontdesk.settings"
        # The channel's own throughput counts, too: 80 % of it is the number's bound.
        subprocess.run(
            [sys.executable, "-m", "testing.make_broadcasts", str(mps * times * 6), "--mps", str(mps)],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(times):
            before = ask(f"{address}/figures").get("posts", 0)
            sender = subprocess.Popen(
                [sys.executable, "manage.py", "run_broadcasts"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
            )
            while ask(f"{address}/figures").get("posts", 0) < before + mps:
                time.sleep(0.05)
            time.sleep(chance.uniform(0.5, 2.0))
            sender.send_signal(signal.SIGKILL)
            sender.wait()
            time.sleep(0.1)  # what is on its way arrives
            unknown, under_way, attempts = json.loads(
                manage("shell", "--no-imports", "-c", COUNT, environment=environment)
            )
            posts = ask(f"{address}/figures")["posts"]
            left.append(unknown)
            before_the_book.append(under_way)
            not_posted.append(attempts - posts - never)
            never += not_posted[-1]
    return {
        "left": left,
        "mean": round(sum(left) / len(left), 1),
        "without_the_logbook": round(sum(before_the_book) / len(left), 1),
        "of_those_not_posted": round(sum(not_posted) / len(not_posted), 1),
    }


def main() -> None:
    """Run on both databases and print one JSON object for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--mps", type=int, default=150)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    given = parser.parse_args()
    for name, place in (("sqlite", on_sqlite), ("postgres", on_postgres)):
        if given.only in {None, name}:
            found = place(lambda environment, mps: kills(environment, mps, given.kills), given.mps)
            print(json.dumps({"database": name, **found}), flush=True)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    main()
