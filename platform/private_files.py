"""What the installation stores in files is for its own user only: the SQLite database, uploads, recordings.

New files are made private where they are written. Those of earlier releases, and SQLite's own, are corrected here,
at every start of a web process and after every `migrate`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
_BESIDE_SQLITE = ("", "-wal", "-shm", "-journal")


def tighten() -> None:
    """Take folders and files away from other users of the machine. Logs what it may not change."""
    for path in _wide():
        try:
            path.chmod(FOLDER if path.is_dir() else FILE)
        except FileNotFoundError:
            continue  # SQLite has removed it meanwhile
        except OSError as error:
            logger.warning("%s can be read by others, and its mode can't be changed: %s", path, error.strerror)


def _wide() -> Iterator[Path]:
    """Yields what others may use. Files below a folder that was private already are private, too."""
    media = Path(settings.MEDIA_ROOT)
    if _is_wide(media):
        yield from (path for path in media.rglob("*") if _is_wide(path))
        yield media
    if _is_wide(Path(settings.VAR_DIR)):
        yield Path(settings.VAR_DIR)
    if connection.vendor == "sqlite":
        files = (Path(f"{connection.settings_dict['NAME']}{ending}") for ending in _BESIDE_SQLITE)
        yield from (path for path in files if _is_wide(path))


def _is_wide(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
