"""What a backup says of itself (pure): who made it, when, of what, and a checksum of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 1
NAME: Final = "manifest.json"
_FINGERPRINT_LENGTH: Final = 16
_PIECE: Final = 1 << 20


class BadBackup(Exception):
    """The folder holds no whole backup, or it does not fit this installation. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup.

    `database`: the vendor's name. `migrations`: that were applied, as `app.name`. `keys`: fingerprints of
    FIELD_ENCRYPTION_KEYS.
    """

    version: str
    made_at: datetime
    database: str
    migrations: Sequence[str]
    keys: Sequence[str]
    parts: Mapping[str, Part]

    def text(self) -> str:
        """Returns it as JSON."""
        return json.dumps({"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}, indent=1)


def read(folder: Path) -> Manifest:
    """Returns the manifest of a backup. Raises `BadBackup`: it has none that can be read."""
    try:
        told: dict[str, Any] = json.loads((folder / NAME).read_text())
    except FileNotFoundError:
        raise BadBackup(f"{folder} holds no whole backup: {NAME}, which is written last, is missing.") from None
    except ValueError:
        raise BadBackup(f"{NAME} in {folder} is damaged: take another backup.") from None
    if told.get("format") != FORMAT:
        raise BadBackup("Another release of Frontdesk made this backup: restore it with that one, then upgrade.")
    parts = {name: Part(**part) for name, part in told["parts"].items()}
    made_at = datetime.fromisoformat(told["made_at"])
    return Manifest(told["version"], made_at, told["database"], told["migrations"], told["keys"], parts)


def part_of(path: Path) -> Part:
    """Returns size and checksum of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Part(size, digest.hexdigest())


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise `BadBackup` if a file of the backup is missing or is not what was written."""
    for name, part in manifest.parts.items():
        path = folder / name
        if not path.is_file() or part_of(path) != part:
            raise BadBackup(f"{name} is missing or damaged: its checksum is not that of the manifest.")


def refuse_misfit(manifest: Manifest, *, database: str, known: Sequence[str]) -> None:
    """Raise `BadBackup` if this release, or this sort of database, can't take it. `known`: this code's migrations."""
    if manifest.database != database:
        raise BadBackup(f"It was made of {manifest.database}, and DATABASE_URL is {database}: set it to one of those.")
    newer = sorted(set(manifest.migrations) - set(known))
    if newer:
        raise BadBackup(
            f"It was made by version {manifest.version}, which is newer than this code ({newer[0]} is not known here): "
            "check out that version."
        )


def fingerprint(key: str) -> str:
    """Returns a name for a key, from which the key (32 random bytes) can't be told."""
    return hashlib.sha256(f"frontdesk-key:{key}".encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def refuse_other_keys(manifest: Manifest, keys: Sequence[str]) -> None:
    """Raise `BadBackup` if one of the keys that encrypted the backup is not among `keys`."""
    missing = set(manifest.keys) - {fingerprint(key) for key in keys}
    if missing:
        raise BadBackup(
            f"{len(missing)} of {len(manifest.keys)} keys that encrypted this backup are not in FIELD_ENCRYPTION_KEYS: "
            "the credentials in it could not be read. Put them there (settings.env has them, if the backup was made "
            "--with-secrets), or restore --without-keys and enter every credential again."
        )
