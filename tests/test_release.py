"""Version, changelog and upgrade notes belong together."""

from __future__ import annotations

import re
import tomllib

import pytest

from testing.databases import ROOT

pytestmark = pytest.mark.pure

SECTIONS = re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_newest_release_of_the_changelog_is_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    titles = [title for title, _text in SECTIONS]
    assert titles[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", titles[1])


def test_every_release_says_how_to_upgrade_to_it() -> None:
    assert [title for title, text in SECTIONS if "\n### Upgrading\n" not in text] == []
