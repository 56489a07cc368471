"""What a business wants to happen after its calls: the page on which an owner chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from businesses.messenger import TemplateChoice
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls.followups import rescue
from calls.models import AfterCalls, Rescue

if TYPE_CHECKING:
    _Form = forms.ModelForm[AfterCalls]
else:
    _Form = forms.ModelForm

SHOWN = 10


class RescueForm(_Form):
    """Whether callers whom nobody served are written to, and with which template."""

    class Meta:
        model = AfterCalls
        fields: ClassVar[list[str]] = ["rescue_enabled", "rescue_template"]

    def __init__(self, *args: Any, templates: list[TemplateChoice], **options: Any) -> None:
        super().__init__(*args, **options)
        described = self.fields["rescue_template"]
        choices: list[tuple[str, Any]] = [("", "–"), *((each.name, each.name) for each in templates)]
        stored = self.instance.rescue_template
        self.is_lost = bool(stored) and stored not in {each.name for each in templates}
        if self.is_lost:
            choices.append((stored, format_lazy("{} ({})", stored, gettext_lazy("can't be sent now"))))
        self.fields["rescue_template"] = forms.ChoiceField(
            label=described.label, help_text=described.help_text, choices=choices, required=False
        )


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def after_calls(request: PageRequest) -> HttpResponse:
    """Show the choices, and save them on POST."""
    templates = rescue.usable_templates(request.business)
    chosen = rescue.choices_of(request.business)
    form = RescueForm(request.POST or None, instance=chosen, templates=templates)
    if form.is_valid():
        rescue.choose(request.business, form.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect("after-calls", slug=request.business.slug)
    context = {
        "form": form,
        "templates": templates,
        "rescues": Rescue.objects.filter(business=request.business).select_related("call")[:SHOWN],
    }
    return render(request, "calls/after_calls.html", context, status=422 if form.errors else 200)
