"""`make screenshots`: every page in both languages and two widths, into var/screenshots/."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from testing import browser, databases

FOLDER = databases.ROOT / "var" / "screenshots"


def main() -> int:
    """Take them all."""
    if not browser.is_there():
        print(
            f"There is no Chromium at {browser.CHROMIUM}: apt-get install chromium, or set CHROMIUM.", file=sys.stderr
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.migrated_file(Path(folder)) as migrated,
        browser.demo_server(migrated) as daphne,
        browser.chromium() as chromium,
    ):
        for language in browser.LANGUAGES:
            for width in browser.WIDTHS:
                with browser.context(chromium, daphne.url, language=language, width=width) as window:
                    take(window.new_page(), f"{language}-{width}", FOLDER)
    print(f"The pictures are in {FOLDER}")
    return 0


def take(page: Page, suffix: str, folder: Path) -> None:
    """Visit every page in one window."""
    for name, url in browser.DOORS.items():
        page.goto(url)
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)
    browser.sign_in(page)
    for name, url in {**browser.PAGES, **browser.ADMIN}.items():
        page.goto(url)
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
