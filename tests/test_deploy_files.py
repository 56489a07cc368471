"""The shipped units of systemd: what they start is what docs/deploy.md says, and it starts again whatever ends it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
SECONDS = {"s": 1, "min": 60}

pytestmark = pytest.mark.once


def service(unit: Path) -> dict[str, str]:
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(unit)
    assert {"Unit", "Service", "Install"} <= set(parser.sections())
    return dict(parser["Service"])


def seconds(duration: str) -> int:
    number = duration.rstrip("smin")
    return int(number) * SECONDS[duration.removeprefix(number)]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_of_the_page_and_starts_it_again(unit: Path) -> None:
    found = service(unit)
    program, *arguments = shlex.split(found["ExecStart"])
    name = Path(program).name
    assert program == f"/srv/frontdesk/.venv/bin/{name}"
    assert found["Restart"] == "always"
    page = (ROOT / "docs" / "deploy.md").read_text()
    fixed = " ".join(arguments[:3])
    assert f".venv/bin/{name} {fixed}" in page
    started = subprocess.run([Path(sys.executable).parent / name, "--help"], capture_output=True, check=False)
    assert started.returncode == 0, started.stderr


def test_a_web_process_may_wait_for_its_calls() -> None:
    (web,) = [unit for unit in UNITS if "web" in unit.name]
    assert seconds(service(web)["TimeoutStopSec"]) > settings.DRAIN_SECONDS
