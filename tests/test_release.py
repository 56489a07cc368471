"""Version, changelog and upgrade notes belong together."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from testing.databases import ROOT
from testing.last_release import NoHistory, last_release

pytestmark = pytest.mark.pure

SECTIONS = re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_newest_release_of_the_changelog_is_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    titles = [title for title, _text in SECTIONS]
    assert titles[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", titles[1])


def test_every_release_says_how_to_upgrade_to_it() -> None:
    assert [title for title, text in SECTIONS if "\n### Upgrading\n" not in text] == []


# The last release's code, which test_last_release.py runs ----------------------------------------------------
def repository(folder: Path, *commits: str) -> Path:
    """Returns a repository with these versions of CHANGELOG.md."""
    git(folder, "init", "--quiet")
    for number, text in enumerate(commits):
        (folder / "CHANGELOG.md").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", str(number))
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


FIRST = "# Changes\n\n## 0.1.0 (2026-01-01)\n"
SECOND = FIRST.replace("\n## 0.1", "\n## 0.2.0 (2026-02-01)\n\n## 0.1")
LATER = SECOND.replace("\n## 0.2", "\n## Unreleased\n\n- News.\n\n## 0.2")


def test_the_last_release_is_the_commit_that_wrote_its_heading(tmp_path: Path) -> None:
    found = last_release(repository(tmp_path, "# Changes\n", FIRST, SECOND, LATER))
    assert (found.version, found.commit) == ("0.2.0", git(tmp_path, "rev-parse", "HEAD~1"))


def test_a_tag_says_it_better(tmp_path: Path) -> None:
    repository(tmp_path, "# Changes\n", FIRST, SECOND, LATER, LATER + "More.\n")
    git(tmp_path, "tag", "v0.2.0", "HEAD~1")
    assert last_release(tmp_path).commit == git(tmp_path, "rev-parse", "HEAD~1")


def test_on_the_commit_of_a_release_it_is_the_one_before(tmp_path: Path) -> None:
    found = last_release(repository(tmp_path, "# Changes\n", FIRST, SECOND))
    assert (found.version, found.commit) == ("0.1.0", git(tmp_path, "rev-parse", "HEAD~1"))


def test_a_shallow_clone_says_what_to_do(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    repository(whole, "# Changes\n", FIRST, SECOND, LATER)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{whole}", "shallow")
    with pytest.raises(NoHistory, match="git fetch --unshallow --tags"):
        last_release(tmp_path / "shallow")


def test_so_does_a_copy_without_git(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(LATER)
    with pytest.raises(NoHistory, match="run the tests in a clone"):
        last_release(tmp_path)
