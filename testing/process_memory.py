"""How much memory a process uses (Linux)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def memory_grows_by_less_than(megabytes: int, pid: int) -> Iterator[None]:
    """Check the most memory that the process had during the block, against what it had before."""
    restart_peak(pid)
    before = kilobytes(pid, "VmRSS")
    yield
    assert kilobytes(pid, "VmHWM") - before < megabytes * 1000


def restart_peak(pid: int) -> None:
    """Measure the peak (VmHWM) anew from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def kilobytes(pid: int, name: str) -> int:
    """Returns a figure of /proc/<pid>/status: VmRSS is what it uses now, VmHWM the peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def mapped_kilobytes(pid: int, *names: str) -> dict[str, int]:
    """Returns figures of /proc/<pid>/smaps_rollup: Rss, Pss (what several share counts once among them), Anonymous."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    found = {name.rstrip(":"): int(value) for name, value, *_unit in lines}
    return {name: found[name] for name in names}
