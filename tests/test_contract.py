"""`docs/contract.md` lists exactly the interfaces that the code offers to the outside."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve

from calls.line.routing import websocket_urlpatterns
from calls.sandbox.telephone.call_report import CallReport
from testing.databases import ROOT
from whatsapp.states import BroadcastStatus, PauseReason, RecipientStatus, SkipReason

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs" / "contract.md").read_text()
OURS = {"businesses", "calls", "frontdesk", "whatsapp"}
PEOPLE = "phone,1,2\n+972501234567,Dana,tomorrow at ten\nnobody,A,B\n"


def part(title: str) -> str:
    """Returns the text below a second-level heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


PLAIN = BaseCommand().create_parser("manage.py", "plain")
SECTIONS = {
    name: section
    for section in part("Commands").split("\n### ")[1:]
    for name in re.findall(r"`(\w+)(?: [A-Z_]+)?`", section.splitlines()[0])
}


def printed(command: str) -> set[str]:
    """Returns the keys that a command's section lists, without those in brackets, which belong to a value."""
    (listed,) = re.findall(r"^Prints: (.+?)\n\n", SECTIONS[command] + "\n\n", re.MULTILINE | re.DOTALL)
    return quoted(re.sub(r"\([^)]*\)", "", listed))


def own_options(command: str, app: str) -> set[str]:
    """Returns the options that a command adds to those of every Django command."""
    known, every = (
        {option for action in parser._actions for option in action.option_strings}
        for parser in (load_command_class(app, command).create_parser("manage.py", command), PLAIN)
    )
    return known - every


def routes(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


def test_every_command_has_a_section_with_exactly_its_options() -> None:
    commands = {name: app for name, app in get_commands().items() if app in OURS}
    assert set(SECTIONS) == set(commands)
    for name in set(commands) - {"migrate", "runserver"}:  # their options are Django's
        assert set(re.findall(r"--[a-z][a-z-]*", SECTIONS[name])) - {"--help"} == own_options(name, commands[name]), (
            name
        )


def test_every_address_outside_a_business_is_listed() -> None:
    listed = {re.sub(r"<[^>]*>", "<>", each.split(" ")[-1]) for each in quoted(part("Addresses"))}
    for route in routes(get_resolver()):
        if not route.startswith(("/b/", "/admin/", "/accounts/")):
            plain = re.sub(r"<[^>]*>", "<>", route)
            assert plain in listed or f"{plain}/" in listed, route
    for pattern in websocket_urlpatterns:
        assert f"WS /{pattern.pattern}" in part("Addresses")


def test_every_listed_address_is_served() -> None:
    table, pages = part("Addresses").split("\nPages of a business")
    listed = [each.split(" ")[-1] for each in quoted(table) if re.match(r"((GET|POST) )?/", each) and "…" not in each]
    below = [f"/b/acme/{each}" for each in quoted(pages) if not each.startswith("/")]
    assert len(listed) > 10
    assert len(below) > 15
    for address in listed + below:
        resolve(re.sub(r"<\w+>", "00000000-0000-4000-8000-000000000000", address.replace("<number>", "1")))


def test_every_address_of_the_inbox_is_listed() -> None:
    """Each is written as below a business, with any of its ids as `<id>`."""
    inbox = {route.removeprefix("/b/<slug:slug>/") for route in routes(get_resolver()) if "/inbox/" in route}
    assert len(inbox) > 10
    assert {re.sub(r"<[^>]*>", "<id>", route) for route in inbox} <= quoted(part("Addresses"))


def test_every_variable_is_listed() -> None:
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    table = part("Environment").split("|---|---|\n")[1]
    assert {name for name in quoted(table) if name.isupper()} == explained


def test_the_listed_values_are_those_of_the_code() -> None:
    lines = [set(re.findall(r"`(\w+)`", line)) for line in part("Values").strip().splitlines()]
    assert lines == [set(kind.values) for kind in (BroadcastStatus, PauseReason, RecipientStatus, SkipReason)]


def test_the_named_tables_exist() -> None:
    assert quoted(part("Tables")) <= {model._meta.db_table for model in apps.get_models()}


@pytest.mark.django_db
def test_the_named_figures_are_those_of_the_metrics_page(settings: Any) -> None:
    settings.DEBUG = True
    body = Client().get("/metrics").content.decode()
    named = {each.partition("{")[0] for each in quoted(part("Figures")) if each.startswith("frontdesk_")}
    assert named == set(re.findall(r"^# TYPE (frontdesk_\w+)", body, re.M))


def run(command: str, *arguments: str) -> dict[str, Any]:
    """Run a command and check the keys of what it prints against the page."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    assert set(answer) == printed(command), command
    return answer


@pytest.mark.django_db
def test_commands_print_exactly_the_listed_keys(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DEBUG = True  # for the stand-in
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    run("create_business", "acme", "--name", "Acme", "--phone", "+97231234567")
    run("connect_whatsapp", "acme", "--provider", "sandbox")
    run("sync_templates", "acme")
    run("import_contacts", "acme", "--csv", str(file))
    template = ["--template", "appointment_reminder", "--language", "en_US"]
    made = run("create_broadcast", "acme", *template, "--csv", str(file))
    assert set(made["preflight"]) == quoted(SECTIONS["create_broadcast"].split("what a start will do: ")[1])
    for command in ("broadcast_status", "start_broadcast", "pause_broadcast", "resume_broadcast", "cancel_broadcast"):
        run(command, made["id"])
    run("rotate_credentials")


def test_a_simulated_call_prints_the_listed_keys() -> None:
    more = {"recording", "call_id", "dialled", "back_after_s", "messages", "pressed"}
    assert {field.name for field in fields(CallReport)} | more == printed("call")
