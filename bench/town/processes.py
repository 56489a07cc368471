"""What processes use, and how busy the machine is besides: from /proc and the clocks of processes. Linux only."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_GONE: Final = (FileNotFoundError, ProcessLookupError, OSError)
_CPU_CLOCK: Final = 2
"""Of a process, as clock_getcpuclockid(3) makes it: exact to nanoseconds, where /proc/PID/stat counts in 10 ms."""


def tree(pid: int) -> list[int]:
    """Returns a process and all below it."""
    found = [pid]
    with suppress(*_GONE):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(*_GONE):
                for child in (task / "children").read_text().split():
                    found += tree(int(child))
    return found


def below_us(name: str) -> int:
    """Returns the id of a process below this one whose command line has this name."""
    ours = tree(os.getpid())
    return next(pid for pid in ours if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes())


def cpu_s(pid: int) -> float:
    """Returns the processor time of a process and all below it, those that have ended included."""
    return sum(own_cpu_s(each) + _ended_cpu_s(each) for each in tree(pid))


def own_cpu_s(pid: int) -> float:
    """Returns the processor time of a process alone; 0 if it is gone."""
    with suppress(*_GONE):
        return time.clock_gettime(~pid << 3 | _CPU_CLOCK)
    return 0.0


def _ended_cpu_s(pid: int) -> float:
    with suppress(*_GONE):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def rss_kb(pid: int) -> int:
    """Returns the memory of a process and all below it, in kB."""
    total = 0
    for each in tree(pid):
        with suppress(*_GONE):
            found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{each}/status").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total


def waited_s(pid: int) -> float:
    """Returns how long the main thread of a process was ready, but waited for its core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def busy_s() -> float:
    """Returns the processor time of the whole machine, with what its host took away."""
    user, nice, system, _idle, _waiting, hard, soft, stolen, *_guests = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a server has used until now. `busy_s`: the whole machine. `own_cpu_s`: who reads."""

    at: float
    cpu_s: float
    rss_kb: int
    waited_s: float
    busy_s: float
    own_cpu_s: float

    @classmethod
    def of(cls, pid: int) -> Reading:
        """Read now."""
        return cls(time.monotonic(), cpu_s(pid), rss_kb(pid), waited_s(pid), busy_s(), time.process_time())


@dataclass(frozen=True, slots=True)
class Used:
    """What was used between two readings. `others`: cores that were busy with neither server nor generator."""

    seconds: float
    cpu_s: float
    waited_s: float
    generator: float
    others: float

    @classmethod
    def between(cls, before: Reading, after: Reading) -> Used:
        """Returns the difference."""
        seconds, cpu = after.at - before.at, after.cpu_s - before.cpu_s
        own = after.own_cpu_s - before.own_cpu_s
        others = (after.busy_s - before.busy_s - cpu - own) / seconds
        waited = after.waited_s - before.waited_s
        return cls(seconds, cpu, waited, own / seconds, max(0.0, others))
