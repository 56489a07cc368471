"""Copying MEDIA_ROOT into one file and back. Files that come and go meanwhile are no trouble."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from django.conf import settings

from frontdesk.backups.manifest import BadBackup

NAME: Final = "media.tar"


def pack(path: Path) -> int:
    """Write every file. Returns how many there are."""
    root, count = Path(settings.MEDIA_ROOT), 0
    with tarfile.open(path, "w") as archive:
        for file in _files(root):
            try:
                with file.open("rb") as content:
                    entry = archive.gettarinfo(arcname=str(file.relative_to(root)), fileobj=content)
                    archive.addfile(entry, content)  # as long as it was when it was opened: recordings grow
            except FileNotFoundError:
                continue  # its days were over
            count += 1
    return count


def unpack(path: Path) -> int:
    """Write the files of the archive back, over those that are there. Returns how many there are.

    Only regular files, and none outside of the folder: `extractall` has such a filter since Python 3.11.4 only, and
    Debian 12 has 3.11.2. Raises `BadBackup`.
    """
    root, count = Path(settings.MEDIA_ROOT).absolute(), 0
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(path) as archive:
        for entry in archive:
            if not entry.isfile() or (content := archive.extractfile(entry)) is None:
                continue
            target = root / entry.name
            if ".." in target.parts or not target.is_relative_to(root):
                raise BadBackup(f"{NAME} names a file outside of MEDIA_ROOT: Frontdesk did not make it.")
            _write(target, content, entry.mtime)
            count += 1
    return count


def _write(target: Path, content: IO[bytes], mtime: float) -> None:
    """Write one file, for the user of the processes only, with its old time: some are kept by it."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
    os.utime(target, (mtime, mtime))


def is_empty() -> bool:
    """Returns whether no file is in MEDIA_ROOT."""
    return next(_files(Path(settings.MEDIA_ROOT)), None) is None


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
