"""Reading the settings from environment variables, and from `.env` (or the file that `ENV_FILE` names)."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv


def file() -> Path:
    """Returns the path of the file that is read, which need not exist."""
    return Path(os.environ.get("ENV_FILE") or Path(__file__).resolve().parent.parent / ".env")


load_dotenv(file())


def text(name: str, default: str = "") -> str:
    """Returns the variable's value without surrounding whitespace; an empty variable counts as unset."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Returns a boolean, written as 1/true/yes/on or 0/false/no/off in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither on nor off: write 1 or 0")


def number(name: str, *, default: int) -> int:
    """Returns an integer. Raises `ImproperlyConfigured` for any other text."""
    value = text(name)
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number") from None


def choice(name: str, form: str) -> str:
    """Returns a text of this form (a regular expression), or "". Raises `ImproperlyConfigured` for any other."""
    value = text(name)
    if value and not re.fullmatch(form, value):
        raise ImproperlyConfigured(f"{name}={value!r} is none of its values: .env.example lists them")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Returns the items of a comma-separated list, without empty ones."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def ranges(name: str, known: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Returns ranges written as `name=1-90`, comma-separated. Raises `ImproperlyConfigured` for anything else."""
    found = {}
    for word in words(name):
        match = re.fullmatch(r"([a-z]+)=([0-9]{1,5})-([0-9]{1,5})", word)
        if match is None or match[1] not in known or not 0 < int(match[2]) <= int(match[3]):
            raise ImproperlyConfigured(
                f"{name}: {word!r} is no range. Write NAME=FEWEST-MOST, like recordings=1-90, with a name of "
                f"{', '.join(known)}."
            )
        found[match[1]] = (int(match[2]), int(match[3]))
    return found


def require(*names: str) -> None:
    """Raise `ImproperlyConfigured` if variables are missing; the message names all of them."""
    missing = [name for name in names if not text(name)]
    if missing:
        raise ImproperlyConfigured(
            f"DEBUG is off and these variables are missing: {', '.join(missing)}. "
            "Set them in the environment or in .env (.env.example explains each)."
        )


def refuse(problems: Sequence[str]) -> None:
    """Raise `ImproperlyConfigured` if there are problems; the message names all of them."""
    if problems:
        raise ImproperlyConfigured(" ".join(problems))
