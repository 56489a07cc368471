"""`make screenshots`: every page in both languages and two widths, into var/screenshots/.

python -m testing.screenshots [--dark] [--languages he] [--widths 390] [NAME …]      NAME: pages whose name begins so
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django
from playwright.sync_api import Page

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")
django.setup()

from testing import browser, databases  # noqa: E402 - addresses need Django
from testing.demo_data import Rows  # noqa: E402
from testing.visits import Visit, visits  # noqa: E402

FOLDER = databases.ROOT / "var" / "screenshots"


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the requested screenshots."""
    if not browser.is_there():
        print(
            f"There is no Chromium at {browser.CHROMIUM}: apt-get install chromium, or set CHROMIUM.", file=sys.stderr
        )
        return 1
    asked = _parser().parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.migrated_file(Path(folder)) as migrated,
        browser.demo_server(migrated) as daphne,
        browser.chromium() as chromium,
    ):
        rows = browser.fill(daphne)
        wanted = [visit for visit in visits(rows) if visit.name.startswith(tuple(asked.names or [""]))]
        for language in asked.languages:
            with browser.context(chromium, daphne.url, language=language, dark=asked.dark) as window:
                take(window.new_page(), wanted, rows, asked.widths, language + "-dark" * asked.dark)
    print(f"The pictures are in {FOLDER}")
    return 0


def take(page: Page, wanted: Sequence[Visit], rows: Rows, widths: Sequence[int], suffix: str) -> None:
    """Take screenshots in one browser context: pages without sign-in first, then sign in, then the rest."""
    for visit in browser.tour(page, wanted, rows):
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=FOLDER / f"{visit.name}-{suffix}-{width}.png", full_page=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--dark", action="store_true", help="use the dark colour scheme")
    parser.add_argument("--languages", nargs="+", choices=browser.LANGUAGES, default=browser.LANGUAGES)
    parser.add_argument("--widths", nargs="+", type=int, default=browser.WIDTHS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
