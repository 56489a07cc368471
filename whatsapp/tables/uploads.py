"""Files uploaded for a broadcast that is not created yet, kept between the steps of its form.

They are stored under the business's id, so that an upload's name is of no use to another business. Abandoned files
are removed after a day.
"""

from __future__ import annotations

import io
import uuid
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage

from businesses.models import Business
from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause
from whatsapp.tables.stored_files import remove_stale
from whatsapp.tables.tables import refuse_large

KEPT = timedelta(days=1)
FOLDER = "uploads"


def keep(business: Business, file: BinaryIO, size: int) -> str:
    """Store a file and return its name. Raises `BadAudience` if it is too large."""
    refuse_large(size)
    name = uuid.uuid4().hex
    default_storage.save(_path(business, name), File(file))
    return name


def keep_text(business: Business, text: str) -> str:
    """Store pasted text as a file. Returns its name."""
    content = text.encode()
    return keep(business, io.BytesIO(content), len(content))


def opened(business: Business, name: str) -> BinaryIO:
    """Returns a stored file, open for reading. Raises `BadAudience` if it is gone."""
    try:
        path = _path(business, uuid.UUID(hex=name).hex)
        return cast("BinaryIO", default_storage.open(path))
    except (OSError, ValueError):
        raise BadAudience(Cause.FILE_GONE) from None


def forget(business: Business, name: str) -> None:
    """Delete a stored file; the broadcast has its own copy."""
    default_storage.delete(_path(business, name))


def remove_old(*, now: datetime) -> int:
    """Delete abandoned files. Returns their number."""
    return remove_stale(FOLDER, before=now - KEPT)


def _path(business: Business, name: str) -> str:
    return f"{FOLDER}/{business.pk.hex}/{name}"
