"""Valid environment variables, and those with which an installation refuses to start."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from frontdesk import env
from testing.check import PRODUCTION

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent


LAYER = "from django.conf import settings; print(settings.CHANNEL_LAYERS['default']['BACKEND'])"


def start(code: str = LAYER, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code that reads the settings in a fresh process with only these variables."""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "frontdesk.settings", "ENV_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bare_checkout_starts_without_any_variable() -> None:
    started = start()
    assert (started.returncode, started.stdout.strip()) == (0, "channels.layers.InMemoryChannelLayer")


def test_production_starts_with_its_secrets() -> None:
    started = start(**PRODUCTION)
    assert (started.returncode, started.stdout.strip()) == (0, "channels_redis.core.RedisChannelLayer")


def test_production_without_secrets_refuses_and_names_all_of_them() -> None:
    started = start(DEBUG="0")
    assert started.returncode != 0
    assert (
        "DEBUG is off and these variables are missing: "
        "SECRET_KEY, PUBLIC_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, OPENAI_API_KEY, FIELD_ENCRYPTION_KEYS."
        in started.stderr
    )


@pytest.mark.parametrize(
    "missing",
    ["SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "OPENAI_API_KEY", "FIELD_ENCRYPTION_KEYS"],
)
def test_production_without_one_secret_names_that_one(missing: str) -> None:
    started = start(**{**PRODUCTION, missing: " "})
    assert f"missing: {missing}. Set them" in started.stderr


def test_production_may_run_on_sqlite_without_redis() -> None:
    assert start(**{**PRODUCTION, "DATABASE_URL": "", "REDIS_URL": ""}).returncode == 0


def test_every_variable_that_is_read_stands_in_the_example_file_and_the_other_way_round() -> None:
    read = set()
    for path in (ROOT / "platform").rglob("*.py"):
        read |= set(re.findall(r'env\.(?:text|flag|number|words|ranges|choice)\(\s*"([A-Z_]+)"', path.read_text()))
    read |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    read.add("COMPOSE_PROFILES")  # by Compose itself
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == explained


@pytest.mark.parametrize(("written", "meant"), [("1", True), ("Yes", True), ("off", False), ("0", False), (" ", True)])
def test_a_flag(monkeypatch: pytest.MonkeyPatch, written: str, meant: bool) -> None:
    monkeypatch.setenv("SWITCH", written)
    assert env.flag("SWITCH", default=True) is meant


def test_a_flag_that_is_neither_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match="SWITCH='maybe' is neither on nor off: write 1 or 0"):
        env.flag("SWITCH", default=True)


def test_a_number_that_is_none_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "many")
    with pytest.raises(ImproperlyConfigured, match="SIZE='many' is not a whole number"):
        env.number("SIZE", default=1)
