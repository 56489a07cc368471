"""What the assistant may do for callers: the owner switches tools on and off and says what to mind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls.models import ToolSwitch
from calls.tools import switches
from calls.tools.kinds import Tool
from calls.tools.registry import TOOLS


class SwitchForm(forms.ModelForm):  # type: ignore[type-arg]
    """One tool."""

    class Meta:
        model = ToolSwitch
        fields = ("is_on", "guidance")
        labels = {"is_on": gettext_lazy("The assistant may do this")}  # noqa: RUF012 - Django reads it so
        widgets = {"guidance": forms.TextInput(attrs={"dir": "auto"})}  # noqa: RUF012 - likewise

    def __init__(self, business: Business, tool: Tool[Any], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._choices = tool.options
        for choice in tool.options:
            self.fields[choice.name] = forms.ChoiceField(
                label=choice.label,
                help_text=choice.help_text,
                choices=[("", _("None")), *choice.choices(business)],
                initial=self.instance.options.get(choice.name, ""),
                required=False,
            )

    def save(self, commit: bool = True) -> ToolSwitch:
        """Returns the switch with what was chosen."""
        chosen = {choice.name: self.cleaned_data[choice.name] for choice in self._choices}
        self.instance.options = {name: value for name, value in chosen.items() if value}
        switch: ToolSwitch = super().save(commit)
        return switch


@dataclass(frozen=True, slots=True)
class ShownTool:
    """A tool as the page shows it. `lacks`: what the business must set up before the tool is offered."""

    tool: Tool[Any]
    form: SwitchForm
    lacks: bool


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(roles=OWNERS, section="settings")
def tools(request: PageRequest) -> HttpResponse:
    """Show and change which tools callers are offered."""
    shown = list(_shown(request))
    if request.method != "POST":
        return render(request, "calls/tools.html", {"shown": shown})
    if not all(each.form.is_valid() for each in shown):
        return render(request, "calls/tools.html", {"shown": shown}, status=422)
    for each in shown:
        if each.form.has_changed():
            switches.save(each.form.save(commit=False))
    messages.success(request, _("Saved. It holds from the next call on."))
    return redirect("assistant-tools", slug=request.business.slug)


def _shown(request: PageRequest) -> list[ShownTool]:
    decided = switches.of(request.business)
    data = request.POST if request.method == "POST" else None
    has = lru_cache(maxsize=None)(lambda need: need(request.business))  # tools that need the same ask for it once
    return [
        ShownTool(
            tool,
            SwitchForm(request.business, tool, data, instance=decided[tool.name], prefix=tool.name),
            lacks=not has(tool.is_offered),
        )
        for tool in TOOLS
    ]
