"""Which tools an owner has switched on. Without a decision a tool is as `Tool.is_on_at_first` says."""

from __future__ import annotations

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.models import Business
from calls.models import ToolSwitch
from calls.tools.registry import TOOLS


def of(business: Business) -> dict[str, ToolSwitch]:
    """Returns the switch of each tool, by its name; one that nobody has set is not saved."""
    saved = {switch.tool: switch for switch in ToolSwitch.objects.filter(business=business)}
    return {
        tool.name: saved.get(tool.name) or ToolSwitch(business=business, tool=tool.name, is_on=tool.is_on_at_first)
        for tool in TOOLS
    }


def save(switch: ToolSwitch) -> None:
    """Save a switch, and note in the audit log what has changed by that."""
    with transaction.atomic():
        before = of(switch.business)[switch.tool]
        switch.save()
        if differences := changes(before, switch, ("is_on", "guidance", "options")):
            named = {f"{switch.tool}.{field}": values for field, values in differences.items()}
            record(switch.business, AuditKind.SETTINGS_CHANGED, of="calls.ToolSwitch", changes=named)
