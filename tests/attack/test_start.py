"""An installation that would be open to everyone does not start, and what others of the machine could read is closed.

Defended: webhooks without signatures behind a public address, keys that everyone knows or can guess, stored
credentials under a key that is none, and the files of the installation.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from frontdesk import private_files, secret_forms, startup
from testing.check import PRODUCTION
from tests.test_settings import start

pytestmark = pytest.mark.once  # starting reads settings only

KEY = PRODUCTION["FIELD_ENCRYPTION_KEYS"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PUBLIC_URL": "https://frontdesk.example"}, "DEBUG is on and PUBLIC_URL is https"),
        ({"DEBUG": "1", "PUBLIC_URL": "HTTPS://frontdesk.example"}, "Set DEBUG=0"),
        ({"PUBLIC_URL": "frontdesk.example"}, "PUBLIC_URL must be an address like https://"),
        ({"FIELD_ENCRYPTION_KEYS": "not-a-key"}, "Key 1 of FIELD_ENCRYPTION_KEYS is not a Fernet key"),
        ({**PRODUCTION, "PUBLIC_URL": "https://"}, "PUBLIC_URL must be an address like https://"),
        ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY needs 32 characters or more"),
        ({**PRODUCTION, "SECRET_KEY": "a" * 60}, "SECRET_KEY needs 32 characters or more"),
        ({**PRODUCTION, "SECRET_KEY": secret_forms.DEVELOPMENT_KEY}, "SECRET_KEY is the one of development"),
        ({**PRODUCTION, "FIELD_ENCRYPTION_KEYS": KEY[:-2]}, "Key 1 of FIELD_ENCRYPTION_KEYS is not a Fernet key"),
        ({**PRODUCTION, "FIELD_ENCRYPTION_KEYS": f"{KEY},x"}, "Key 2 of FIELD_ENCRYPTION_KEYS is not a Fernet key"),
    ],
)
def test_it_refuses_to_start_and_says_what_to_do(variables: dict[str, str], says: str) -> None:
    started = start(**variables)
    assert started.returncode != 0
    assert says in started.stderr
    assert KEY not in started.stderr
    assert "short" not in started.stderr.rpartition("ImproperlyConfigured:")[2]


@pytest.mark.parametrize(
    "variables",
    [
        {"DEBUG": "1", "PUBLIC_URL": "http://127.0.0.1:8010"},
        {**PRODUCTION, "PUBLIC_URL": "http://10.0.0.5:8000", "SECRET_KEY": "k3" * 10 + "abcdefghijkl"},
        {**PRODUCTION, "TWILIO_ACCOUNT_SID": "ACtest", "TWILIO_AUTH_TOKEN": "t", "OPENAI_API_KEY": "sk-test"},
    ],
)
def test_what_is_only_doubtful_starts(variables: dict[str, str]) -> None:
    assert start(**variables).returncode == 0


def test_doubts_are_remarks_that_repeat_no_value(settings: Any) -> None:
    settings.DEBUG, settings.PUBLIC_URL, settings.EMAIL_HOST = False, "http://frontdesk.example", ""
    settings.SECRET_KEY, settings.TWILIO_ACCOUNT_SID, settings.OPENAI_API_KEY = "k3" * 20, "ACtest", "mykey"
    settings.TWILIO_AUTH_TOKEN = settings.WHATSAPP_VERIFY_TOKEN = "guess-me"
    said = startup.remarks()
    for part in (
        "PUBLIC_URL is http: passwords and calls cross the network in the clear",
        "SECRET_KEY has fewer than 50 characters",
        "TWILIO_ACCOUNT_SID does not look like one",
        "OPENAI_API_KEY does not look like one",
        "TWILIO_AUTH_TOKEN has fewer than 16 characters",
        "WHATSAPP_VERIFY_TOKEN has fewer than 16 characters",
        "EMAIL_HOST is not set: no mail is sent. Invitations show their link on the page only",
    ):
        assert [remark for remark in said if part in remark], part
    assert not [remark for remark in said for value in ("k3k3", "mykey", "guess-me") if value in remark]


def test_an_installation_as_it_should_be_raises_no_doubt() -> None:
    good = dict.fromkeys(secret_forms.DOUBTED, "x" * 32)
    good |= {"SECRET_KEY": PRODUCTION["SECRET_KEY"], "PUBLIC_URL": "https://frontdesk.example"}
    assert secret_forms.doubts(good | {"TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "OPENAI_API_KEY": "sk-x"}) == []


def test_mails_are_never_printed_where_callers_are() -> None:
    code = "from django.conf import settings; print(settings.EMAIL_BACKEND)"
    assert start(code, **PRODUCTION).stdout.strip() == "frontdesk.no_mail.EmailBackend"
    assert start(code, **PRODUCTION, EMAIL_HOST="smtp.example").stdout.strip().endswith("smtp.EmailBackend")
    assert start(code).stdout.strip().endswith("console.EmailBackend")


def mode(path: Path | str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_uploads_are_for_the_installations_user_only(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    before = os.umask(0)
    try:
        name = default_storage.save("uploads/abc/people", ContentFile(b"phone\n"))
    finally:
        os.umask(before)
    path = Path(default_storage.path(name))
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]


def test_files_of_earlier_releases_are_closed_at_the_start(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, str(tmp_path / "media")
    sqlite = SimpleNamespace(vendor="sqlite", settings_dict={"NAME": str(tmp_path / "frontdesk.sqlite3")})
    monkeypatch.setattr(private_files, "connection", sqlite)
    (tmp_path / "media" / "recordings").mkdir(parents=True)
    files = [tmp_path / name for name in ("frontdesk.sqlite3", "frontdesk.sqlite3-wal", "media/recordings/a.ulaw")]
    for file in files:
        file.touch()
        file.chmod(0o644)
    for folder in (tmp_path, tmp_path / "media", tmp_path / "media" / "recordings"):
        folder.chmod(0o755)
    private_files.tighten()
    assert {mode(file) for file in files} == {0o600}
    assert {mode(path) for path in (tmp_path, tmp_path / "media", tmp_path / "media" / "recordings")} == {0o700}
