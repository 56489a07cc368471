"""Files about which a page asks something, kept until they are answered: nobody has to choose the file again.

They lie under the business's id, so that an upload's name is of no use to another business, and are removed after a
day. Imports of contacts and broadcasts need none of this: their files belong to a row.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage

from businesses.models import Business
from whatsapp.tables.stored_files import remove_stale

KEPT = timedelta(days=1)
FOLDER = "uploads"


def keep(business: Business, file: BinaryIO) -> str:
    """Store a file that was checked already. Returns its name."""
    file.seek(0)
    name = uuid.uuid4().hex
    default_storage.save(path_of(business, name), File(file))
    return name


def forget(business: Business, name: str) -> None:
    """Delete a stored file; nothing to delete is no error."""
    default_storage.delete(path_of(business, name))


def path_of(business: Business, name: str) -> str:
    """Returns where a business's file of this name lies. A name that is none of ours leads nowhere."""
    try:
        return f"{FOLDER}/{business.pk.hex}/{uuid.UUID(hex=name).hex}"
    except ValueError:
        return f"{FOLDER}/{business.pk.hex}/none"


def remove_old(*, now: datetime) -> int:
    """Delete abandoned files. Returns their number."""
    return remove_stale(FOLDER, before=now - KEPT)
