"""All tools of the assistant, and those that a business offers its callers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from businesses.models import Business
from businesses.prepared import Prepared
from businesses.tenancy import acting_for
from calls.models import ToolSwitch
from calls.tools import (
    book_appointment,
    cancel_appointment,
    find_slots,
    look_up,
    look_up_caller,
    move_appointment,
    note_caller,
    opening_hours,
    own_appointments,
    send_whatsapp,
    take_message,
)
from calls.tools.kinds import Tool

if TYPE_CHECKING:
    from openai.types.realtime import RealtimeFunctionToolParam

TOOLS: Final[tuple[Tool[Any], ...]] = (
    take_message.TOOL,
    look_up_caller.TOOL,
    note_caller.TOOL,
    send_whatsapp.TOOL,
    find_slots.TOOL,
    book_appointment.TOOL,
    own_appointments.TOOL,
    move_appointment.TOOL,
    cancel_appointment.TOOL,
    opening_hours.TOOL,
    look_up.TOOL,
)
"""In the order in which owners and the model see them."""
decided: Final = Prepared(ToolSwitch.objects.all)
"""What owners have decided of tools."""
_BY_NAME: Final = {tool.name: tool for tool in TOOLS}


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool that a business offers, with what its owner wants the assistant to mind."""

    tool: Tool[Any]
    guidance: str = ""

    def function(self) -> RealtimeFunctionToolParam:
        """Returns the function as the model is told it."""
        description = f"{self.tool.description} {self.guidance}".strip()
        return {
            "type": "function",
            "name": self.tool.name,
            "description": description,
            "parameters": schema_of(self.tool.name),
        }


def tool_named(name: str) -> Tool[Any] | None:
    """Returns a tool by its name; None if there is no such tool (any more)."""
    return _BY_NAME.get(name)


def offered_by(business: Business) -> Sequence[Offered]:
    """Returns the tools that a business offers now: switched on, and with everything that they need."""
    offered = []
    with acting_for(business):
        switches = {switch.tool: switch for switch in decided.rows()}
        is_there = lru_cache(maxsize=None)(lambda need: need(business))  # tools that need the same ask for it once
        for tool in TOOLS:
            switch = switches.get(tool.name)
            is_on = switch.is_on if switch else tool.is_on_at_first
            if is_on and is_there(tool.is_offered):
                offered.append(Offered(tool, switch.guidance if switch else ""))
    return offered


@lru_cache(maxsize=128)
def schema_of(name: str) -> dict[str, Any]:
    """Returns the JSON schema of a tool's arguments: one object, without references, as OpenAI takes it."""
    (schema,), components = msgspec.json.schema_components([_BY_NAME[name].arguments], ref_template="{name}")
    whole = components[schema["$ref"]] if "$ref" in schema else schema
    return {key: value for key, value in whole.items() if key != "title"}
