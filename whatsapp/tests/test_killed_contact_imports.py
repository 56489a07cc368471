"""Processes that import contacts are killed at random moments; the next one takes every row once."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from testing.databases import MigratedDatabase
from whatsapp.tests.test_killed_imports import kill_after, process, run

ROWS = 2_001  # ten full chunks and one row
BAD_EVERY = 10
KILLS = 2

SET_UP = """
import io, django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.importing.contact_layout import guess
from whatsapp.importing import imports
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
business = Business.objects.get()
with acting_for(business):
    with open({path!r}, "rb") as file:
        made = imports.draft(business, file, name="people.csv", now=timezone.now())
    imports.start(made, guess(made.header), tags=["all"], consent_source="form", now=timezone.now())
"""

READ = """
import django, time
django.setup()
from datetime import timedelta
from django.utils import timezone
from businesses.tenancy import across_businesses
from whatsapp.importing import imports, reading
from whatsapp.models import ContactImport
from whatsapp.reasons import reason_in
reading.CHUNK = 200
imports.LEASE = timedelta(seconds=2)  # so long whoever comes next must wait for a dead one
imports.MOST_CLAIMS = 1_000  # a busy machine takes longer than that for a chunk: both readers then overtake each other
with across_businesses():  # a worker of its own
    print("ready", flush=True)
    def told(rows):
        print("chunk", flush=True)
        return True
    while ContactImport.objects.get().status == "running":
        made = ContactImport.objects.select_related("business").get()
        reading.read(made, clock=timezone.now, keep_going=told)
        time.sleep(0.1)
    made = ContactImport.objects.get()
    print(made.status, reason_in(made) or "", flush=True)
"""

LOOK = """
import django, json
django.setup()
from businesses.tenancy import across_businesses
from whatsapp.models import ConsentChange, Contact, ContactImport, ContactTag, RejectedRow
with across_businesses():
    made = ContactImport.objects.get()
    print(json.dumps({
        "status": made.status, "rows_read": made.rows_read, "added": made.added, "updated": made.updated,
        "unchanged": made.unchanged, "rejected": made.rejected, "file": made.file.name,
        "contacts": Contact.objects.count(), "tagged": ContactTag.objects.count(),
        "agreed": ConsentChange.objects.count(), "rows_kept": RejectedRow.objects.count(),
    }))
"""


@pytest.mark.timeout(600)
def test_killed_and_continued_every_row_is_taken_once(migrated_database: MigratedDatabase, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    numbers = (f"05{2_000_000 + n:08d}" if n % BAD_EVERY else f"bad{n}" for n in range(ROWS))
    people.write_text("phone,name\n" + "".join(f"{number},Dana\n" for number in numbers))
    chance = random.Random(20261126)  # noqa: S311 - the same moments in every run
    with migrated_database() as database_url:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(tmp_path / "media"),
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        }
        run(environment, SET_UP.format(path=str(people)))
        for _ in range(KILLS):
            with process(environment, "-c", READ) as reader:
                kill_after(reader, chance.randint(2, 4))
        halfway = json.loads(run(environment, LOOK))
        with process(environment, "-c", READ) as one, process(environment, "-c", READ) as other:
            assert one.stdout is not None
            assert other.stdout is not None
            endings = [list(one.stdout)[-1].strip(), list(other.stdout)[-1].strip()]
        whole = json.loads(run(environment, LOOK))
    assert halfway["status"] == "running"
    assert 0 < halfway["rows_read"] < ROWS
    assert halfway["contacts"] == halfway["added"]
    assert endings == ["done", "done"]
    bad = len(range(0, ROWS, BAD_EVERY))
    assert whole == {
        "status": "done",
        "rows_read": ROWS,
        "added": ROWS - bad,
        "updated": 0,
        "unchanged": 0,
        "rejected": bad,
        "file": "",
        "contacts": ROWS - bad,
        "tagged": ROWS - bad,
        "agreed": ROWS - bad,
        "rows_kept": bad,
    }
