"""A small disk that can be filled: a memory file system, where this process may mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Disk:
    """`folder` is on it. `is_real`: it has a size of its own, so that it can be full."""

    folder: Path
    is_real: bool

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave no room on it."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(1_000_000) if os.statvfs(self.folder).f_bavail > 1_000 else bytes(512))

    def make_room(self) -> None:
        """Let there be room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, *, size_kb: int) -> Iterator[Disk]:
    """A disk of this size at this place for the duration of the block; an ordinary folder where none can be mounted."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "none", str(folder)], check=False, capture_output=True
    )
    try:
        yield Disk(folder, mounted.returncode == 0)
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
