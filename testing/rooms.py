"""Checks that imports between the code's rooms run only downwards: `python -m testing.rooms`.

A room is a folder of an app, or a module on the app's top. Each app lists its rooms floor by floor, from the top
down; a room may import only itself and lower floors. Between apps the same holds for `APPS`, and `calls` and
`whatsapp` don't import each other at all. Imports for the type checker alone (`if TYPE_CHECKING`) don't count.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

APPS = (("platform",), ("calls", "whatsapp"), ("businesses",))
"""The apps, floor by floor. Apps on one floor don't import each other."""
IMPORT_NAMES = {"frontdesk": "platform"}
"""Apps whose import name is not their folder's name (docs/decisions/0001-platform-folder.md)."""

FLOORS: dict[str, tuple[str, ...]] = {
    "whatsapp": (
        "apps urls management templatetags",
        "admin doctor",
        "pages",
        "tasks polls",
        "keeping",
        "running",
        "webhooks",
        "series",
        "control",
        "numbers",
        "sending",
        "inbox",
        "media",
        "broadcasts",
        "importing",
        "audience",
        "tables",
        "people",
        "recipients",
        "providers",
        "doorbell",
        "opt_outs",
        "models",
        "errors",
        "reasons",
        "template_drafting",
        "template_variables",
        "causes",
        "insert lookups",
        "states bare_process columns last_columns",
    ),
    "calls": (
        "apps urls management templatetags",
        "admin doctor",
        "admin_transfers admin_voicemail admin_outgoing",
        "pages",
        "tasks polls",
        "keeping synthetic",
        "line",
        "telephone",
        "outgoing",
        "records",
        "plan",
        "tools",
        "followups",
        "greetings",
        "instructions model_checks",
        "facts",
        "known weekly",
        "transfer_targets",
        "sandbox",
        "audio figures",
        "conversation",
        "openai_http openai_websocket",
        "openai_errors openai_messages openai_models mailbox past",
        "models",
        "errors json_text short_waits",
    ),
    "businesses": (
        "apps urls management templatetags middleware",
        "admin",
        "admin_calendar admin_forms admin_hours pages",
        "fence",
        "forms",
        "tasks doctor",
        "polls",
        "hooks api_tokens ics",
        "signing_in",
        "invitation_mail",
        "invitations registration business_options",
        "invitation_codes",
        "membership",
        "calendar",
        "keeping",
        "hours knowledge",
        "audit happenings permissions usage known_people last_calls messenger reminder_calls heartbeats web_processes",
        "models",
        "call_settings",
        "validators",
        "dialling",
        "changes countries field_words phone_numbers public_address client_address untrusted_json credentials mail"
        " database_watch read_ahead safe_http",
        "database_absence media_folder prepared",
        "absence adding_indexes basic_login garbage hidden public_networks spans remembered signals tenancy errors",
        "countries_in_hebrew countries_in_english",
    ),
}
"""Rooms from the top floor down; several on one floor don't import each other."""


@dataclass(frozen=True, slots=True, order=True)
class Arrow:
    """One room imports another; `modules` are the importing ones. Rooms are written like `whatsapp.sending`."""

    source: str
    target: str
    modules: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source} → {self.target} (in {', '.join(self.modules)})"


def imports(app: str) -> dict[str, set[str]]:
    """Returns what each module of an app imports from our apps, without tests and migrations."""
    found = {}
    for path in sorted((ROOT / app).rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts) and path.name != "conftest.py":
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[module] = {name for name in map(_our_name, _imported(path)) if name}
    return found


def arrows(app: str) -> list[Arrow]:
    """Returns every arrow between two rooms that starts in this app."""
    found: dict[tuple[str, str], set[str]] = {}
    for module, targets in imports(app).items():
        for target in targets:
            if room_of(target) != room_of(module):
                found.setdefault((room_of(module), room_of(target)), set()).add(module)
    return [Arrow(source, target, tuple(sorted(modules))) for (source, target), modules in sorted(found.items())]


def room_of(module: str) -> str:
    """Returns the room of a module: `whatsapp.sending` for `whatsapp.sending.claims`."""
    return ".".join(module.split(".")[:2])


def rooms(app: str) -> set[str]:
    """Returns the names of an app's rooms, without the app's name."""
    folders = {path.parent.name for path in (ROOT / app).glob("*/*.py")}
    modules = {path.stem for path in (ROOT / app).glob("*.py")}
    return (folders | modules) - {"__init__", "conftest", "tests", "migrations"}


def wrong(app: str) -> list[Arrow]:
    """Returns the arrows of an app that run up, or to a room of the same floor."""
    return [arrow for arrow in arrows(app) if not _runs_down(arrow)]


def _runs_down(arrow: Arrow) -> bool:
    (source_app, source), (target_app, target) = _split(arrow.source), _split(arrow.target)
    if source_app == target_app:
        floors = FLOORS.get(source_app)
        return floors is None or 0 <= _floor(floors, source) < _floor(floors, target)
    apps = [" ".join(names) for names in APPS]
    return _floor(apps, source_app) < _floor(apps, target_app)


def _split(room: str) -> tuple[str, str]:
    app, _dot, name = room.partition(".")
    return app, name


def _floor(floors: Sequence[str], name: str) -> int:
    """Returns the number of a room's floor, counted from the top; -1 for a room that no floor lists."""
    return next((number for number, names in enumerate(floors) if name in names.split()), -1)


def tops(path: Path) -> set[str]:
    """Returns the top-level package names that a file imports."""
    return {name.partition(".")[0] for name in _imported(path)}


def _our_name(name: str) -> str | None:
    """Returns an imported module by its folder's name; None if it is not in our apps."""
    top, _dot, rest = name.partition(".")
    if top in IMPORT_NAMES:
        return f"{IMPORT_NAMES[top]}.{rest}".rstrip(".")
    return name if top in FLOORS else None


def _imported(path: Path) -> Iterator[str]:
    """Yields everything that a file imports, at any depth, like `whatsapp.sending.claims.claim`."""
    for node in _running_code(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _running_code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields every node of a module except those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _running_code(node)


def main() -> int:
    """Print the floors of each app with the arrows from each room, and those that run up."""
    bad = 0
    for app, floors in FLOORS.items():
        found = arrows(app)
        inner = [arrow for arrow in found if _split(arrow.target)[0] == app]
        print(f"{app}: {len(rooms(app))} rooms, {len(inner)} arrows")
        for number, names in enumerate(floors, start=1):
            for name in names.split():
                targets = [_split(arrow.target)[1] for arrow in inner if arrow.source == f"{app}.{name}"]
                print(f"  {number:2} {name}" + (f" → {', '.join(targets)}" if targets else ""))
        for arrow in wrong(app):
            bad += 1
            print(f"  up: {arrow}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
