"""`make test`: the whole suite twice, on the embedded default and on PostgreSQL with Redis.

Servers are started for the run and thrown away. To use your own, set `TEST_DATABASE_URL` (its user must
be allowed to create databases) and `TEST_REDIS_URL` (the run writes into that Redis database).
Arguments are handed to pytest. Tests in a browser are `make browser`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from testing import services


def main(arguments: list[str]) -> int:
    """Run both passes, the second also when the first failed; 0 when both passed."""
    print("== 1 of 2: SQLite, everything in one process", flush=True)
    embedded = run_pytest([*arguments, "-m", "not browser"], DATABASE_URL="", REDIS_URL="")
    print("== 2 of 2: PostgreSQL and Redis (pure tests would do the same again)", flush=True)
    with ExitStack() as servers:
        database_url = os.environ.get("TEST_DATABASE_URL") or servers.enter_context(services.postgres())
        redis_url = os.environ.get("TEST_REDIS_URL") or servers.enter_context(services.redis())
        served = run_pytest(
            [*arguments, "-m", "not pure and not browser"], DATABASE_URL=database_url, REDIS_URL=redis_url
        )
    return embedded or served


def run_pytest(arguments: list[str], **variables: str) -> int:
    """Run pytest with these environment variables; its exit code."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
