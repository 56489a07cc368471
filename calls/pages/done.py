"""What the assistant did in a call, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from calls.models import Call, ToolRun
from calls.tools.registry import tool_named
from calls.tools.running import BAD_ARGUMENTS, FAILED

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_COMMON: dict[str, StrOrPromise] = {
    FAILED: _("It did not work"),
    BAD_ARGUMENTS: _("The assistant asked for it in a wrong way; nothing was done"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """One thing. `said`: names and values of what the caller wanted; `is_done`: something has come of it."""

    title: StrOrPromise
    outcome: StrOrPromise
    at: datetime
    said: tuple[tuple[StrOrPromise, str], ...]
    is_done: bool


def done_in(call: Call) -> Iterator[Done]:
    """Yields what the assistant did in a call, in order."""
    for run in ToolRun.objects.filter(call=call):
        tool = tool_named(run.tool)
        words = {**_COMMON, **(tool.outcomes if tool else {})}
        names = tool.argument_names if tool else {}
        said = tuple((names[key], str(value)) for key, value in run.arguments.items() if value and key in names)
        is_done = bool(run.fingerprint) or bool(tool and tool.changes_nothing and run.code not in _COMMON)
        yield Done(tool.title if tool else run.tool, words.get(run.code, run.code), run.at, said, is_done)
