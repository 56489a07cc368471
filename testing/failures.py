"""Prints each failed test at once: with several workers, pytest itself names failures only at the end."""

from __future__ import annotations

import pytest


class Failures:
    """A pytest plugin for the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a line for a failed test."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter:
            reporter.ensure_newline()
            reporter.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)
