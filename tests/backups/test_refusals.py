"""What is no whole backup, or does not fit, is refused with what to do, and before anything is changed."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone
from dotenv import dotenv_values

from businesses.doctor.verdicts import State
from businesses.models import Business, Heartbeat
from frontdesk.backups import databases, files, latest, manifest
from frontdesk.backups.manifest import BadBackup, Manifest
from testing import postgres_tools

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYS = ["first", "second"]


def made(folder: Path) -> Manifest:
    """Returns the manifest of a backup with one file, which it writes."""
    (folder / "database.sqlite3").write_bytes(b"rows")
    parts = {"database.sqlite3": manifest.part_of(folder / "database.sqlite3")}
    found = Manifest("0.1.0", NOW, "sqlite", ["calls.0001_initial"], [manifest.fingerprint(key) for key in KEYS], parts)
    (folder / manifest.NAME).write_text(found.text())
    return found


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert manifest.read(tmp_path) == found
    manifest.verify(tmp_path, found)


@pytest.mark.parametrize(("content", "says"), [(None, "no whole backup"), ("{", "damaged"), ("{}", "Another release")])
def test_no_manifest(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / manifest.NAME).write_text(content)
    with pytest.raises(BadBackup, match=says):
        manifest.read(tmp_path)


def test_a_damaged_and_a_missing_file(tmp_path: Path) -> None:
    found = made(tmp_path)
    (tmp_path / "database.sqlite3").write_bytes(b"raws")
    with pytest.raises(BadBackup, match="checksum"):
        manifest.verify(tmp_path, found)
    (tmp_path / "database.sqlite3").unlink()
    with pytest.raises(BadBackup, match="missing or damaged"):
        manifest.verify(tmp_path, found)


def test_what_does_not_fit(tmp_path: Path) -> None:
    found = made(tmp_path)
    manifest.refuse_misfit(found, database="sqlite", known=["calls.0001_initial", "calls.0002_more"])
    with pytest.raises(BadBackup, match="DATABASE_URL is postgresql"):
        manifest.refuse_misfit(found, database="postgresql", known=["calls.0001_initial"])
    with pytest.raises(BadBackup, match="newer than this code"):
        manifest.refuse_misfit(found, database="sqlite", known=[])


def test_keys(tmp_path: Path) -> None:
    found = made(tmp_path)
    manifest.refuse_other_keys(found, ["newest", *KEYS])
    with pytest.raises(BadBackup, match="1 of 2 keys"):
        manifest.refuse_other_keys(found, ["second"])
    assert not set(KEYS) & set(found.keys)


@pytest.mark.parametrize(
    ("seconds", "state"), [(0.0, State.NOT_TRIED), (86_400.0, State.OK), (2 * 86_400.0 + 1, State.WRONG)]
)
def test_the_doctor_knows_how_old_the_last_one_is(seconds: float, state: State) -> None:
    assert latest.judged(seconds).state is state


@pytest.fixture
def with_tools(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, str(tmp_path / "media")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            address = cursor.connection.info.dsn
        monkeypatch.setenv("PATH", str(postgres_tools.folder(address)), prepend=":")


@pytest.mark.django_db(transaction=True)
def test_secrets_are_copied_only_when_asked_for(
    with_tools: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    awkward = 'it\'s a \\ "secret" $HOME #1'
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", awkward)
    call_command("backup", str(tmp_path / "bare"))
    assert "every stored credential is lost" in capsys.readouterr().err
    assert not (tmp_path / "bare" / "settings.env").exists()
    assert latest.age_s() > 0
    call_command("backup", str(tmp_path / "whole"), "--with-secrets", "--without-files")
    assert "lost" not in capsys.readouterr().err
    kept = tmp_path / "whole" / "settings.env"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert dotenv_values(kept)["TWILIO_AUTH_TOKEN"] == awkward
    assert not (tmp_path / "whole" / files.NAME).exists()
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(tmp_path / "whole"))
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="can't be written"):
        call_command("backup", str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("name", ["../stolen", "/nowhere/stolen", "a/../../stolen"])
def test_an_archive_that_leaves_the_folder(tmp_path: Path, settings: Any, name: str) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    with tarfile.open(tmp_path / files.NAME, "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(BadBackup, match="outside of MEDIA_ROOT"):
        files.unpack(tmp_path / files.NAME)
    assert not list(tmp_path.rglob("stolen"))
    assert not list(tmp_path.rglob("link"))


def test_files_come_back_private_and_with_their_times(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    file = tmp_path / "media" / "a" / "b.ulaw"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sound")
    os.utime(file, (1_000_000, 1_000_000))
    assert files.pack(tmp_path / files.NAME) == 1
    settings.MEDIA_ROOT = str(tmp_path / "other")
    assert files.unpack(tmp_path / files.NAME) == 1
    back = tmp_path / "other" / "a" / "b.ulaw"
    assert (back.read_bytes(), back.stat().st_mtime) == (b"sound", 1_000_000)
    assert (stat.S_IMODE(back.stat().st_mode), stat.S_IMODE(back.parent.stat().st_mode)) == (0o600, 0o700)


def _end_others() -> None:
    """End the connections of earlier tests' threads."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid, 10000) {others} AND backend_type = 'client backend'")


@pytest.mark.django_db(transaction=True)
def test_an_installation_in_use_or_with_data(with_tools: None) -> None:
    assert databases.is_empty()
    if connection.vendor == "postgresql":
        _end_others()
    databases.refuse_used()
    Business.objects.create(name="Acme", slug="acme", time_zone="UTC")
    assert not databases.is_empty()
    if connection.vendor == "sqlite":
        Heartbeat.objects.create(part=Heartbeat.Part.WORKER, at=timezone.now())
        with pytest.raises(BadBackup, match="within the last minute"):
            databases.refuse_used()
        return
    opened, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        connections["default"].ensure_connection()
        opened.set()
        go_on.wait(60)
        connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    opened.wait(60)
    with pytest.raises(BadBackup, match="1 connections use this database"):
        databases.refuse_used()
    go_on.set()
    other.join()


@pytest.mark.django_db(transaction=True)
def test_postgresqls_tools_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only with PostgreSQL")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="apt-get install postgresql-client"):
        call_command("backup", str(tmp_path / "today"))
