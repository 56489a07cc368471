"""A hundred thousand messages in virtual time, with 200 kills: nobody twice, nobody forgotten, nobody who refused.

    python -m bench.bench_virtual_days --messages 100000 --kills 200

It makes a database of its own and removes it. The test `test_virtual_days` is the same with fewer messages.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from dataclasses import asdict

import django


def main() -> None:
    """Run and print the outcome; end with 1 if a message was doubled, forgotten, or sent to somebody who refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--days", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testing.settings")
    django.setup()
    logging.disable(logging.WARNING)

    # Models can be imported only now.
    from django.db import connection  # noqa: PLC0415

    from businesses.models import Business  # noqa: PLC0415
    from businesses.tenancy import acting_for  # noqa: PLC0415
    from testing.virtual_days import VirtualDays  # noqa: PLC0415

    connection.creation.create_test_db(verbosity=0)
    begun = time.monotonic()
    business = Business.objects.create(name="Acme", slug="acme", time_zone="Asia/Jerusalem")
    with acting_for(business):
        found = VirtualDays(business, messages=given.messages, kills=given.kills, seed=given.seed).run(given.days)
    print(*(f"{name}: {number}" for name, number in asdict(found).items()), sep="\n")
    print(f"seconds: {time.monotonic() - begun:.0f}")
    raise SystemExit(bool(found.doubled or found.forgotten or found.after_a_stop))


if __name__ == "__main__":
    main()
