"""A copy of the settings, secrets included, in the form of `.env`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from django.conf import settings

NAME: Final = "settings.env"


def write(path: Path) -> None:
    """Write every variable of `.env.example` that is set, for the owner's eyes only."""
    explained = re.findall(r"^([A-Z_]+)=", (Path(settings.BASE_DIR) / ".env.example").read_text(), re.MULTILINE)
    lines = [f"{name}={_quoted(value)}\n" for name in explained if (value := os.environ.get(name, "").strip())]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)


def _quoted(value: str) -> str:
    """Returns a value as python-dotenv reads it back."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
