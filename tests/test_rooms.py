"""Imports between rooms run downwards: lower rooms don't import higher ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing import rooms
from testing.rooms import FLOORS, Arrow

SANDBOX = "whatsapp.providers.sandbox"
DOORS_TO_THE_SANDBOX = {"whatsapp.providers.registry", "whatsapp.running.sandbox_reports"}


@pytest.mark.parametrize("app", [*FLOORS, "platform"])
def test_no_arrow_runs_up(app: str) -> None:
    wrong = {(arrow.source, arrow.target) for arrow in rooms.wrong(app)}
    assert not wrong, "\n".join(map(str, rooms.wrong(app)))


@pytest.mark.parametrize("app", FLOORS)
def test_every_room_has_its_floor(app: str) -> None:
    placed = [room for floor in FLOORS[app] for room in floor.split()]
    assert len(placed) == len(set(placed))
    assert rooms.rooms(app) <= set(placed), "place a new room in testing/rooms.py"


@pytest.mark.parametrize("app", [*FLOORS, "platform"])
def test_what_runs_needs_nothing_of_the_tests(app: str) -> None:
    for path in (rooms.ROOT / app).rglob("*.py"):
        if not {"tests", "migrations"} & set(path.parts) and path.name != "conftest.py":
            assert not {"testing", "tests", "bench"} & set(rooms.tops(path)), path


def test_sending_knows_the_sandbox_by_two_doors_only() -> None:
    importers = {
        module
        for module, targets in rooms.imports("whatsapp").items()
        for target in targets
        if target.startswith(SANDBOX)
    }
    assert {module for module in importers if not module.startswith(SANDBOX)} == DOORS_TO_THE_SANDBOX


def test_an_arrow_up_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "whatsapp" / "sending"
    room.mkdir(parents=True)
    (room / "claims.py").write_text("def late():\n    from whatsapp.pages import bubble\n")
    (room / "pace.py").write_text("from calls.models import Call\nfrom whatsapp import recipients\n")
    (room / "quota.py").write_text("import frontdesk.settings\nfrom whatsapp.unheard_of import it\n")
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    assert rooms.wrong("whatsapp") == [
        Arrow("whatsapp.sending", "calls.models", ("whatsapp.sending.pace",)),
        Arrow("whatsapp.sending", "platform.settings", ("whatsapp.sending.quota",)),
        Arrow("whatsapp.sending", "whatsapp.pages", ("whatsapp.sending.claims",)),
        Arrow("whatsapp.sending", "whatsapp.unheard_of", ("whatsapp.sending.quota",)),
    ]
