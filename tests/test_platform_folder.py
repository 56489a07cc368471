"""The folder platform/ lends its modules to frontdesk and must not hide the standard library's module."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

import frontdesk

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent


def test_platform_is_the_standard_librarys() -> None:
    assert Path(platform.__file__).parent != ROOT / "platform"
    assert platform.python_version() == sys.version.split()[0]


def test_the_folder_has_no_init_which_would_hide_it() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert list(frontdesk.__path__) == [str(ROOT / "platform")]


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "django", "check", "--settings", "frontdesk.settings"],
        ["-m", "celery", "-A", "frontdesk", "report"],
        ["-c", "from frontdesk.asgi import application"],
    ],
    ids=["manage.py", "django", "celery", "asgi"],
)
def test_every_way_of_starting_finds_it(command: list[str]) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
