"""The file that a broadcast's people come from: kept while it may be edited, deleted once it starts or ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db import transaction

from businesses.tenancy import across_businesses
from whatsapp.models import Broadcast

FOLDER = "audiences"
KEPT = timedelta(days=1)
"""How long a file may have no row: its transaction, or a copy of the row, is not committed yet."""


def drop(broadcast: Broadcast) -> None:
    """Delete the broadcast's file when this transaction is committed. Nothing to delete is no error."""
    name = broadcast.audience_file.name
    if not name:
        return
    Broadcast.objects.filter(pk=broadcast.pk).update(audience_file="")
    broadcast.audience_file = ""
    delete_on_commit(name)


def delete_on_commit(name: str) -> None:
    """Delete a stored file when this transaction is committed."""
    if name:
        transaction.on_commit(lambda: default_storage.delete(name))


@contextmanager
def deleted_on_failure() -> Iterator[list[str]]:
    """Delete the stored files that are put into the yielded list if the block fails: no row names them then."""
    stored: list[str] = []
    try:
        yield stored
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise


def remove_orphans(*, now: datetime) -> int:
    """Delete old files that no broadcast names: a killed process left them. Returns their number."""
    if not default_storage.exists(FOLDER):
        return 0
    with across_businesses():  # files of any business
        named = set(Broadcast.objects.exclude(audience_file="").values_list("audience_file", flat=True))
    paths = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    orphans = [path for path in paths if path not in named and default_storage.get_modified_time(path) < now - KEPT]
    for path in orphans:
        default_storage.delete(path)
    return len(orphans)
