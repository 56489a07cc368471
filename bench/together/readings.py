"""From what each benchmark writes as JSON to the figures of a round. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any, Final

from bench.together.figures import Measured
from bench.town import figures as town_figures
from bench.town.figures import LIMIT, Setup

Found = Mapping[str, Any]
Read = tuple[list[Measured], list[str]]
"""The figures, and notes about them."""
THE_LIMIT: Final = "the plain limit"
SHORTEST_MS: Final = 0.1
"""What is shorter is no baseline."""
NAMED_PAGES: Final = ("home", "contacts", "calls", "inbox", "broadcasts")
PLAIN_PAGE: Final = "templates"


# Calls ---------------------------------------------------------------------------------------------------
def calls(found: Found) -> Read:
    """Of `bench.town`: what a second of a call costs, what opening and ending it costs, how long answers take."""
    results = town_figures.read(found)
    rows = town_figures.rows(results, limit=LIMIT)
    notes = [*results.skipped, *town_figures.noise(results)[1:]]
    notes += [f"{row.server} was overloaded by {row.calls} calls: no figure." for row in rows if row.is_overloaded]
    able = [row for row in rows if not row.is_overloaded]
    measured = [
        Measured(
            f"{row.server}, {row.calls} calls: a call",
            row.median,
            "% of a core",
            **_against(THE_LIMIT, row.ratio, is_itself=row.server == LIMIT),
            others=median(each.others for each in row.trials),
        )
        for row in able
    ]
    return measured + _setups(results.setups) + _answers(able), notes


def _against(baseline: str, ratio: float | None, *, is_itself: bool = False) -> dict[str, Any]:
    return {} if is_itself else {"baseline": baseline, "ratio": ratio}


def _setups(setups: Sequence[Setup]) -> list[Measured]:
    took = {each.server: each.opening_ms + each.closing_ms for each in setups}
    return [
        Measured(
            f"{server}: setting a call up and ending it",
            ms,
            "ms of CPU",
            **_against(THE_LIMIT, _ratio(ms, took.get(LIMIT)), is_itself=server == LIMIT),
        )
        for server, ms in took.items()
    ]


def _answers(rows: Sequence[town_figures.Row]) -> list[Measured]:
    fewest = min((row.calls for row in rows), default=0)
    late = {
        row.server: median(each.waits.p99 for each in row.trials if each.waits)
        for row in rows
        if row.calls == fewest and any(each.waits for each in row.trials)
    }
    return [
        Measured(
            f"{server}, {fewest} calls: an answer's first audio, p99",
            ms,
            "ms",
            **_against(THE_LIMIT, _ratio(ms, late.get(LIMIT)), is_itself=server == LIMIT),
        )
        for server, ms in late.items()
    ]


def _ratio(value: float, baseline: float | None, *, least: float = SHORTEST_MS) -> float | None:
    return None if baseline is None or baseline < least else value / baseline


# Ears ----------------------------------------------------------------------------------------------------
def ears(found: Found) -> Read:
    """Of `bench_live_ears.py`: from the onset of a voice to the pause and to the commit, against virtual time."""
    measured = []
    for group, live in found["live"]["heard"].items():
        virtual = found["virtual"]["heard"].get(group, {})
        for field, what in (("pauses_ms", "falls silent"), ("commits_ms", "gives its sentence up")):
            if live[field]:
                ms = median(live[field])
                least = median(virtual[field]) if virtual.get(field) else None
                against = _against("in virtual time", _ratio(ms, least))
                measured.append(Measured(f"{group}: {what}", ms, "ms", **against))
    missed = ", ".join(
        f"{group} {live['count'] - len(live['pauses_ms'])} of {live['count']}"
        for group, live in found["live"]["heard"].items()
    )
    late = max(found["twilio_late_ms"]["p99"], found["openai_late_ms"]["p99"])
    return measured, [f"Interruptions not heard: {missed}. The stand-ins were late by {late} ms at 99 %."]


# Broadcasts ----------------------------------------------------------------------------------------------
def broadcasts(found: Found) -> Read:
    """Of `bench_broadcasts.py`: sending, against the bare loop."""
    return [
        Measured(
            f"sending, {name.removeprefix('sending-')}",
            each["cpu_s_per_1000"],
            "s of CPU per 1,000",
            **_against("the bare loop", each["times_the_bare_loop"]),
        )
        for name, each in found.items()
    ], []


# Imports -------------------------------------------------------------------------------------------------
KINDS_OF_ROWS: Final = {"new": "new people", "again": "the same again", "bad": "all rejected"}


def imports(found: Found) -> Read:
    """Of `bench_imports.py`: contacts out of a CSV, without what a process costs that starts.

    Rows that are rejected are the least that a row can cost.
    """
    measured = []
    for database, each in found.items():
        start_s = each["one_cpu_s"]
        per_row = {kind: (each[f"{kind}_cpu_s"] - start_s) / each["rows"] * 1000 for kind in KINDS_OF_ROWS}
        measured += [
            Measured(
                f"contacts, {database}: {said}",
                per_row[kind],
                "ms of CPU a row",
                **_against("all rejected", _ratio(per_row[kind], per_row["bad"], least=0.01), is_itself=kind == "bad"),
            )
            for kind, said in KINDS_OF_ROWS.items()
        ]
    return measured, []


# Pages ---------------------------------------------------------------------------------------------------
def pages(found: Found) -> Read:
    """Of `bench.growth`: pages at two sizes, of a small business among others and of the large one."""
    sizes = list(found)
    first, last = ({name: _ms(cost) for name, cost in found[size].items()} for size in (sizes[0], sizes[-1]))
    baseline = f"at {float(sizes[0]) / float(sizes[-1]):.0%} of that size"
    measured, notes = [], [f"The size of pages is {sizes[-1]} of bench.growth's full one."]
    for kind in ("small", "large"):
        both = [name for name in last if name in first and name.startswith(f"{kind}: ")]
        before, after = (mean(known[name] for name in both) for known in (first, last))
        against = _against(baseline, _ratio(after, before))
        measured.append(Measured(f"{kind} business: a page on average", after, "ms of CPU", **against))
        named = [name for name in both if name.removeprefix(f"{kind}: ") in NAMED_PAGES]
        measured += [
            Measured(
                name.replace(":", " business:", 1),
                last[name],
                "ms of CPU",
                **_against(baseline, _ratio(last[name], first[name])),
            )
            for name in named
        ]
        slowest = max(both, key=lambda name: last[name])
        plain = last.get(f"{kind}: {PLAIN_PAGE}")
        against = _against(f"its page “{PLAIN_PAGE}”", _ratio(last[slowest], plain))
        measured.append(Measured(f"{kind} business: its slowest page", last[slowest], "ms of CPU", **against))
        name = slowest.partition(": ")[2]
        notes.append(f"Of the {len(both)} pages of the {kind} business the slowest is “{name}”.")
    return measured, notes


def _ms(cost: Mapping[str, float]) -> float:
    return cost["process_ms"] + cost["database_ms"]


# Starts --------------------------------------------------------------------------------------------------
BARE: Final = "bare Django"


def starts(found: Found) -> Read:
    """Of `bench_start.py`: processor time until a process answers or a command is done, and memory while idle."""
    rounds = found["starts"]
    cpu_s = [{name: one["cpu_s"] for name, one in each.items()} for each in rounds]
    pss_mb = [{name: one["idle"]["Pss"] / 1024 for name, one in each.items()} for each in rounds]
    return [
        *_beside_the_bare("until it answers", "s of CPU", cpu_s),
        *_beside_the_bare("memory while idle", "MB", pss_mb),
        *_beside_the_bare("a command", "s of CPU", found["commands"]),
    ], []


def _beside_the_bare(what: str, unit: str, rounds: Sequence[Mapping[str, float]]) -> list[Measured]:
    """Returns the medians of rounds, each compared with the bare one of its own round."""
    return [
        Measured(
            f"{name}: {what}",
            median(each[name] for each in rounds),
            unit,
            **_against(BARE, median(each[name] / each[BARE] for each in rounds), is_itself=name == BARE),
        )
        for name in rounds[0]
    ]
