"""The trial: a plugin of pytest that loads everything once and forks a process for each mutant.

A first run without any mutant finds which tests reach which functions, and how long they take. A mutant is tried by
the tests that reach its function, the quickest first, until one fails. Each process has a copy of the test database.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import pytest
from django.db import connection
from django.test import utils as django_tests

from testing.mutants import swapping
from testing.mutants.operators import Mutant

WORKERS = 2
EXAMPLES = 40
"""Of each property test: most mutants break a rule on the first few."""
OF_OTHER_PROCESSES = {"farm", "daphne", "celery_worker", "rig", "migrated_database"}
"""Fixtures that start processes, which don't contain the mutant."""
LEAST_CPU_S = 20
LEAST_WAIT_S = 240
LOST = "could not be tried"


@dataclass
class Verdict:
    """What became of a mutant: `by` is the test that failed, empty for a survivor."""

    mutant: Mutant
    by: str = ""
    tests: int = 0


@dataclass
class Reach:
    """The tests that reach a function, and how long each took (seconds)."""

    by_function: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


class Trial:
    """Tries the mutants with the tests that pytest has collected."""

    def __init__(self, mutants: Sequence[Mutant], sources: dict[str, str], say: Callable[[str], None]) -> None:
        self._mutants = mutants
        self._sources = sources
        self._say = say
        self._reach = Reach()
        self._killers: dict[str, Counter[str]] = defaultdict(Counter)
        self._failed = ""
        self._has_database = False
        self._folder = Path()
        self.verdicts: list[Verdict] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what runs elsewhere, and let property tests be quick and the same each time."""
        items[:] = [item for item in items if not OF_OTHER_PROCESSES.intersection(getattr(item, "fixturenames", ()))]
        for item in items:
            test = getattr(item, "obj", None)
            chosen = getattr(test, "_hypothesis_internal_use_settings", None)
            if test is not None and chosen is not None:
                _set_settings(test, chosen)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        if report.failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running every test once."""
        items = {item.nodeid: item for item in session.items}
        session.config.pluginmanager.unregister(name="terminalreporter")  # the forked processes have nothing to say
        with tempfile.TemporaryDirectory() as folder:
            self._folder = Path(folder)
            self._prepare_database(session)
            with mock.patch.multiple(django_tests, setup_databases=_nothing, teardown_databases=_nothing):
                self._learn(items)
                self._try_all(items)
            if self._has_database:
                Path(connection.settings_dict["NAME"]).unlink(missing_ok=True)
        return True

    def _prepare_database(self, session: pytest.Session) -> None:
        self._has_database = any("_django_db_helper" in getattr(item, "fixturenames", ()) for item in session.items)
        if self._has_database:
            blocker = session.config.stash[_key_of_blocker()]
            with blocker.unblock():
                django_tests.setup_databases(verbosity=0, interactive=False)
                connection.close()

    def _learn(self, items: dict[str, pytest.Item]) -> None:
        """Run every test once without a mutant."""
        self._say(f"{len(items)} tests, once each, to see what they reach ...")
        parts = [list(items.values())[start::WORKERS] for start in range(WORKERS)]
        for path in self._in_processes(parts, self._learn_in_process, lambda _part: (3_600, 7_200)):
            told = json.loads(path.read_text()) if path.exists() else []
            for nodeid, seconds, has_failed, functions in told:
                self._reach.seconds[nodeid] = seconds
                if has_failed:
                    self._reach.failed.add(nodeid)
                    self._say(f"left out, it fails without a mutant: {nodeid}")
                else:
                    for function in functions:
                        self._reach.by_function[function].add(nodeid)

    def _learn_in_process(self, items: Sequence[pytest.Item], answer: Path) -> None:
        reached: set[str] = set()
        for file, source in self._sources.items():
            swapping.watch(file, source, reached)
        told = []
        for item, following in _with_following(items):
            reached.clear()
            began, self._failed = time.process_time(), ""
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            told.append((item.nodeid, time.process_time() - began, bool(self._failed), sorted(reached)))
        answer.write_text(json.dumps(told))

    def _try_all(self, items: dict[str, pytest.Item]) -> None:
        def chosen(mutant: Mutant) -> list[str]:
            reaching = self._tests_of(mutant) - self._reach.failed
            kills = self._killers[mutant.file]
            return sorted(reaching, key=lambda nodeid: (-kills[nodeid], self._reach.seconds[nodeid], nodeid))

        def work(mutant: Mutant, answer: Path) -> None:
            try:
                swapping.apply(mutant, self._sources[mutant.file])
            except swapping.NotSwappable:
                answer.write_text(json.dumps(LOST))
                return
            answer.write_text(json.dumps(self._first_failure([items[nodeid] for nodeid in chosen(mutant)])))

        def limits(mutant: Mutant) -> tuple[float, float]:
            usual_s = sum(self._reach.seconds[nodeid] for nodeid in chosen(mutant))
            return LEAST_CPU_S + 5 * usual_s, LEAST_WAIT_S + 30 * usual_s

        tried = zip(self._mutants, self._in_processes(self._mutants, work, limits), strict=True)
        for number, (mutant, answer) in enumerate(tried, start=1):
            by = json.loads(answer.read_text()) if answer.exists() else "a test that did not end"
            self.verdicts.append(Verdict(mutant, by, len(chosen(mutant))))
            self._killers[mutant.file][by] += bool(by)
            self._say(f"{number}/{len(self._mutants)} {_in_words(self.verdicts[-1])}")

    def _tests_of(self, mutant: Mutant) -> set[str]:
        """Those that reach its function; of a statement at the top of a file, those that reach the file at all."""
        if mutant.function:
            return self._reach.by_function[f"{mutant.file}:{mutant.function}"]
        everywhere = self._reach.by_function.items()
        return {test for function, tests in everywhere if function.startswith(f"{mutant.file}:") for test in tests}

    def _first_failure(self, items: Sequence[pytest.Item]) -> str:
        """Run tests until one fails; which."""
        for item, following in _with_following(items):
            self._failed = ""
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return self._failed
        return ""

    def _in_processes(
        self,
        tasks: Sequence[Any],
        work: Callable[[Any, Path], None],
        limits: Callable[[Any], tuple[float, float]],
    ) -> Iterator[Path]:
        """Fork a process for each task, some at a time. Yields the file with each one's answer, in order.

        `limits`: how many seconds of computing, and of waiting, a task may take.
        """
        running: list[tuple[int, Path, float]] = []
        waiting = list(enumerate(tasks))
        try:
            while waiting or running:
                while waiting and len(running) < WORKERS:
                    number, task = waiting.pop(0)
                    answer = self._folder / f"{work.__name__}-{number}-"
                    cpu_s, wait_s = limits(task)
                    running.append((self._fork(task, work, answer, cpu_s), answer, time.monotonic() + wait_s))
                pid, answer, ends_at = running[0]
                _await(pid, ends_at)
                running.pop(0)
                yield answer
                for left in self._folder.glob(f"{answer.name}*"):
                    left.unlink()
        finally:
            for pid, _answer, _ends_at in running:  # somebody pressed Ctrl-C
                _end(pid)

    def _fork(self, task: Any, work: Callable[[Any, Path], None], answer: Path, cpu_s: float) -> int:
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        os.setpgid(0, 0)
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s) + 1))
            written = answer.with_name(f"{answer.name}part")
            self._own_database(answer.with_name(f"{answer.name}sqlite3"))
            work(task, written)
            written.rename(answer)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _own_database(self, path: Path) -> None:
        if self._has_database:
            shutil.copyfile(connection.settings_dict["NAME"], path)
            connection.settings_dict["NAME"] = str(path)


def _await(pid: int, ends_at: float) -> None:
    """Wait for a process, and end it when its time is over."""
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if time.monotonic() > ends_at:
            _end(pid)
            return
        time.sleep(0.02)
    if os.WIFEXITED(ended[1]) and os.WEXITSTATUS(ended[1]):
        raise RuntimeError("A trial broke by itself; see above.")


def _end(pid: int) -> None:
    """End a process with all that it started."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _with_following(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each test and the one after it, as pytest wants to know what to keep for that."""
    return zip(items, [*items[1:], None], strict=False)


def _in_words(verdict: Verdict) -> str:
    mutant = verdict.mutant
    fate = f"killed by {verdict.by.split('::')[-1]}" if verdict.by else f"SURVIVED {verdict.tests} tests"
    return f"{mutant.file}:{mutant.line} {mutant.function}: {mutant.change} | {fate}"


def _set_settings(test: Any, chosen: hypothesis.settings) -> None:
    few = hypothesis.settings(
        chosen,
        max_examples=min(EXAMPLES, chosen.max_examples),
        derandomize=True,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    test._hypothesis_internal_use_settings = few


def _key_of_blocker() -> Any:
    from pytest_django.plugin import blocking_manager_key  # noqa: PLC0415

    return blocking_manager_key


def _nothing(*_arguments: Any, **_options: Any) -> list[Any]:
    return []
