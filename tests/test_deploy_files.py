"""The shipped units of systemd and docker-compose.yml: what they start exists, is what docs/deploy.md says, and starts
again whatever ends it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from testing.databases import without_test_settings

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
    for unit in UNITS:
        if "@" in unit.name:
            assert seconds(service(unit)["TimeoutStopSec"]) > settings.DRAIN_SECONDS


# Compose ------------------------------------------------------------------------------------------------------
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = {name: service for name, service in COMPOSE.items() if service["image"] == "frontdesk"}


@pytest.mark.parametrize("name", COMPOSE)
def test_a_service_is_bounded_and_starts_again(name: str) -> None:
    found = COMPOSE[name]
    assert found["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert found["logging"]["options"].keys() == {"max-size", "max-file"}
    assert (found["read_only"], found["cap_drop"]) == (True, ["ALL"])
    assert {"mem_limit", "pids_limit"} <= found.keys()
    checks = name.startswith(("web-", "media-")) or "test" in found["healthcheck"]  # the web's stands in the image
    assert checks or name == "migrate"


def named(configuration: str) -> set[str]:
    """Returns the services that it names."""
    return set(re.findall(r"server (\S+):8000 resolve ", configuration))


def test_the_proxy_finds_each_web_process_and_every_file() -> None:
    folder = ROOT / "deploy" / "compose"
    proxy = (folder / "nginx.conf").read_text()
    webs, medias = ({name for name in OURS if name.startswith(kind)} for kind in ("web-", "media-"))
    assert named(proxy) == named((folder / "media-web.conf").read_text()) == webs
    assert named((folder / "media-own.conf").read_text()) == medias
    assert webs == set(COMPOSE["proxy"]["depends_on"])
    volumes = [volume.replace("${MEDIA_SERVER:-web}", "web") for volume in COMPOSE["proxy"]["volumes"]]
    mounted = dict(volume.removesuffix(":ro").rsplit(":", 1)[::-1] for volume in volumes)
    assert all((ROOT / source).is_file() for source in mounted.values() if source.endswith(".conf"))
    assert set(re.findall(r"include (/etc/nginx/frontdesk/\S+);", proxy)) < set(mounted)
    certificate = {str(Path(each).parent) for each in re.findall(r"ssl_certificate\S* (\S+);", proxy)}
    assert certificate < set(mounted)


def test_a_web_container_may_wait_for_its_calls() -> None:
    for name in ("web-1", "web-2", "media-1", "media-2", "proxy"):
        assert int(COMPOSE[name]["stop_grace_period"].removesuffix("m")) * 60 > settings.DRAIN_SECONDS


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_part_in_the_background_is_asked_for_its_sign_of_life(name: str) -> None:
    _cmd, _python, *arguments = COMPOSE[name]["healthcheck"]["test"]
    environment = without_test_settings({"DATABASE_URL": "sqlite:////nowhere/at/all", "DEBUG": "1"})
    asked = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 1
    assert "WRONG      database: answers" in asked.stdout
    assert "background: all" in asked.stdout
