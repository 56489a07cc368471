"""A web process's connections to PostgreSQL: few, kept open, and handed from request to request.

Each request has a thread of its own, so without this each would open a connection of its own: a rush of delivery
reports then took all that PostgreSQL has. Celery's processes do one thing at a time and go without; the pool's threads
would not survive their fork either. `request_lanes.py` shares the connections out between kinds of requests.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db import connections

PATIENCE_S: Final = 5.0
"""How long a thread waits for a connection. Twilio waits 15 s for a webhook."""
RECONNECT_FOR_S: Final = 1.0
"""The pool's own attempts come later and later: after 10 s without a server, the next but one is 8 s away. Given up so
soon, it tries again as soon as somebody wants a connection."""
_ALIAS: Final = "default"


def install() -> None:
    """Give this process a pool. Called before its first query; without PostgreSQL nothing changes."""
    database: dict[str, Any] = connections.databases[_ALIAS]
    if not database["ENGINE"].endswith("postgresql"):
        return
    database["CONN_MAX_AGE"] = 0  # Django gives a connection back when it would close it
    database["CONN_HEALTH_CHECKS"] = True  # PostgreSQL may have been restarted since it was used
    database["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": settings.DATABASE_POOL_SIZE,
        "timeout": PATIENCE_S,
        "reconnect_timeout": RECONNECT_FOR_S,
    }


FIGURES: Final = {
    "pool_size": "Connections to PostgreSQL that this process holds",
    "pool_available": "Those of them that nobody uses",
    "requests_waiting": "Threads of this process that wait for a connection",
}


def figure(name: str) -> int:
    """Returns a figure of the pool, by psycopg's name; 0 without a pool or before its first connection."""
    pool = getattr(connections[_ALIAS], "_connection_pools", {}).get(_ALIAS)
    return int(pool.get_stats().get(name, 0)) if pool is not None else 0
