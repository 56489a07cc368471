"""What a business wants to happen after its calls: the page on which an owner chooses."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from businesses import messenger
from businesses.messenger import TemplateChoice
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls.followups import rescue, short_news
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
        self.fields["rescue_template"], self.is_lost = _template_field(
            self.fields["rescue_template"], templates, self.instance.rescue_template
        )


class FollowUpsForm(_Form):
    """Whether what is left to do after a call becomes a task."""

    class Meta:
        model = AfterCalls
        fields: ClassVar[list[str]] = ["follow_up_tasks"]


class NewsForm(_Form):
    """With which template members are told of calls by WhatsApp."""

    class Meta:
        model = AfterCalls
        fields: ClassVar[list[str]] = ["news_template"]

    def __init__(self, *args: Any, templates: list[TemplateChoice], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["news_template"], self.is_lost = _template_field(
            self.fields["news_template"], templates, self.instance.news_template
        )


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def after_calls(request: PageRequest) -> HttpResponse:
    """Show the choices, and save one part of them on POST: `part` says which."""
    part, business = request.POST.get("part", ""), request.business
    sendable = messenger.templates(business)
    of_rescue, of_news = rescue.usable_templates(sendable), short_news.usable_templates(sendable)

    def given(name: str) -> QueryDict | None:
        return request.POST if part == name else None

    chosen = rescue.choices_of(business)
    form = RescueForm(given("rescue"), instance=copy(chosen), templates=of_rescue)
    follow_ups = FollowUpsForm(given("follow_ups"), instance=copy(chosen))
    news_form = NewsForm(given("news"), instance=copy(chosen), templates=of_news)
    valid: _Form | None = next((each for each in (form, follow_ups, news_form) if each.is_valid()), None)
    if valid is not None:
        rescue.choose(business, valid.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect("after-calls", slug=business.slug)
    context = {
        "form": form,
        "follow_ups": follow_ups,
        "news_form": news_form,
        "is_wrong": bool(form.errors or news_form.errors),
        "templates": of_rescue,
        "news_templates": of_news,
        "draft": f"?{urlencode(_draft(business))}",
        "rescues": Rescue.objects.filter(business=business).select_related("call")[:SHOWN],
    }
    return render(request, "calls/after_calls.html", context, status=422 if context["is_wrong"] else 200)


def _draft(business: Business) -> dict[str, str]:
    """Returns a template for news in the language of the business, as the form for new ones takes it."""
    with translation.override(business.language):
        return short_news.draft(business)


def _template_field(
    described: forms.Field, templates: list[TemplateChoice], stored: str
) -> tuple[forms.ChoiceField, bool]:
    """Returns the field to choose one of these templates, and whether the stored one can't be sent now."""
    choices: list[tuple[str, Any]] = [("", "–"), *((each.name, each.name) for each in templates)]
    is_lost = bool(stored) and stored not in {each.name for each in templates}
    if is_lost:
        choices.append((stored, format_lazy("{} ({})", stored, gettext_lazy("can't be sent now"))))
    field = forms.ChoiceField(label=described.label, help_text=described.help_text, choices=choices, required=False)
    return field, is_lost
