"""News of calls to the member who reads the page: by mail, by WhatsApp, and what became of the last messages."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses import messenger
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.mail import can_mail
from businesses.messenger import Refusal, Standing
from businesses.models import Business, Membership
from businesses.pages.access import PageRequest, business_page
from calls.followups import news as mails
from calls.followups import whatsapp_choices
from calls.models import AfterCalls, NewsChoice, WhatsappNews, WhatsappNewsChoice, WhatsappNewsResult, WhatsappWhen

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise
    from django_stubs_ext import WithAnnotations

    class _Annotations(TypedDict):
        has_template: bool

    Chosen = WithAnnotations[WhatsappNewsChoice, _Annotations]
    _MailForm = forms.ModelForm[NewsChoice]
    _WhatsappForm = forms.ModelForm[WhatsappNewsChoice]
else:
    _MailForm = _WhatsappForm = forms.ModelForm

SHOWN = 10
_TEMPLATE = gettext_lazy("Write anything to the business's number, or ask an owner to choose a template.")
TO_DO: Final[Mapping[str, StrOrPromise]] = {
    WhatsappNewsResult.FAILED: gettext_lazy("Check that the number above is on WhatsApp."),
    WhatsappNewsResult.NO_WHATSAPP: gettext_lazy("An owner has to look at the business's WhatsApp numbers."),
    WhatsappNewsResult.NO_NUMBER: gettext_lazy("Check the number above."),
    WhatsappNewsResult.OPTED_OUT: gettext_lazy("Write “start” to the business's number, and choose again above."),
    WhatsappNewsResult.NO_WINDOW: _TEMPLATE,
    WhatsappNewsResult.NO_TEMPLATE: _TEMPLATE,
    WhatsappNewsResult.BAD_VALUES: _TEMPLATE,
}
"""What a member can do about a message that did not come."""


class MailForm(_MailForm):
    """When the person who reads this page is mailed about calls."""

    class Meta:
        model = NewsChoice
        fields: ClassVar[list[str]] = ["mail", "digest_hour"]


class WhatsappForm(_WhatsappForm):
    """When that person is told of calls by WhatsApp, and at which number."""

    number = WrittenPhoneNumberField(
        label=gettext_lazy("Your WhatsApp number"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "tel"}),
    )

    class Meta:
        model = WhatsappNewsChoice
        fields: ClassVar[list[str]] = ["when", "digest_hour", "number"]

    def __init__(self, data: QueryDict | None, *, instance: WhatsappNewsChoice, business: Business) -> None:
        super().__init__(data, instance=instance, prefix="whatsapp")
        self.business = business
        if data is not None:
            self.fields["number"].region = business.region()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse what could send nothing: no number, or one whose holder opted out."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("when") == WhatsappWhen.NEVER or "number" not in cleaned:
            return cleaned
        if not cleaned["number"]:
            self.add_error("number", _("Write the number of your WhatsApp."))
        elif messenger.may_message(self.business, cleaned["number"]) is Refusal.OPTED_OUT:
            words = _("This number opted out of messages. Write “start” from it to %(number)s first.")
            self.add_error("number", words % {"number": messenger.own_number(self.business)})
        return cleaned


@dataclass(frozen=True, slots=True)
class Shown:
    """A message, where it is, and what can be done about it."""

    row: WhatsappNews
    standing: Standing | None

    @property
    def to_do(self) -> StrOrPromise:
        """What the member can do."""
        return TO_DO.get(self.row.result, "")


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calls")
def news(request: PageRequest) -> HttpResponse:
    """Show the member's choices, and save one part of them on POST: `part` says which."""
    member = next((each for each in request.user.own_memberships if each.business_id == request.business.pk), None)
    if member is None:
        return render(request, "calls/news.html", {})
    part, now, language = request.POST.get("part", ""), timezone.now(), get_language() or "en"
    mail = MailForm(
        request.POST if part == "mail" else None, instance=NewsChoice.objects.filter(membership=member).first()
    )
    chosen = _chosen(request.business, member)
    whatsapp = WhatsappForm(
        request.POST if part == "whatsapp" else None,
        instance=copy(chosen) or WhatsappNewsChoice(),
        business=request.business,
    )
    if part == "check" and chosen:
        whatsapp_choices.prove(chosen.pk, now=now)
        return redirect("news", slug=request.business.slug)
    if mail.is_valid():
        mails.choose(member, **mail.cleaned_data, language=language, now=now)
    elif whatsapp.is_valid():
        whatsapp_choices.choose(member, **whatsapp.cleaned_data, language=language, now=now)
    else:
        return _page(request, mail, whatsapp, chosen)
    messages.success(request, _("Saved."))
    return redirect("news", slug=request.business.slug)


def _chosen(business: Business, member: Membership) -> Chosen | None:
    """Returns what the member has chosen, and whether the business has a template for it."""
    with_template = AfterCalls.objects.filter(business=OuterRef("business")).exclude(news_template="")
    rows = WhatsappNewsChoice.objects.filter(business=business, membership=member)
    return rows.annotate(has_template=Exists(with_template)).first()


def _page(request: PageRequest, mail: MailForm, whatsapp: WhatsappForm, chosen: Chosen | None) -> HttpResponse:
    is_wrong = bool(mail.errors or whatsapp.errors)
    context = {
        "mail_form": mail,
        "whatsapp_form": whatsapp,
        "chosen": chosen,
        "can_mail": can_mail(),
        "is_wrong": is_wrong,
        "last": _last(request.business, chosen) if chosen else [],
    }
    context |= _standing(request.business, chosen)
    return render(request, "calls/news.html", context, status=422 if is_wrong else 200)


def _standing(business: Business, chosen: Chosen | None) -> dict[str, object]:
    """Returns what the page says above the form: whether news can come, and what the member has to do."""
    if chosen and chosen.when != WhatsappWhen.NEVER and chosen.proved_at:
        refusal = messenger.may_message(business, chosen.number)
        return {"cannot_send": refusal is Refusal.NO_WHATSAPP, "has_stopped": refusal is Refusal.OPTED_OUT}
    number = messenger.own_number(business)
    found: dict[str, object] = {
        "cannot_send": not number,
        "has_stopped": chosen is not None and chosen.stopped_at is not None,
    }
    if chosen is None or chosen.code_until is None or not number:
        return found
    text = whatsapp_choices.text_to_write(chosen)
    return found | {
        "is_over": chosen.code_until <= timezone.now(),
        "text": text,
        "own_number": number,
        "chat": f"https://wa.me/{number.removeprefix('+')}?text={quote(text)}",
    }


def _last(business: Business, chosen: WhatsappNewsChoice) -> list[Shown]:
    rows = list(WhatsappNews.objects.filter(choice=chosen)[:SHOWN])
    standings = messenger.standings(business, [row.pk for row in rows])
    return [Shown(row, standings.get(row.pk)) for row in rows]
