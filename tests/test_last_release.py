"""The last release's code on a database with all present migrations, as in every upgrade: it goes on working.

Its own web process, from the project's history, answers the telephone, sends a broadcast, takes reports and shows its
pages. `test_safe_migrations.py` has the rules that make this so; here nobody needs to have thought of a rule.
"""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.telephone.twilio_peer import TwilioPeer
from testing.databases import MigratedDatabase
from testing.last_release import NoHistory, Release, last_release, unpack
from testing.meta import ThreadedMeta, threaded_meta
from testing.servers import Daphne, web_processes
from tests.call_rig import speech

TOKEN = "a-token"
PHONE = "+15005550006"
"""Of the demo business."""
PEOPLE = 3
MOST_OF_THE_PAGES = 40
STATES = """
from businesses.tenancy import across_businesses
from whatsapp.models import Recipient
with across_businesses():
    print(*Recipient.objects.filter(business__slug="acme").values_list("status", flat=True))
"""

# In a process of the last release: the rows of its own demo data, a broadcast that its web process sends, each table
# read with all columns, and the pages that it says are for people's eyes.
FILL = """
import io, json
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from businesses.models import User
from businesses.tenancy import across_businesses
from frontdesk import demo
from testing.demo_data import team
from testing.demo_data.seed import seed
from testing.visits import Who, visits

rows = seed()
run = lambda *words: call_command(*words, stdout=io.StringIO(), stderr=io.StringIO())
run("create_business", "acme", "--name", "Acme", "--phone", "+15005550007")
run("connect_whatsapp", "acme", "--provider", "cloud", "--phone-number-id", "1055", "--waba-id", "2077",
    "--access-token", "{token}", "--phone", "+15005550007")
run("sync_templates", "acme")
run("create_broadcast", "acme", "--template", "spring_sale", "--language", "en_US", "--set", "until=Sunday",
    "--csv", "{file}", "--start")
with across_businesses():
    for model in apps.get_models():
        list(model._base_manager.all()[:1])
people = {Who.OWNER: demo.OWNER_EMAIL, Who.OPERATOR: team.OPERATOR}
cookies = {}
for who, email in people.items():
    client = Client()
    client.force_login(User.objects.get(email=email))
    cookies[int(who)] = client.cookies["sessionid"].value
pages = [
    (cookies.get(int(each.who), ""), each.url) for each in visits(rows)
    if each.url and not each.error and each.status == 200
]
print(json.dumps(pages))
"""


@pytest.fixture(scope="module")
def release() -> Release:
    """The last release. Without the history nothing is proved: GitHub, which fetches it, fails; others are warned."""
    try:
        return last_release()
    except NoHistory as missing:
        if os.environ.get("GITHUB_ACTIONS"):
            pytest.fail(str(missing))
        warnings.warn(str(missing), stacklevel=1)
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def code(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the last release's code."""
    folder = tmp_path_factory.mktemp("last-release")
    unpack(release, folder)
    assert (folder / "manage.py").is_file()
    return folder


@asynccontextmanager
async def running(folder: Path, database: MigratedDatabase, code: Path, meta: ThreadedMeta) -> AsyncIterator[Daphne]:
    """The last release's web process, which does the background work as well, and the present code's stand-ins."""
    async with RealtimeServer() as openai:
        with web_processes(folder, database, code=code) as start:
            yield await asyncio.to_thread(
                start,
                OPENAI_API_KEY="any",
                OPENAI_REALTIME_URL=openai.websocket_url,
                OPENAI_BASE_URL=openai.http_url,
                TWILIO_AUTH_TOKEN=TOKEN,
                WHATSAPP_API_URL=meta.url,
                WHATSAPP_APP_SECRET=meta.app_secret,
                REDIS_URL="",
                CELERY_BROKER_URL="",
                DEBUG="1",
            )


async def a_call(url: str) -> None:
    """Ring, speak, be answered, hang up."""
    async with TwilioPeer(url, auth_token=TOKEN) as twilio, twilio.call(to=PHONE) as call:
        await call.connected()
        call.say(speech("hello"))
        await call.until(lambda: call.heard_bytes > 0)
        await call.hang_up()
        assert call.record.errors == []


async def reports(browser: aiohttp.ClientSession, meta: ThreadedMeta, server: Daphne) -> None:
    """Hand over what the stand-in for Meta reports of the broadcast's messages, once all are sent."""
    async with asyncio.timeout(30):
        while len(meta.accepted) < PEOPLE:  # noqa: ASYNC110 - another process sends
            await asyncio.sleep(0.05)
        while "delivered" not in await asyncio.to_thread(server.manage, "shell", "-v0", "-c", STATES):
            for body in meta.webhooks():
                async with browser.post("/whatsapp/webhooks/cloud/", data=body, headers=meta.signed(body)) as answer:
                    assert answer.status == 200


async def test_it_goes_on_after_the_present_migrations(
    code: Path, tmp_path: Path, migrated_database: MigratedDatabase
) -> None:
    (tmp_path / "people.csv").write_text(
        "phone,first_name\n" + "".join(f"+97250123456{n},Dana\n" for n in range(PEOPLE))
    )
    with threaded_meta() as meta:
        async with running(tmp_path, migrated_database, code, meta) as server:
            fill = FILL.replace("{token}", meta.token).replace("{file}", str(tmp_path / "people.csv"))
            pages = json.loads(await asyncio.to_thread(server.manage, "shell", "-v0", "-c", fill))
            async with aiohttp.ClientSession(server.url) as browser:
                await a_call(server.url)
                await reports(browser, meta, server)
                shown = {}
                for cookie, url in pages:
                    async with browser.get(url, cookies={"sessionid": cookie}, allow_redirects=False) as answer:
                        shown[url] = answer.status
            assert len(shown) > MOST_OF_THE_PAGES
            assert {url: status for url, status in shown.items() if status != 200} == {}
            assert "Traceback" not in server.log, server.log
