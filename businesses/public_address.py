"""Where people reach the installation, for links that commands print."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def note() -> Path:
    """The file in which `make run` keeps the address at which it serves, while it does."""
    return Path(settings.VAR_DIR) / "serving"


def served_url() -> str:
    """The address that a `make run` in another terminal has noted; `PUBLIC_URL` where none serves."""
    serving = note()
    return serving.read_text().strip() if serving.exists() else str(settings.PUBLIC_URL)


def public_url() -> str:
    """`PUBLIC_URL`. Where nobody has set one, `make run PORT=…` in another terminal knows the port."""
    is_default = f"http://127.0.0.1:{settings.PORT}" == settings.PUBLIC_URL
    return served_url() if is_default else str(settings.PUBLIC_URL)
