"""A PostgreSQL server that can be frozen: its processes stop, its sockets stay open and say nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from testing import services


class FrozenServer:
    """A throw-away server at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.folder = Path(unquote(urlsplit(url).netloc.rpartition("@")[2]))

    @property
    def postmaster(self) -> int:
        """The process id of the server itself."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of its processes for the duration of the block."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Signal the server first, so that it starts no more children meanwhile, then those that it has."""
        postmaster = self.postmaster
        os.kill(postmaster, number)
        for pid in _children(postmaster):
            os.kill(pid, number)


@contextmanager
def postgres_to_freeze() -> Iterator[FrozenServer]:
    """A server for the duration of the block."""
    with services.postgres() as url:
        yield FrozenServer(url)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(fields[1]) == parent:
                found.append(int(folder.name))
    return found
