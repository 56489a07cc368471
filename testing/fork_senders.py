"""The process behind `testing.senders`: imports everything, then forks a sender for each request on stdin."""

from __future__ import annotations

import asyncio
import os
import sys

import django

django.setup()

from whatsapp.running.loop import SendingLoop  # noqa: E402


def main() -> None:
    """Read commands: `run` and `idle` start a sender and print its process id, `wait PID` prints its exit code."""
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(int(rest[0]), 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            os.close(0)
            send(until_idle=word == "idle")
        print(pid, flush=True)


def send(*, until_idle: bool) -> None:
    """Run a sender in this process, then exit."""
    code = 1
    try:
        asyncio.run(SendingLoop(until_idle=until_idle).run())
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
