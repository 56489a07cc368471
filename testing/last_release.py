"""The code of the last release, from the project's own history: processes of it run while the present migrations do.

It is the newest release of CHANGELOG.md whose commit is not the present one: the commit with the release's tag, or, in
a copy without tags, the one that wrote the release's heading.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testing.databases import ROOT


class NoHistory(Exception):
    """The commit of the last release is not in this copy of the repository."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release and its commit."""

    version: str
    commit: str


def last_release(repository: Path = ROOT) -> Release:
    """Returns the last release. Raises `NoHistory`, with what to do about it."""
    headings = re.findall(r"^## (\d+\.\d+\.\d+) .*$", (repository / "CHANGELOG.md").read_text(), re.MULTILINE)
    for version in headings:
        commit = _git(repository, "rev-parse", "--quiet", "--verify", f"refs/tags/v{version}^{{commit}}")
        commit = commit or _commit_that_wrote(repository, f"## {version} (")
        if commit and commit != _git(repository, "rev-parse", "HEAD"):
            return Release(version, commit)
    raise NoHistory(
        f"The code of the last release ({', '.join(headings[:2])}) is not in this copy of the repository, so nobody "
        "knows whether it runs after the present migrations. In a shallow clone: git fetch --unshallow --tags. In a "
        "copy without git's history, run the tests in a clone."
    )


def unpack(release: Release, folder: Path, repository: Path = ROOT) -> None:
    """Put the release's files into the folder."""
    archive = subprocess.run(["git", "archive", release.commit], cwd=repository, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive, check=True)


def _commit_that_wrote(repository: Path, heading: str) -> str:
    """Returns the first commit with this heading; "" if what came before it is missing, as any could have been it."""
    found = _git(repository, "log", "--format=%H %P", "--reverse", f"-S{heading}", "--", "CHANGELOG.md").splitlines()
    commit, _, parents = found[0].partition(" ") if found else ("", "", "")
    return commit if parents else ""


def _git(repository: Path, *arguments: str) -> str:
    """Returns what a command of git prints, or "" if it fails or there is no git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
