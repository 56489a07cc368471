"""`make bench`: figures of rounds, what is read from each benchmark, parts that fail or can't run, the picture."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.together import figures, readings, watching
from bench.together.figures import Measured, Results, Round
from bench.together.parts import PARTS, Part
from bench.together.picture import draw
from bench.town import figures as town
from bench.town.figures import Setup, Spread, Trial
from bench.town.journeys import Faults

pytestmark = pytest.mark.once


# Rounds --------------------------------------------------------------------------------------------------
def one(number: int, value: float, ratio: float | None, *, others: float = 0.2, what: str = "daphne") -> Round:
    measured = (Measured(what, value, "ms", "limit" if ratio else "", ratio),)
    return Round("calls", number, 60.0, others, measured, ("calls: a note",))


def test_a_row_has_best_and_median_and_the_median_of_the_rounds_own_ratios() -> None:
    (row,) = figures.rows([one(1, 2.0, 10.0), one(2, 6.0, 12.0, others=0.75), one(3, 3.0, 7.0)])
    assert (row.best, row.median, row.ratio) == (2.0, 3.0, 10.0)
    assert row.spread == pytest.approx(4 / 3)
    assert figures.table([row])[2] == (
        "| calls | daphne (ms) | limit | 2.00 | 3.00 | × 10.0 | 133% apart, others 0.2 to 0.8 |"
    )


def test_a_single_round_without_a_baseline_says_so() -> None:
    (row,) = figures.rows([one(1, 1234.5, None)])
    assert figures.table([row])[2] == "| calls | daphne (ms) | – | 1,234 | 1,234 | – | others 0.2 |"


def test_a_figure_may_know_better_how_noisy_it_was() -> None:
    (row,) = figures.rows([Round("calls", 1, 60.0, 0.9, (Measured("daphne", 1.0, "ms", others=0.1),))])
    assert row.others == (0.1,)


def test_the_rows_of_a_part_stay_together() -> None:
    rounds = [one(1, 1.0, None), Round("ears", 1, 1.0, 0.0, (Measured("a", 1.0, "ms"),)), one(2, 1.0, None, what="b")]
    assert [row.what for row in figures.rows(rounds)] == ["daphne", "b", "a"]


@pytest.mark.parametrize(
    ("value", "said"), [(12345.6, "12,346"), (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23"), (0.1234, "0.123")]
)
def test_numbers_are_plain(value: float, said: str) -> None:
    assert figures.plain(value) == said


def test_the_noise_of_the_machine_is_told() -> None:
    quiet, loud = (figures.machine([one(1, 1, None, others=each)], cores=2, loads=(0.1, 2)) for each in (0.1, 1.5))
    assert quiet == [
        "2 cores, load 0.1 before and 2.0 after. It took 1 minutes; rounds: 1.",
        "Others used 0.10 to 0.10 cores meanwhile (median 0.10 of 2).",
    ]
    assert loud[1].endswith("(median 1.50 of 2): trust ratios, and little else.")
    assert figures.machine([], cores=2, loads=(0, 0)) == ["2 cores, load 0.0 before and 0.0 after."]


# What is read --------------------------------------------------------------------------------------------
def trial(server: str, calls: int, cpu: float, *, kept_up: float = 1.0, waits: Spread | None = None) -> Trial:
    late = Spread(0.1, 1.0)
    return Trial(server, calls, 1, cpu, 76.0, late, None, waits, Faults(10, 1), late, 0.3, 0.01, 0.4, kept_up)


def test_calls_are_compared_with_the_limit_of_their_round() -> None:
    results = town.Results(
        [
            trial("limit", 20, 0.25, waits=Spread(0.1, 0.5)), trial("daphne", 20, 2.0, waits=Spread(0.4, 2.0)),
            trial("pipecat", 20, 4.0, kept_up=0.5),
        ],
        [Setup("limit", 1, 1.25, 0.0, 0.1), Setup("daphne", 1, 20.0, 5.0, 0.4)],
        ["serve_media is left out: it doesn't start"],
    )  # fmt: skip
    kept = json.loads(json.dumps(asdict(results)))
    assert town.read(kept) == results
    measured, notes = readings.calls(kept)
    assert measured == [
        Measured("limit, 20 calls: a call", 0.25, "% of a core", others=0.3),
        Measured("daphne, 20 calls: a call", 2.0, "% of a core", "the plain limit", 8.0, 0.3),
        Measured("limit: setting a call up and ending it", 1.25, "ms of CPU"),
        Measured("daphne: setting a call up and ending it", 25.0, "ms of CPU", "the plain limit", 20.0),
        Measured("limit, 20 calls: an answer's first audio, p99", 0.5, "ms"),
        Measured("daphne, 20 calls: an answer's first audio, p99", 2.0, "ms", "the plain limit", 4.0),
    ]
    assert notes[0] == "serve_media is left out: it doesn't start"
    assert notes[1].startswith("The generator was late by 0.10 ms")
    assert notes[2:] == ["pipecat was overloaded by 20 calls: no figure."]


def test_without_the_limit_calls_have_no_ratio() -> None:
    measured, _notes = readings.calls(asdict(town.Results([trial("daphne", 20, 1.5)])))
    assert measured == [Measured("daphne, 20 calls: a call", 1.5, "% of a core", "the plain limit", None, 0.3)]
    assert readings.calls(asdict(town.Results())) == ([], [])


def test_ears_are_compared_with_virtual_time() -> None:
    def heard(*pauses: float) -> dict[str, object]:
        return {"heard": {"words": {"count": 4, "pauses_ms": list(pauses), "commits_ms": []}}}

    late = {"twilio_late_ms": {"p99": 3.0}, "openai_late_ms": {"p99": 5.0}}
    measured, notes = readings.ears({"live": heard(100.0, 120.0, 140.0), "virtual": heard(80.0, 80.0, 90.0), **late})
    assert measured == [Measured("words: falls silent", 120.0, "ms", "in virtual time", 1.5)]
    assert notes == ["Interruptions not heard: words 1 of 4. The stand-ins were late by 5.0 ms at 99 %."]


def test_broadcasts_are_compared_with_the_bare_loop() -> None:
    found = {"sending-postgres": {"cpu_s_per_1000": 0.6, "times_the_bare_loop": 3.2}}
    assert readings.broadcasts(found)[0] == [
        Measured("sending, postgres", 0.6, "s of CPU per 1,000", "the bare loop", 3.2)
    ]


def test_imports_are_told_by_row() -> None:
    measured, _notes = readings.imports(
        {"sqlite": {"rows": 2000, "one_cpu_s": 1, "new_cpu_s": 5, "again_cpu_s": 3, "bad_cpu_s": 2}}
    )
    assert measured == [
        Measured("contacts, sqlite: new people", 2.0, "ms of CPU a row", "all rejected", 4.0),
        Measured("contacts, sqlite: the same again", 1.0, "ms of CPU a row", "all rejected", 2.0),
        Measured("contacts, sqlite: all rejected", 0.5, "ms of CPU a row"),
    ]


def test_pages_are_compared_with_a_smaller_installation() -> None:
    def at(home: float, other: float) -> dict[str, dict[str, float]]:
        costs = {"small: home": home, "small: templates": 10.0, "large: other": other, "large: templates": 8.0}
        return {name: {"process_ms": ms - 1, "database_ms": 1.0, "queries": 3} for name, ms in costs.items()}

    measured, notes = readings.pages({"0.01": at(30.0, 12.0), "0.1": at(70.0, 72.0)})
    assert measured == [
        Measured("small business: a page on average", 40.0, "ms of CPU", "at 10% of that size", 2.0),
        Measured("small business: home", 70.0, "ms of CPU", "at 10% of that size", 70 / 30),
        Measured("small business: its slowest page", 70.0, "ms of CPU", "its page “templates”", 7.0),
        Measured("large business: a page on average", 40.0, "ms of CPU", "at 10% of that size", 4.0),
        Measured("large business: its slowest page", 72.0, "ms of CPU", "its page “templates”", 9.0),
    ]
    assert notes[1:] == [
        "Of the 2 pages of the small business the slowest is “home”.",
        "Of the 2 pages of the large business the slowest is “other”.",
    ]


def test_starts_are_compared_with_a_bare_django_of_their_round() -> None:
    def found(cpu_s: float, pss: int) -> dict[str, object]:
        return {"cpu_s": cpu_s, "idle": {"Pss": pss}}

    starts = [{"bare Django": found(0.5, 51_200), "Daphne": found(each, 102_400)} for each in (1.0, 1.5, 1.25)]
    measured, notes = readings.starts({"starts": starts, "commands": [{"bare Django": 0.25, "`manage.py`": 1.0}]})
    assert measured == [
        Measured("bare Django: until it answers", 0.5, "s of CPU"),
        Measured("Daphne: until it answers", 1.25, "s of CPU", "bare Django", 2.5),
        Measured("bare Django: memory while idle", 50.0, "MB"),
        Measured("Daphne: memory while idle", 100.0, "MB", "bare Django", 2.0),
        Measured("bare Django: a command", 0.25, "s of CPU"),
        Measured("`manage.py`: a command", 1.0, "s of CPU", "bare Django", 4.0),
    ]
    assert notes == []


# A run ---------------------------------------------------------------------------------------------------
@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("KEPT", "LOG", "PICTURE"):
        monkeypatch.setattr(bench, name, tmp_path / Path(getattr(bench, name)).name)
    return tmp_path


def part(name: str, code: str) -> Part:
    def read(found: readings.Found) -> readings.Read:
        return [Measured("this", found["ms"], "ms")], ["it is said"]

    return Part(name, ("-c", f"import json, sys\nfrom pathlib import Path\n{code}"), (), (), read)


WELL = 'print("working")\nPath(sys.argv[-1]).write_text(json.dumps({"ms": 7}))'
UNABLE = f'print("No recordings here.", file=sys.stderr)\nsys.exit({os.EX_UNAVAILABLE})'
BROKEN = 'raise ValueError("no such thing")'


def test_what_cannot_run_and_what_fails_is_said_and_tried_once(var: Path) -> None:
    run = bench.Bench(is_quick=True)
    run.run([part("calls", WELL), part("ears", UNABLE), part("pages", BROKEN)], 2)
    assert [(each.part, each.number) for each in run.results.rounds] == [("calls", 1), ("calls", 2)]
    assert run.results.left_out == ["ears is left out: No recordings here."]
    assert run.results.failed == [f"pages failed ({var / 'bench.log'} has all it said): ValueError: no such thing"]
    assert run.results.notes == ["calls: it is said"]
    kept = json.loads((var / "bench.json").read_text())
    assert [each["found"] for each in kept["raw"]] == [{"ms": 7}, {"ms": 7}]
    assert kept["left_out"] == run.results.left_out
    log = (var / "bench.log").read_text()
    assert log.count("\nworking\n") == 2
    assert log.count("ValueError: no such thing") == 1


def test_a_run_prints_one_table_and_draws_one_picture(
    var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "PARTS", (part("calls", WELL), part("ears", UNABLE)))
    monkeypatch.setattr(watching, "adopt_orphans", lambda: None)  # it is for the life of a process
    monkeypatch.setattr(sys, "argv", ["bench", "--quick"])
    assert bench.main() == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:5] for line in told if line.startswith("| calls")] == [
        ["| calls", "this (ms)", "–", "7.00", "7.00"]
    ]
    assert "ears is left out: No recordings here." in told
    assert (var / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_the_time_of_a_part_is_not_the_others(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    done = watching.run(["-c", busy], tmp_path / "log")
    assert (done.code, done.said) == (0, "")
    assert done.seconds >= 0.5
    assert 0 <= done.others <= (os.cpu_count() or 1) - 0.4 / done.seconds  # all cores, without what it used itself


@pytest.mark.parametrize("each", PARTS, ids=lambda each: each.name)
def test_each_part_is_a_benchmark_that_is_there(each: Part) -> None:
    words = each.command(is_quick=True)
    place = f"{words[1].replace('.', '/')}/__main__.py" if words[0] == "-m" else words[0]
    assert (watching.ROOT / place).is_file()
    assert '"--json"' in (watching.ROOT / place).read_text()


def test_a_picture_has_fields_of_any_number(tmp_path: Path) -> None:
    def rows(make: Callable[[int], Measured], count: int) -> list[figures.Row]:
        return figures.rows([Round("calls", 1, 1.0, 0.0, tuple(make(number) for number in range(count)))])

    for count in (1, 2, 40):
        path = tmp_path / f"{count}.png"
        draw(rows(lambda n: Measured(f"thing {n}", 10.0**n, f"unit {n // 3}", "limit", 1.5), min(count, 20)), path)
        assert path.stat().st_size > 5_000


def test_results_without_rounds_are_told() -> None:
    assert Results().notes == []
    assert figures.rows([]) == []
