"""The form of an address that is told what happens, and why one is refused."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses import safe_http
from businesses.models import Happening
from businesses.safe_http import Problem

PROBLEMS = {
    Problem.BAD_ADDRESS: _("This is not the address of a web page, like https://example.com/hook."),
    Problem.NOT_HTTPS: _("Use an address that begins with https://."),
    Problem.PRIVATE: _("This address is not on the open internet, so it can't be told."),
    Problem.UNKNOWN_NAME: _("The name in the address is not known."),
    Problem.UNREACHABLE: _("Nothing answers there."),
    Problem.BAD_CERTIFICATE: _("Its certificate is not valid."),
    Problem.TOO_SLOW: _("It took too long to answer."),
    Problem.TOO_LARGE: _("The answer was too large."),
    Problem.REDIRECTED_TOO_OFTEN: _("It leads from one address to the next without an end."),
    Problem.BROKEN: _("The connection broke off, or the answer could not be read."),
}
"""Why something has not been sent."""


class WebhookForm(forms.Form):
    """Where to, and of what."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url", "placeholder": "https://example.com/hook"}),
        help_text=_("We send a POST request with JSON to it. It must begin with https:// and be on the open internet."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Tell it when"), choices=Happening.choices, widget=forms.CheckboxSelectMultiple
    )

    def clean_url(self) -> str:
        """Returns the address. One that is refused as it is written is refused here; names are looked up later."""
        url: str = self.cleaned_data["url"].strip()
        problem = safe_http.refusal(url)
        if problem is not None:
            raise ValidationError(PROBLEMS[problem])
        return url

    @property
    def happenings(self) -> list[Happening]:
        """Returns what is ticked, of a valid form."""
        return [Happening(kind) for kind in self.cleaned_data["kinds"]]
