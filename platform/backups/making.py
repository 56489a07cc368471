"""Making a backup and getting it back, step by step."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from frontdesk import release
from frontdesk.backups import databases, files, latest, manifest, secret_settings
from frontdesk.backups.manifest import BadBackup, Manifest
from whatsapp.series import after_restoring

Say = Callable[[str], object]


def make(folder: Path, *, with_secrets: bool, with_files: bool, now: datetime) -> Manifest:
    """Write a backup into a folder that is new or empty. Its manifest is written last. Raises `BadBackup`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadBackup(f"{folder} is not empty: name a new folder for each backup.")
    folder.chmod(0o700)
    before = os.umask(0o077)
    try:
        applied = databases.migrations()
        # The database first: a file without its row is removed by night, a row without its file has lost it.
        databases.dump(folder / databases.FILES[connection.vendor])
        if with_files:
            files.pack(folder / files.NAME)
        if with_secrets:
            secret_settings.write(folder / secret_settings.NAME)
        parts = {path.name: manifest.part_of(path) for path in sorted(folder.iterdir())}
        keys = [manifest.fingerprint(key) for key in settings.FIELD_ENCRYPTION_KEYS]
        made = Manifest(release.version(), now, connection.vendor, applied, keys, parts)
        (folder / manifest.NAME).write_text(made.text())
    finally:
        os.umask(before)
    latest.note()
    return made


def restore(folder: Path, *, over: bool, without_keys: bool, now: datetime, say: Say) -> tuple[Manifest, int]:
    """Get a backup back. Returns its manifest, and how many broadcasts were made to wait for a person.

    Everything that speaks against it is looked for before anything is changed. Raises `BadBackup`.
    """
    made = manifest.read(folder)
    known = [f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations]
    manifest.refuse_misfit(made, database=connection.vendor, known=known)
    if not without_keys:
        manifest.refuse_other_keys(made, settings.FIELD_ENCRYPTION_KEYS)
    if not over and not (databases.is_empty() and (files.NAME not in made.parts or files.is_empty())):
        raise BadBackup("This installation is not empty. With --over, what is in it is lost.")
    databases.refuse_used()
    say("Comparing checksums …")
    manifest.verify(folder, made)
    say("Restoring the database …")
    databases.load(folder / databases.FILES[made.database])
    if files.NAME in made.parts:
        say("Restoring the files …")
        files.unpack(folder / files.NAME)
    say("Migrating …")
    call_command("migrate", verbosity=0, interactive=False)
    return made, after_restoring.hold_everything(now=now)
