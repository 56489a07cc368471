"""An upload for which the disk has no room: a page that says so, nothing left behind, and two lines in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from businesses import media_folder
from testing.small_disk import small_disk
from whatsapp.models import ContactImport
from whatsapp.tests.test_import_pages import HERE, people, upload

MANY = people(20_000)  # 400 kB


@pytest.fixture
def full_soon(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """MEDIA_ROOT on a disk of 192 kB."""
    monkeypatch.setattr(media_folder, "TRY_EVERY_S", 0.02)
    with small_disk(tmp_path / "disk", size_kb=192) as disk:
        if not disk.is_real:
            pytest.skip("a small disk can be mounted by root only")
        settings.MEDIA_ROOT = str(disk.folder)
        yield disk.folder


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk(staff: Client, full_soon: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "businesses.media_folder")
    filler = full_soon / "filler"
    filler.write_bytes(bytes(160 * 1024))
    for _ in range(3):
        answer = staff.post(HERE, {"file": media_of(MANY)})
        assert answer.status_code == 507
        assert "There is no room for the file now" in answer.content.decode()
    assert ContactImport.objects.count() == 0
    assert files_in(full_soon) == [filler]
    assert lines(caplog) == ["MEDIA_ROOT is away (No space left on device)"]
    filler.unlink()
    give_up_at = time.monotonic() + 30
    while media_folder.is_away() or len(lines(caplog)) < 2:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    assert [line.partition(" after")[0] for line in lines(caplog)][1:] == ["MEDIA_ROOT is back"]
    assert caplog.messages[-1].endswith("3 files or pieces could not be written")
    assert upload(staff, people(5))
    assert len(files_in(full_soon)) == 1


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.partition(":")[0] for line in caplog.messages if line.startswith("MEDIA_ROOT")]


def media_of(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", text.encode())
