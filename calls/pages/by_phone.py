"""Recording one of the texts by telephone: a code for a call from a number that the member names."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business, PhoneNumber
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.phone_numbers import NotDialable, dialable_e164
from calls.greetings import dictations
from calls.greetings.dictations import TooManyCodes
from calls.greetings.opening import text_of
from calls.models import GreetingPart
from calls.pages import greeting


class ByPhoneForm(forms.Form):
    """Which text, and from which telephone the member will call."""

    part = forms.TypedChoiceField(
        choices=[each for each in GreetingPart.choices if each[0] != GreetingPart.TOGETHER],
        coerce=GreetingPart,
        widget=forms.HiddenInput,
    )
    number = forms.CharField(
        label=gettext_lazy("The phone that you will call from"),
        help_text=gettext_lazy("Its number must be shown when you call. Only calls from it are asked for the code."),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "tel"}),
    )

    def __init__(self, business: Business, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.business = business

    def clean_number(self) -> str:
        """Returns the number in E.164. Refuses one that is not a telephone's, or is one of ours."""
        try:
            number = dialable_e164(self.cleaned_data["number"], self.business.region())
        except NotDialable:
            raise forms.ValidationError(_("Write a phone number with its country or area code.")) from None
        if PhoneNumber.every.filter(number=number).exists():  # of any business: nobody calls from these
            raise forms.ValidationError(_("This number is answered here. Write the one that you will call from."))
        return number


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def begin(request: PageRequest) -> HttpResponse:
    """Make a code and show it, this once."""
    form = ByPhoneForm(request.business, request.POST)
    if form.is_valid():
        part: GreetingPart = form.cleaned_data["part"]
        if text_of(request.business, part):
            try:
                row, code = dictations.begin(
                    request.business, request.user, part=part, from_number=form.cleaned_data["number"],
                    now=timezone.now(),
                )  # fmt: skip
            except TooManyCodes:
                form.add_error("number", _("That is enough for today. Record with the microphone, or try tomorrow."))
            else:
                return greeting.shown(request, code=f"{code[:3]} {code[3:]}", dictation=row)
    return greeting.shown(request, by_phone=form)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def cancel(request: PageRequest) -> HttpResponse:
    """Make the code void."""
    dictations.cancel(request.business, request.user)
    return redirect("greeting-state", slug=request.business.slug)
