"""Where people reach the installation, for links that commands print."""

from __future__ import annotations

from django.conf import settings


def public_url() -> str:
    """`PUBLIC_URL`. Where nobody has set one, `make run PORT=…` in another terminal knows the port and has noted it."""
    serving = settings.VAR_DIR / "serving"
    is_default = f"http://127.0.0.1:{settings.PORT}" == settings.PUBLIC_URL
    return serving.read_text().strip() if is_default and serving.exists() else str(settings.PUBLIC_URL)
