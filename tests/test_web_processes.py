"""Each web process writes a sign of life, removes it when it ends in order, and is told of when it was killed."""

from __future__ import annotations

import re
import signal
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from businesses import web_processes
from businesses.models import User, WebProcess
from testing.servers import Daphne, StartDaphne

ROWS = """
from businesses.models import WebProcess
for row in WebProcess.objects.order_by("since"):
    print(row.name, row.calls_most, row.is_draining, row.lag_s < 60, row.since <= row.at)
"""


def seen(name: str, *, calls: int = 0, is_draining: bool = False, **ago: float) -> None:
    now = timezone.now()
    row = WebProcess(
        name=name, release="0.1", since=now - timedelta(days=1), calls=calls, calls_most=40, lag_s=0.02,
        is_draining=is_draining,
    )  # fmt: skip
    web_processes.note(row)
    WebProcess.objects.filter(name=name).update(at=now - timedelta(**ago))


@pytest.mark.django_db
def test_one_that_is_silent_is_told_of_for_an_hour_and_then_forgotten() -> None:
    seen("web-1:7", seconds=20)
    seen("web-2:7", minutes=59)
    seen("web-3:7", minutes=61)
    assert {each.row.name: each.is_silent for each in web_processes.look()} == {"web-1:7": False, "web-2:7": True}
    seen("web-1:7", seconds=0)
    assert sorted(WebProcess.objects.values_list("name", flat=True)) == ["web-1:7", "web-2:7"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "states"),
    [
        ("en", ["at work", "full, takes no more calls", "stopping, takes no more calls", "gone silent"]),
        ("he", ["פעיל", "מלא, אינו מקבל עוד שיחות", "בעצירה, אינו מקבל עוד שיחות", "השתתק"]),
    ],
)
def test_the_operators_page_tells_of_them(language: str, states: list[str]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@example.com", "qq-operator-pass"))
    seen("web-1:7", calls=3)
    seen("web-2:7", calls=40)
    seen("web-3:7", is_draining=True)
    seen("web-4:7", minutes=5, is_draining=True)
    with translation.override(language):
        page = client.get("/operator/", headers={"Accept-Language": language}).content.decode()
    rows = re.findall(r'<bdi dir="ltr">(web-.:7)</bdi>.*?badge \w+">([^<]+)<', page, re.DOTALL)
    assert sorted(rows) == [(f"web-{number}:7", state) for number, state in enumerate(states, 1)]


def rows_of(server: Daphne) -> list[str]:
    return [line for line in server.manage("shell", "--no-imports", "-c", ROWS).splitlines() if ":" in line]


def number_of(server: Daphne) -> str:
    return f":{server.process.pid} "


def test_processes_come_and_go(daphne: StartDaphne) -> None:
    first = daphne(CALLS_PER_PROCESS="7")
    second = daphne(beside=first, CALLS_PER_PROCESS="8")
    give_up_at = time.monotonic() + 60
    while len(rows := rows_of(first)) < 2:
        assert time.monotonic() < give_up_at, "they have not written"
    assert number_of(first) in rows[0]
    assert rows[0].endswith(" 7 False True True")
    assert number_of(second) in rows[1]
    assert rows[1].endswith(" 8 False True True")
    assert second.stop() == 0
    (left,) = rows_of(first)
    assert number_of(first) in left, "who ends in order leaves no row"
    first.stop(signal.SIGKILL)
    (left,) = rows_of(first)
    assert number_of(first) in left, "who was killed is told of"
