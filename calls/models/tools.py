"""What the assistant has done in calls by its tools, and which tools a business has switched on."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class ToolRun(models.Model):
    """One request of the model's that was carried out, or refused. Written in the transaction of what it has done."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, related_name="tool_runs")
    tool = models.CharField(max_length=40, help_text="`Tool.name`")
    tool_call_id = models.CharField(max_length=100, help_text="OpenAI's id of the request")
    arguments = models.JSONField(default=dict)
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the arguments; empty where nothing was changed"
    )
    code = models.CharField(max_length=40, help_text="what came of it: a code of `Tool.outcomes`")
    told = models.JSONField(default=dict, help_text="what the model was told besides")
    at = models.DateTimeField()

    objects = BusinessManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "tool_call_id"], name="one_run_per_tool_call")
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.code}"


class ToolSwitch(models.Model):
    """An owner's decision about a tool. Without a row it is on or off as `Tool.is_on_at_first` says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="tool_switches")
    tool = models.CharField(_("tool"), max_length=40)
    is_on = models.BooleanField(_("switched on"), default=True)
    guidance = models.CharField(
        _("what the assistant should mind"),
        max_length=300,
        blank=True,
        help_text=_("For example: only for new customers, or: ask for the order number first."),
    )

    options = models.JSONField(_("options"), default=dict, blank=True, help_text="`Tool.options`, by name")

    objects = BusinessManager()

    class Meta:
        verbose_name = _("tool of the assistant")
        verbose_name_plural = _("tools of the assistant")
        ordering: ClassVar[list[str]] = ["tool"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "tool"], name="one_switch_per_tool")
        ]

    def __str__(self) -> str:
        return self.tool
