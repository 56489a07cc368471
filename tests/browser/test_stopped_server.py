"""A server that stops answering and comes back: live pages say how old they are, and buttons wait."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from testing import browser as tools
from testing.servers import Daphne
from testing.wire import Wire

pytestmark = pytest.mark.timeout(300)
languages = pytest.mark.parametrize("language", tools.LANGUAGES)
LINE = "#connection"
PATIENCE_MS = 30_000


@pytest.fixture
def wire(server: Daphne) -> Iterator[Wire]:
    """What stands before the server, and refuses while it is stopped, as a port does that nobody listens at."""
    wire = Wire(server.port)
    yield wire
    wire.close()


@contextmanager
def hanging(server: Daphne) -> Iterator[None]:
    """The process is there and answers nothing."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@languages
def test_a_live_page_says_how_old_its_figures_are_and_recovers(
    server: Daphne, chromium: Browser, wire: Wire, language: str
) -> None:
    with tools.context(chromium, wire.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.HOME + "calls/live/")
        expect(page.locator(LINE)).to_be_hidden()
        wire.stop()
        expect(page.locator(LINE)).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator(LINE)).to_have_text(re.compile(r"\b\d\d:\d\d\b"))
        expect(page.locator("main h1")).to_be_visible()
        wire.start()
        expect(page.locator(LINE)).to_be_hidden(timeout=PATIENCE_MS)


@languages
def test_a_button_waits_and_is_pressed_once_when_the_server_is_back(
    server: Daphne, chromium: Browser, wire: Wire, language: str
) -> None:
    with tools.context(chromium, wire.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.HOME + "contacts/new/")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.fill("input[name=name]", "Dana Katz")
        page.fill("input[name=phone]", f"+97250777889{tools.LANGUAGES.index(language)}")
        wire.stop()
        page.locator("main form button.main").click()
        expect(page.locator(LINE)).to_be_visible(timeout=PATIENCE_MS)
        page.locator("main form button.main").click(force=True)  # an impatient person
        expect(page.locator("input[name=name]")).to_have_value("Dana Katz")
        assert sent == []
        wire.start()
        page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}/"), timeout=PATIENCE_MS)
        assert len(sent) == 1


@languages
def test_a_button_waits_for_a_server_that_hangs(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.HOME + "contacts/new/")
        page.fill("input[name=name]", "Dana Katz")
        page.fill("input[name=phone]", f"+97250777888{tools.LANGUAGES.index(language)}")
        with hanging(server):
            page.locator("main form button.main").click()
            expect(page.locator(LINE)).to_be_visible(timeout=PATIENCE_MS)
        page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}/"), timeout=PATIENCE_MS)


def test_without_scripts_buttons_work_as_before(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.HOME + "contacts/new/")
        page.fill("input[name=name]", "Dana Katz")
        page.fill("input[name=phone]", "+972507778870")
        page.locator("main form button.main").click()
        page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}/"))
