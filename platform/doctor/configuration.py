"""The settings: do they suit an installation that strangers reach?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings

from businesses.doctor import table
from businesses.doctor.table import Check
from businesses.doctor.verdicts import Verdict, ok, wrong
from frontdesk import env, secret_forms

_OTHERS = 0o007


def register() -> None:
    """Have them tried."""
    table.register("settings", _checks)


def mode(*, debug: bool) -> Verdict:
    """Returns whether it runs as it should in public."""
    if debug:
        return wrong(
            "DEBUG is on: webhooks may be unsigned, and error pages show the code.", "Set DEBUG=0 and restart."
        )
    return ok("DEBUG is off, and every required setting is there.")


def secrets(doubts: Sequence[str]) -> Verdict:
    """Returns whether the secrets look usable. `doubts`: of `secret_forms`."""
    if doubts:
        return wrong(" ".join(doubts), "Correct it in the environment or .env, then restart every process.")
    return ok("None looks weak or misspelt.")


def readers(path: Path, mode_bits: int) -> Verdict:
    """Returns whether others of this machine may read the file of settings."""
    if mode_bits & _OTHERS:
        return wrong("Every user of this machine can read the secrets in .env.", f"Run: chmod 600 {path}")
    return ok("Others of this machine can't read it.")


def person(running: int, owner: int) -> Verdict:
    """Returns whether this command runs as the user of the processes, as whom alone files can be judged."""
    if running != owner:
        return wrong(
            "This command does not run as the user who owns the data: what it tries proves nothing for the processes.",
            "Run it as that user, for example: runuser -u frontdesk -- .venv/bin/python manage.py doctor",
        )
    return ok("It is the one who owns the data.")


def static_files(*, collected: bool) -> Verdict:
    """Returns whether pages get their files quickly."""
    if not collected:
        return wrong("Static files are not collected.", "Run: manage.py collectstatic --noinput, then restart.")
    return ok("They are collected.")


def _checks() -> Iterator[Check]:
    yield Check("mode", lambda: mode(debug=settings.DEBUG))
    yield Check("secrets", _ask_secrets)
    if (path := env.file()).is_file():
        yield Check(".env", lambda: readers(path, path.stat().st_mode))
    yield Check("user", lambda: person(os.geteuid(), Path(settings.VAR_DIR).stat().st_uid))
    if not settings.DEBUG:
        yield Check("static files", lambda: static_files(collected=not settings.WHITENOISE_USE_FINDERS))


def _ask_secrets() -> Verdict:
    return secrets(secret_forms.doubts({name: str(getattr(settings, name)) for name in secret_forms.DOUBTED}))
