"""Two processes are asked for the same at the same moment: each tool acts once, and both tell the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from calls.models import Call
from calls.tests.conftest import NOW
from calls.tools import running
from tests.tools.wishes import DONE, Wish, caller_of, open_shop, wish_for

PROCESSES = 3


@pytest.mark.parametrize("ids", [("c1", "c1", "c1"), ("c1", "c2", "c3")], ids=["the same id", "ids of their own"])
def test_each_tool_acts_once(transactional_db: None, ids: tuple[str, ...]) -> None:
    with open_shop() as shop:
        for tool, done in DONE.items():
            call = caller_of(shop)
            wish = wish_for(tool, shop, call)
            first, *others = at_once(call, wish, ids)
            assert first["outcome"] == done
            assert others == [first, first]
            assert wish.effects() == 1


def at_once(call: Call, wish: Wish, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Ask for it under each id, at once. Return what was told."""
    together = Barrier(PROCESSES)

    def ask(tool_call_id: str) -> dict[str, Any]:
        together.wait()
        try:
            done = running.run_tool(
                call.pk, call.business, tool_call_id=tool_call_id, name=wish.tool, arguments=wish.arguments, now=NOW
            )
            told: dict[str, Any] = json.loads(done.output)
            return told
        finally:
            connection.close()

    with ThreadPoolExecutor(PROCESSES) as threads:
        return list(threads.map(ask, ids))
