"""`make check`: all static checks. All of them run, even if one fails; the results are listed at the end."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

MOST_LINES = 300
MOST_LINES_OF_TESTS = 400  # one behaviour, with the world it needs
WIDEST_LINE_OF_A_TEMPLATE = 120
ROOT = Path(__file__).resolve().parent.parent

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "PUBLIC_URL": "https://frontdesk.example",
    "DATABASE_URL": "postgres://frontdesk@database.example/frontdesk",
    "REDIS_URL": "redis://redis.example:6379/0",
    "OPENAI_API_KEY": "not-a-key",
    "TWILIO_ACCOUNT_SID": "not-an-account",
    "TWILIO_AUTH_TOKEN": "not-a-token",
    "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def main() -> int:
    """Run every check. Returns 0 if all passed."""
    python = sys.executable
    manage = [python, "manage.py"]
    results = {
        "lint": run([python, "-m", "ruff", "check", "."]),
        "formatting (make format fixes it)": run([python, "-m", "ruff", "format", "--check", "."]),
        "templates (make format fixes most)": formatted_templates(),
        "types": run([python, "-m", "mypy", "."]),
        "migrations": run([*manage, "makemigrations", "--check", "--dry-run"]),
        "deploy check": run([*manage, "check", "--deploy", "--fail-level", "WARNING"], **PRODUCTION),
        "short files": short_files(),
        "locked requirements": run([python, "-m", "testing.locks"]),
    }
    for name, passed in results.items():
        print(f"{'ok    ' if passed else 'FAILED'} {name}")
    return 0 if all(results.values()) else 1


def run(command: list[str], **variables: str) -> bool:
    """Run one check in the project's root, without the developer's .env. Returns whether it passed."""
    environment = {**os.environ, "ENV_FILE": os.devnull, **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def formatted_templates() -> bool:
    """Returns whether the templates are formatted and their lines short. Long text must be broken by hand."""
    formatter = str(Path(sys.executable).with_name("djangofmt"))  # a program without a Python module
    formatted = run([formatter, "--check", "templates"])
    wide = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} characters, at most {WIDEST_LINE_OF_A_TEMPLATE}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > WIDEST_LINE_OF_A_TEMPLATE
    ]
    print(*wide, sep="\n", end="\n" if wide else "")
    return formatted and not wide


def short_files() -> bool:
    """Returns whether every Python file of the project, except migrations, is within its limit of lines."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    long = [
        f"{path}: {lines} lines, perhaps two subjects"
        for path in listed.stdout.split()
        if "/migrations/" not in path and (ROOT / path).is_file()
        if (lines := len((ROOT / path).read_text().splitlines()))
        > (MOST_LINES_OF_TESTS if "tests/" in path else MOST_LINES)
    ]
    print(*long, sep="\n", end="\n" if long else "")
    return not long


if __name__ == "__main__":
    sys.exit(main())
