"""Where files of messages are stored, and removing them.

    MEDIA_ROOT/inbox-media/<business>/<media id>          a file that a row says is kept
    MEDIA_ROOT/inbox-media/<business>/<media id>.<token>  one that is being written, of one claim

A file takes its name when it is whole, just before its row says so; files go before their rows. So a row may lack its
file for the moment of a kill, but no file outlives its row for longer than a night.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from businesses.tenancy import across_businesses
from whatsapp.models import InboundMedia, MediaStatus

FOLDER: Final = "inbox-media"
STALE: Final = timedelta(hours=2)
"""Older than any file that is being written, or whose row is about to be committed."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file, to be sent in pieces."""

    path: Path
    size: int

    def part(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive)."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def parts(self, size: int = 256 * 1024) -> Iterator[bytes]:
        """Yields the whole file in pieces."""
        with self.path.open("rb") as file:
            while piece := file.read(size):
                yield piece


def stored(media: InboundMedia) -> StoredFile | None:
    """Returns the file of a row; None if it is not here."""
    if media.status != MediaStatus.KEPT:
        return None
    path = _path(media.business_id, media.pk)
    try:
        return StoredFile(path, path.stat().st_size)
    except OSError:
        return None


@contextmanager
def being_written(media: InboundMedia, token: UUID) -> Iterator[BinaryIO]:
    """Open a private file for what is fetched under a claim; it is removed unless `settle` gave it its name."""
    path = _being_written(media, token)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(opened, "w+b") as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def settle(media: InboundMedia, token: UUID) -> None:
    """Give a whole file its name. Raises `OSError`."""
    _being_written(media, token).replace(_path(media.business_id, media.pk))


def remove(rows: QuerySet[InboundMedia]) -> int:
    """Remove files and then their rows. Returns the number of rows. A fetch under way finds its row gone."""
    keys = list(rows.values_list("pk", "business_id"))
    for pk, business_id in keys:
        drop(business_id, pk)
    return InboundMedia.objects.filter(pk__in=[pk for pk, _business in keys]).delete()[0]


def drop(business_id: UUID, media_id: UUID) -> None:
    """Remove the file of a row, if there is one."""
    _path(business_id, media_id).unlink(missing_ok=True)


def remove_orphans(*, now: datetime) -> int:
    """Remove files that no row keeps: of killed workers, of messages and businesses that were deleted."""
    removed = 0
    for folder in _folders():
        for paths in _old(folder, now):
            removed += _remove_orphans(folder, paths)
        with suppress(OSError):  # not empty
            folder.rmdir()
    return removed


def _remove_orphans(folder: Path, paths: Iterable[Path]) -> int:
    by_key = {path.name: path for path in paths}
    with across_businesses():  # the folder says whose they are, and the business itself may be gone
        rows = InboundMedia.objects.filter(pk__in=[key for key in map(_key, by_key) if key], status=MediaStatus.KEPT)
        kept = {str(pk) for pk, business in rows.values_list("pk", "business_id") if str(business) == folder.name}
    lost = [path for name, path in by_key.items() if name not in kept]
    for path in lost:
        path.unlink(missing_ok=True)
    return len(lost)


def _old(folder: Path, now: datetime, at_once: int = 500) -> Iterator[list[Path]]:
    """Yields old files of a folder in batches."""
    batch: list[Path] = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # removed meanwhile
            if path.stat().st_mtime < (now - STALE).timestamp():
                batch.append(path)
        if len(batch) == at_once:
            yield batch
            batch = []
    yield batch


def _folders() -> list[Path]:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    return [each for each in folder.iterdir() if each.is_dir()] if folder.exists() else []


def _key(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:  # one that was being written
        return None


def folder_of(business_id: UUID) -> Path:
    """Returns where the files of a business's messages are."""
    return Path(settings.MEDIA_ROOT) / FOLDER / str(business_id)


def _path(business_id: UUID, media_id: UUID) -> Path:
    return folder_of(business_id) / str(media_id)


def _being_written(media: InboundMedia, token: UUID) -> Path:
    path = _path(media.business_id, media.pk)
    return path.with_name(f"{path.name}.{token}")
