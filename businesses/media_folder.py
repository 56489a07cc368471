"""Whether MEDIA_ROOT can be written, and the storage of what people upload there.

A full disk fails every write: of each running call once a second, of every file of a message, of every upload. Whoever
could not write tells it here. One line in the log says since when and why, one that files can be written again; between
the two, a thread of its own tries it wherever a write has failed.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from businesses.absence import Absence

logger = logging.getLogger(__name__)

TRY_EVERY_S: Final = 5.0
_SIZE: Final = 64 * 1024


class NotStored(OSError):
    """A file that somebody uploaded could not be written. It was told to `failed`."""


class _Known:
    """What is known while files can't be written. `folders`: where writes have failed."""

    lock = threading.Lock()
    absence = Absence()
    failures = 0
    folders: ClassVar[set[Path]] = set()


def failed(error: OSError, *, folder: Path) -> None:
    """Note that a write below MEDIA_ROOT has failed. `folder`: where. Any thread may tell."""
    with _Known.lock:
        _Known.failures += 1
        _Known.folders.add(folder)
        if not _Known.absence.begins():
            return
    logger.error("MEDIA_ROOT is away (%s): recordings are lost, files of messages wait, uploads fail", reason(error))
    threading.Thread(target=_wait_until_back, name="media-folder", daemon=True).start()


def is_away() -> bool:
    """Returns whether a write has failed, and none has succeeded there since."""
    return bool(_Known.absence)


def try_to_write(folder: Path) -> None:
    """Write a little there. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_SIZE))
        file.flush()


def reason(error: OSError) -> str:
    """Returns why a write failed, without the name of the file."""
    return error.strerror or type(error).__name__


def _wait_until_back() -> None:
    while True:
        time.sleep(TRY_EVERY_S)
        try:
            for folder in tuple(_Known.folders):
                try_to_write(folder)
        except OSError:
            continue
        with _Known.lock:
            away_s = _Known.absence.ends()
            failures, _Known.failures = _Known.failures, 0
            _Known.folders.clear()
        logger.warning("MEDIA_ROOT is back after %.1f s: %d files or pieces could not be written", away_s, failures)
        return


class Storage(FileSystemStorage):
    """Django's storage of uploaded files. What can't be written leaves no part of itself behind."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Store a file. Returns its name. Raises `NotStored`."""
        free = self.get_available_name(name or str(content.name), max_length)
        try:
            return super().save(free, content, max_length)
        except OSError as error:
            failed(error, folder=Path(settings.MEDIA_ROOT))
            with suppress(OSError):
                Path(self.path(free)).unlink()
            raise NotStored(*error.args) from error
