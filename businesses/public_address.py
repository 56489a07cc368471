"""The address of the installation, for links that commands print."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def note() -> Path:
    """Returns the path of the file in which a running `make run` notes its address."""
    return Path(settings.VAR_DIR) / "serving"


def served_url() -> str:
    """Returns the address noted by a running `make run`, or `PUBLIC_URL` if there is none."""
    serving = note()
    return serving.read_text().strip() if serving.exists() else str(settings.PUBLIC_URL)


def public_url() -> str:
    """Returns `PUBLIC_URL`; if it isn't set, the address of a running `make run PORT=…`."""
    is_default = f"http://127.0.0.1:{settings.PORT}" == settings.PUBLIC_URL
    return served_url() if is_default else str(settings.PUBLIC_URL)
