"""Figures of running processes: of memory, sockets, files and threads from /proc, the rest from /metrics and SQL."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import psycopg

from bench.soak.verdict import Sample
from bench.town.processes import tree
from testing.process_memory import mapped_kilobytes

METRICS_TOKEN = "a-token-of-the-soak"
_FIGURE = re.compile(r"^(\w+)(?:\{[^}]*\})? ([-+.\dnaife]+)$", re.MULTILINE)
_WAITING = re.compile(r'^frontdesk_waiting_work\{kind="(\w+)"\} ([.\d]+)$', re.MULTILINE)


@dataclass
class Watched:
    """The processes of a soak, by what they are, and where the others are asked."""

    pids: dict[str, int]
    web_url: str
    database_url: str
    redis_port: int

    def sample(self, at_s: float, *, is_rest: bool) -> Sample:
        """Returns all figures now."""
        figures: dict[tuple[str, str], float] = {}
        for name, pid in self.pids.items():
            for number, each in enumerate(tree(pid)):
                called = f"{name}-{number}" if number else name
                with suppress(FileNotFoundError, ProcessLookupError):  # a child has ended meanwhile
                    figures |= {(called, what): value for what, value in _of_process(each, self.redis_port).items()}
        figures |= {("web", what): value for what, value in _of_metrics(self.web_url).items()}
        figures["database", "connections"] = _connections(self.database_url)
        return Sample(at_s, is_rest, figures)


def _of_process(pid: int, redis_port: int) -> dict[str, float]:
    folder = Path(f"/proc/{pid}")
    memory = mapped_kilobytes(pid, "Pss", "Private_Clean", "Private_Dirty")
    files = []
    for each in (folder / "fd").iterdir():
        try:
            files.append(str(each.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    sockets = [each for each in files if each.startswith("socket:")]
    of_redis = _connected_to(redis_port)
    return {
        "pss_mb": memory["Pss"] / 1000,
        "uss_mb": (memory["Private_Clean"] + memory["Private_Dirty"]) / 1000,
        "sockets": sum(each not in of_redis for each in sockets),
        "sockets of Redis": sum(each in of_redis for each in sockets),
        "files": len(files) - len(sockets),
        "threads": len(list((folder / "task").iterdir())),
    }


def _connected_to(port: int) -> set[str]:
    """Returns the sockets of this machine whose other end is at a port, as links of /proc/…/fd name them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if row[2].endswith(f":{port:04X}")}


def _of_metrics(url: str) -> dict[str, float]:
    asked = Request(f"{url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    text = urlopen(asked, timeout=30).read().decode()
    told: dict[str, float] = {}
    for name, value in _FIGURE.findall(text):
        told[name] = told.get(name, 0.0) + float(value)
    return {
        "tasks": told["frontdesk_tasks"],
        "live calls": told["frontdesk_live_calls"],
        **{f"waiting {kind}": float(amount) for kind, amount in _WAITING.findall(text)},
    }


def _connections(database_url: str) -> float:
    with closing(psycopg.connect(database_url)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return float(row[0]) if row else 0.0
