"""Django's sessions in the database, which are asked after by keys that can be keys only.

A cookie may hold any text. PostgreSQL refuses a NUL in one, and Django would answer every such request with a 500.
"""

from __future__ import annotations

import re
from typing import Final

from django.contrib.sessions.backends import db

_KEY: Final = re.compile(r"[a-z0-9]{32}")


class SessionStore(db.SessionStore):
    """A session. A key of another form counts as none."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and _KEY.fullmatch(key))
