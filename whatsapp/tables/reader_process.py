"""Running the process that reads a file, from the side that gets its rows.

A process apart (`whatsapp.bare_process`), because parsing what strangers wrote can take any time and memory, and the
web process holds calls.
"""

from __future__ import annotations

import json
import logging
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from whatsapp import bare_process
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause, Reason
from whatsapp.states import FileMatter
from whatsapp.tables import frames
from whatsapp.tables.limits import Limits
from whatsapp.tables.readings import Choice, FileQuestion

logger = logging.getLogger(__name__)

_PROGRAM = """
from whatsapp.tables.child import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
"""


@contextmanager
def frames_of(file: BinaryIO, limits: Limits, answers: Mapping[str, str]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yields the frames of a file without the last, which tells whether all went well. The process ends with the block.

    `answers` are the arguments of `child.frames`.

    Raises:
        FileQuestion: the file can be read in several ways.
        BadAudience: the file is refused, also while frames are read.
    """
    with _with_descriptor(file) as descriptor:
        arguments = (str(limits.cpu_s), str(limits.memory_mb), json.dumps(dict(answers)))
        process = bare_process.start(_PROGRAM, *arguments, stdin=descriptor)
    try:
        yield _frames(process, limits)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _frames(process: subprocess.Popen[bytes], limits: Limits) -> Iterator[dict[str, Any]]:
    pipe = _Pipe(process.stdout.fileno() if process.stdout else -1, limits.silence_s)
    try:
        while True:
            content = frames.content_of(pipe.take(frames.length_of(pipe.take(frames.LENGTH_BYTES))))
            if "end" in content:
                return
            if "refused" in content:
                raise BadAudience(Reason(Cause(content["refused"]), content["data"]))
            if "asked" in content:
                raise _question(content)
            yield content
    except TimeoutError:
        raise BadAudience(Cause.READING_TOOK_TOO_LONG, limit=limits.silence_s) from None
    except EOFError:
        raise _ended(process.wait(), limits) from None
    except (ValueError, KeyError, TypeError):  # not what our program writes
        raise BadAudience(Cause.READING_BROKE_OFF) from None


def _question(content: Mapping[str, Any]) -> FileQuestion:
    choices = tuple(Choice(str(value), tuple(map(str, examples))) for value, examples in content["choices"])
    return FileQuestion(FileMatter(content["asked"]), choices)


def _ended(code: int, limits: Limits) -> BadAudience:
    """Returns the error for a process that ended without having said why."""
    logger.warning("The process that read a file ended with code %d", code)
    if code == -signal.SIGXCPU:  # the kernel's signal at the limit of processor time
        return BadAudience(Cause.READING_TOOK_TOO_LONG, limit=limits.cpu_s)
    if code == -signal.SIGKILL:  # the kernel ends it thus when the machine has no memory left
        return BadAudience(Cause.READING_TOOK_TOO_MUCH, limit=limits.memory_mb)
    return BadAudience(Cause.READING_BROKE_OFF)


class _Pipe:
    """The end of a pipe from which bytes are taken. Raises `TimeoutError` after `silence_s` seconds without any."""

    def __init__(self, descriptor: int, silence_s: float) -> None:
        self._descriptor, self._silence_s = descriptor, silence_s
        self._ready = select.poll()
        self._ready.register(descriptor, select.POLLIN | select.POLLHUP)

    def take(self, length: int) -> bytes:
        """Returns exactly so many bytes. Raises `EOFError` when there are fewer."""
        parts, ends_at = bytearray(), time.monotonic() + self._silence_s
        while len(parts) < length:
            left_ms = 1000 * (ends_at - time.monotonic())
            if left_ms <= 0 or not self._ready.poll(left_ms):
                raise TimeoutError
            part = os.read(self._descriptor, min(length - len(parts), 1 << 16))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


@contextmanager
def _with_descriptor(file: BinaryIO) -> Iterator[int]:
    """Yields a descriptor of the file, or of a copy if it has none: uploads in memory, storages of other machines."""
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError):
        descriptor = None
    if descriptor is not None:
        yield descriptor
        return
    with TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        file.seek(0)
        yield copy.fileno()
