"""Pictures and voice notes from a webhook to the member's eyes and ears: fetched by a worker, shown in an open page."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.meta import ThreadedMeta, threaded_meta
from testing.servers import Daphne
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.sample_files import sample
from whatsapp.providers.sandbox.shelf import Trouble

pytestmark = [pytest.mark.timeout(300), pytest.mark.once]
DANA = "972501234567"
SOON_MS = 40_000


@dataclass
class Clinic:
    """The demo business with a number at the stand-in for Meta."""

    server: Daphne
    meta: ThreadedMeta

    def hears(self, key: str, kind: str, part: dict[str, Any]) -> None:
        """Let a message come in."""
        at = str(int(time.time()))
        message = {"id": f"wamid.{key}", "from": DANA, "timestamp": at, "type": kind, kind: part}
        people = [{"wa_id": DANA, "profile": {"name": "Dana Levi"}}]
        value = {"metadata": {"phone_number_id": "1055"}, "contacts": people, "messages": [message]}
        body = json.dumps(notices.envelope("2077", "messages", value)).encode()
        headers = {"Content-Type": "application/json"} | self.meta.signed(body)
        asked = urllib.request.Request(f"{self.server.url}/whatsapp/webhooks/cloud/", body, headers)
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def clinic(migrated_database: MigratedDatabase) -> Iterator[Clinic]:
    with threaded_meta() as meta:
        variables = {"WHATSAPP_API_URL": meta.url, "WHATSAPP_APP_SECRET": meta.app_secret}
        with tools.demo_server(migrated_database, **variables) as server:
            server.manage(
                *("connect_whatsapp", "demo", "--provider", "cloud", "--phone-number-id", "1055"),
                *("--waba-id", "2077", "--access-token", meta.token),
            )
            yield Clinic(server, meta)


def thread_of_dana(page: Page) -> None:
    """Open the thread, once a worker has applied the first webhook."""
    tools.sign_in(page)
    link = page.locator("td a", has_text="Dana Levi")
    _until(page, link, address=f"{tools.HOME}inbox/")
    link.click()
    page.wait_for_url("**/inbox/*-*/**")


def _until(page: Page, what: Locator, *, address: str = "") -> None:
    """Load a page anew until something is on it."""
    for _try in range(80):
        page.goto(address or page.url)
        if what.count():
            return
        page.wait_for_timeout(500)
    pytest.fail(f"It is not there: {what}")


def test_a_picture_comes_into_the_open_page(clinic: Clinic, chromium: Browser) -> None:
    clinic.meta.shelf.put("PIC", sample("picture.jpg"), "image/jpeg", Trouble.EXPIRED, times=1)
    clinic.hears("text", "text", {"body": "hello"})
    with tools.context(chromium, clinic.server.url, language="en") as window:
        page = window.new_page()
        thread_of_dana(page)
        clinic.hears("pic", "image", {"id": "PIC", "mime_type": "image/jpeg", "caption": "it hurts here"})
        picture = page.get_by_role("img", name="A picture from Dana Levi")
        expect(picture).to_be_visible(timeout=SOON_MS)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('.brought img').naturalWidth == 480")
        expect(page.get_by_text("it hurts here").first).to_be_visible()
        assert tools.unfit(page) == []


def test_a_voice_note_is_heard_to_its_end_while_others_write(clinic: Clinic, chromium: Browser) -> None:
    clinic.meta.shelf.put("VOICE", sample("voice.ogg"), "audio/ogg")
    clinic.hears("voice", "audio", {"id": "VOICE", "mime_type": "audio/ogg; codecs=opus", "voice": True})
    with tools.context(chromium, clinic.server.url, language="en") as window:
        page = window.new_page()
        thread_of_dana(page)
        player = page.locator("audio")
        expect(player).to_be_attached(timeout=SOON_MS)
        page.evaluate("window.heard = 0; document.querySelector('audio').loop = true")
        page.evaluate("document.querySelector('audio').play()")
        page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
        clinic.hears("more", "text", {"body": "can you hear me?"})
        expect(page.get_by_text("can you hear me?").first).to_be_visible(timeout=SOON_MS)
        assert page.evaluate("document.querySelector('audio').loop"), "it is the same player"
        page.wait_for_timeout(300)
        assert not page.evaluate("document.querySelector('audio').paused")


def test_without_scripts_all_is_there(clinic: Clinic, chromium: Browser) -> None:
    clinic.meta.shelf.put("SEEN", sample("picture.jpg"), "image/jpeg")
    clinic.hears("seen", "image", {"id": "SEEN", "mime_type": "image/jpeg"})
    clinic.meta.shelf.put("GONE", b"x", "video/mp4", Trouble.GONE)
    clinic.hears("gone", "video", {"id": "GONE", "mime_type": "video/mp4"})
    with tools.context(chromium, clinic.server.url, language="en", scripts=False) as window:
        page = window.new_page()
        thread_of_dana(page)
        _until(page, page.get_by_text("Can't be shown"))
        _until(page, page.get_by_role("img", name="A picture from Dana Levi"))
        clinic.meta.shelf.put("GONE", sample("voice.ogg"), "audio/ogg")
        players = page.locator("audio").count()
        with page.expect_navigation():
            page.get_by_role("button", name="Try again").click()
        _until(page, page.locator("audio").nth(players))
