"""Copying MEDIA_ROOT into one file and back. Files that come and go meanwhile are no trouble."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

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
    """Write the files of the archive back, over those that are there. Returns how many there are."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(path) as archive:
        archive.extractall(root, filter="data")
        return len(archive.getmembers())


def is_empty() -> bool:
    """Returns whether no file is in MEDIA_ROOT."""
    return next(_files(Path(settings.MEDIA_ROOT)), None) is None


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
