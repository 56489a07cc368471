"""What a business wants to happen after its calls: the page on which an owner chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses.mail import can_mail
from businesses.messenger import TemplateChoice
from businesses.models import Membership
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls.followups import news, rescue
from calls.models import AfterCalls, NewsChoice, Rescue

if TYPE_CHECKING:
    _Form = forms.ModelForm[AfterCalls]
    _NewsForm = forms.ModelForm[NewsChoice]
else:
    _Form = _NewsForm = forms.ModelForm

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


class FollowUpsForm(_Form):
    """Whether what is left to do after a call becomes a task."""

    class Meta:
        model = AfterCalls
        fields: ClassVar[list[str]] = ["follow_up_tasks"]


class NewsForm(_NewsForm):
    """When the person who reads this page is mailed about calls."""

    class Meta:
        model = NewsChoice
        fields: ClassVar[list[str]] = ["mail", "digest_hour"]


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def after_calls(request: PageRequest) -> HttpResponse:
    """Show the choices, and save one part of them on POST: `part` says which."""
    part = request.POST.get("part", "")
    templates = rescue.usable_templates(request.business)
    given = request.POST if part == "rescue" else None
    form = RescueForm(given, instance=rescue.choices_of(request.business), templates=templates)
    member = Membership.objects.filter(business=request.business, user=request.user).first()
    news_form = _news_form(request, member, part) if member else None
    follow_ups = FollowUpsForm(
        request.POST if part == "follow_ups" else None, instance=rescue.choices_of(request.business)
    )
    if form.is_valid():
        rescue.choose(request.business, form.save(commit=False))
    elif follow_ups.is_valid():
        rescue.choose(request.business, follow_ups.save(commit=False))
    elif member and news_form and news_form.is_valid():
        news.choose(member, **news_form.cleaned_data, language=get_language() or "en", now=timezone.now())
    else:
        return _page(request, form, follow_ups, news_form, templates)
    messages.success(request, _("Saved."))
    return redirect("after-calls", slug=request.business.slug)


def _news_form(request: PageRequest, member: Membership, part: str) -> NewsForm:
    chosen = NewsChoice.objects.filter(membership=member).first()
    return NewsForm(request.POST if part == "news" else None, instance=chosen)


def _page(
    request: PageRequest,
    form: RescueForm,
    follow_ups: FollowUpsForm,
    news_form: NewsForm | None,
    templates: list[TemplateChoice],
) -> HttpResponse:
    is_wrong = bool(form.errors or (news_form and news_form.errors))
    context = {
        "form": form,
        "follow_ups": follow_ups,
        "news_form": news_form,
        "can_mail": can_mail(),
        "is_wrong": is_wrong,
        "templates": templates,
        "rescues": Rescue.objects.filter(business=request.business).select_related("call")[:SHOWN],
    }
    return render(request, "calls/after_calls.html", context, status=422 if is_wrong else 200)
