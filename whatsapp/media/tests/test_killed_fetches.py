"""Processes that fetch files are killed at random moments, beside each other; every file comes whole, and once."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from testing.databases import MigratedDatabase
from testing.meta import threaded_meta
from whatsapp.media.files import FOLDER
from whatsapp.tests.test_killed_imports import kill_after, process, run

FILES = 30
KILLS = 3

SET_UP = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import make_sender
from whatsapp.models import InboundMedia, InboundMessage
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business = Business.objects.get()
with acting_for(business):
    sender, now = make_sender(business), timezone.now()
    for number in range({files}):
        message = InboundMessage.objects.create(
            business=business, sender=sender, address="+972501234567", provider="cloud",
            provider_message_id=f"wamid.{{number}}", kind="image", received_at=now,
        )
        InboundMedia.objects.create(business=business, message=message, reference=f"M{{number}}", next_attempt_at=now)
"""

FETCH = """
import django, time
django.setup()
from datetime import timedelta
from django.utils import timezone
from businesses.tenancy import across_businesses
from whatsapp.media import claims, fetching
from whatsapp.models import InboundMedia
claims.LEASE = timedelta(seconds=3)  # so long whoever comes next must wait for a dead one
claims.WAITS = (timedelta(seconds=1),) * 50
settle = claims.settle
def settled(*given, **values):
    print("fetched", flush=True)
    return settle(*given, **values)
claims.settle = settled
with across_businesses():  # a worker of its own
    while InboundMedia.objects.filter(status="waiting").exists():
        fetching.fetch_due(clock=timezone.now, keep_going=lambda: True)
        time.sleep(0.1)
print("all", flush=True)
"""

LOOK = """
import django, json
django.setup()
from businesses.tenancy import across_businesses
from whatsapp.models import InboundMedia
with across_businesses():
    print(json.dumps([
        [str(media.pk), media.status, media.reference, str(media.lease_token or "")]
        for media in InboundMedia.objects.all()
    ]))
"""


@pytest.mark.timeout(300)
def test_killed_and_continued_every_file_comes_whole(migrated_database: MigratedDatabase, tmp_path: Path) -> None:
    chance = random.Random(20261129)  # noqa: S311 - the same moments in every run
    contents = {f"M{number}": b"\xff\xd8\xff" + bytes([number]) * 150_000 for number in range(FILES)}
    with migrated_database() as database_url, threaded_meta() as meta:
        for key, content in contents.items():
            meta.shelf.put(key, content, "image/jpeg")
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(tmp_path / "media"),
            "WHATSAPP_API_URL": meta.url,
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        }
        run(environment, SET_UP.format(files=FILES))
        for _ in range(KILLS):
            with process(environment, "-c", FETCH) as fetcher:
                kill_after(fetcher, chance.randint(2, 4))
                time.sleep(chance.random() / 5)
        halfway = json.loads(run(environment, LOOK))
        with process(environment, "-c", FETCH) as one, process(environment, "-c", FETCH) as other:
            assert one.stdout is not None
            assert other.stdout is not None
            endings = [list(one.stdout)[-1].strip(), list(other.stdout)[-1].strip()]
        whole = json.loads(run(environment, LOOK))
    assert {status for _pk, status, _key, _token in halfway} == {"waiting", "kept"}
    assert endings == ["all", "all"]
    assert [(status, token) for _pk, status, _key, token in whole] == [("kept", "")] * FILES
    (folder,) = (tmp_path / "media" / FOLDER).iterdir()
    stored = {path.name: path.read_bytes() for path in folder.iterdir() if "." not in path.name}
    assert stored == {pk: contents[key] for pk, _status, key, _token in whole}
    left_half = [path for path in folder.iterdir() if "." in path.name]
    assert len(left_half) <= KILLS, "what killed processes wrote, until the night"
