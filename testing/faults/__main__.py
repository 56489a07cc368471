"""Break one thing after another while calls and a broadcast run, and print what came of it.

    make faults                          every fault, about 15 minutes
    make faults ARGS="--short"           those that .ci/run tries
    make faults ARGS="redis disk"        those whose names contain one of these words
    make faults ARGS="'web process is killed' --times 20 --calls 10"

It starts everything itself, on throw-away PostgreSQL and Redis servers, with nginx where it is installed. It exits
with 1 if a promise was broken: a caller who reached nobody, a greeting that was not heard whole and once, dead air, a
message lost or doubled. A fault that broke one, other than of messages, is tried once more, and what it does then
counts: the machine may have been busy. The logs of the last run are in var/faults/.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys

from testing.check import PRODUCTION
from testing.databases import ROOT, manage
from testing.faults import postgres

FOLDER = ROOT / "var" / "faults"


def main() -> int:
    """Try the faults. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only faults whose names contain one of these")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--times", type=int, default=1, help="try each fault so often")
    parser.add_argument("--calls", type=int, default=5, help="callers at once")
    given = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(1))  # everything that was started ends with this process
    with postgres.running() as database:
        # This process makes rows and callers for those that it breaks: it has the settings of production, as they do.
        settings = {name: value for name, value in PRODUCTION.items() if name != "REDIS_URL"}
        settings |= {"DATABASE_URL": database.url, "PUBLIC_URL": "http://127.0.0.1", "ENV_FILE": os.devnull}
        os.environ.update(settings, DJANGO_SETTINGS_MODULE="frontdesk.settings")
        manage("migrate", "-v0", environment=dict(os.environ))
        import django  # noqa: PLC0415 - needs the database's address

        django.setup()
        from testing.faults.course import chosen, run  # noqa: PLC0415 - imports models

        return asyncio.run(
            run(FOLDER, database, chosen(given.words, is_short=given.short) * given.times, calls_at_once=given.calls)
        )


if __name__ == "__main__":
    sys.exit(main())
