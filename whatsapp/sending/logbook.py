"""What a sending process was about to do, for whoever finds it dead: a file in memory that outlives it.

Between the two commits of a wave the database only says `sending`. Here the process notes, before it does it, that it
begins to post a message, and after it, which id came back. A store to memory that is mapped from a file survives
`kill -9`, and costs a microsecond. So of the messages of a dead process those not begun were certainly never posted,
those with an id were accepted, and only the others remain unknown.

The file lies in `/dev/shm`, which is empty after the machine or the container restarts: a restart could lose the last
notes, and then there must be no file. A process that lives, or is only stopped, holds the file's lock; it is read only
by who gets that lock. Without such a folder, on another machine, or with a full book, rows are unknown as ever.

    | note | means | the row |
    |---|---|---|
    | planned | its attempt is committed, nothing is posted | pending again |
    | begun | may have been posted | unknown |
    | accepted, held | the answer came, with this id | accepted, held |
    | (none) | landed, or never noted | as the database says |
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import mmap
import os
import stat
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

logger = logging.getLogger(__name__)

MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is ours alone, which is checked
PLACES = 4_096
"""Messages of one process under way at once; more are not noted."""
_PLACE = 192
"""Bytes of one note: what it is, the attempt (16), the length of the message id, and the id."""
_LONGEST_ID = _PLACE - 18


class Note(IntEnum):
    """What is noted about an attempt; a place with `NOTHING` is free."""

    NOTHING = 0
    PLANNED = 1
    BEGUN = 2
    ACCEPTED = 3
    HELD = 4


@dataclass
class Logbook:
    """The notes of this process. Used by one thread. Without a `memory` nothing is noted."""

    memory: mmap.mmap | None = None
    path: Path | None = None
    _file: int = -1
    _places: dict[uuid.UUID, int] = field(default_factory=dict)
    _free: list[int] = field(default_factory=lambda: list(range(PLACES)))

    @classmethod
    def begin_at(cls, stem: Path | None) -> Logbook:
        """Returns a new book (see `books_of`), locked for as long as this process lives; without a stem, none."""
        if stem is None:
            return cls()
        path = stem.with_name(f"{stem.name}-{uuid.uuid4()}.book")
        try:
            file = os.open(path.with_suffix(".new"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            os.posix_fallocate(file, 0, PLACES * _PLACE)  # a full folder is found here, and not by a store to memory
            memory = mmap.mmap(file, PLACES * _PLACE)
            path.with_suffix(".new").rename(path)  # from here on it is found, and it is locked
        except OSError as error:
            logger.warning("No logbook: %s", error.strerror)
            return cls()
        return cls(memory, path, file)

    def plan(self, attempts: Iterable[uuid.UUID]) -> None:
        """Note attempts that are committed, and of which nothing is posted yet."""
        for attempt in attempts if self.memory else ():
            if self._free:
                self._places[attempt] = place = self._free.pop()
                self._put(place * _PLACE + 1, attempt.bytes)
                self._mark(place, Note.PLANNED)  # last: a note is whole, or none

    def begin(self, attempt: uuid.UUID) -> None:
        """Note that from now on the message may have been posted."""
        if (place := self._places.get(attempt)) is not None:
            self._mark(place, Note.BEGUN)

    def accepted(self, attempt: uuid.UUID, message_id: str, *, held: bool = False) -> None:
        """Note the id that came back."""
        known = message_id.encode()
        if (place := self._places.get(attempt)) is not None and 0 < len(known) <= _LONGEST_ID:
            self._put(place * _PLACE + 17, bytes([len(known)]) + known)
            self._mark(place, Note.HELD if held else Note.ACCEPTED)

    def forget(self, attempts: Iterable[uuid.UUID]) -> None:
        """Remove the notes about attempts whose answers are committed."""
        for attempt in attempts:
            if (place := self._places.pop(attempt, None)) is not None:
                self._mark(place, Note.NOTHING)
                self._free.append(place)

    def close(self) -> None:
        """End the book. One in which something is left stays for who finds it."""
        if self.memory is None or self.path is None:
            return
        if not self._places:
            self.path.unlink(missing_ok=True)
        self.memory.close()
        os.close(self._file)
        self.memory = None

    def _mark(self, place: int, note: Note) -> None:
        if self.memory is not None:
            self.memory[place * _PLACE] = note

    def _put(self, at: int, what: bytes) -> None:
        if self.memory is not None:
            self.memory[at : at + len(what)] = what


@dataclass(frozen=True, slots=True)
class DeadBook:
    """What a dead process had noted. `accepted` and `held`: message ids by attempt."""

    planned: frozenset[uuid.UUID]
    accepted: Mapping[uuid.UUID, str]
    held: Mapping[uuid.UUID, str]


def books_of(installation: str) -> Path | None:
    """Returns what the paths of this installation's books begin with; None where there is no memory that is ours."""
    folder = MEMORY / f"frontdesk-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder / hashlib.sha256(installation.encode()).hexdigest()[:16] if is_ours else None


def books_at(stem: Path | None) -> list[Path]:
    """Returns the books of processes, dead or alive."""
    return sorted(stem.parent.glob(f"{stem.name}-*.book")) if stem else []


@contextmanager
def taken_over(path: Path) -> Iterator[DeadBook | None]:
    """Give what a dead process noted, and remove its book at the end; None if the process lives or another took it.

    The book stays if the block raises.
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        if not path.exists():  # another took it over between its opening and its lock
            yield None
            return
        yield _read(os.pread(file, PLACES * _PLACE, 0))
        path.unlink(missing_ok=True)
    finally:
        os.close(file)


def _read(book: bytes) -> DeadBook:
    noted: dict[Note, dict[uuid.UUID, str]] = {note: {} for note in Note}
    for at in range(0, len(book) - _PLACE + 1, _PLACE):
        if note := book[at]:
            length = book[at + 17]
            known = book[at + 18 : at + 18 + length].decode() if note in {Note.ACCEPTED, Note.HELD} else ""
            noted[Note(note)][uuid.UUID(bytes=book[at + 1 : at + 17])] = known
    return DeadBook(frozenset(noted[Note.PLANNED]), noted[Note.ACCEPTED], noted[Note.HELD])
