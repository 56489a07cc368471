"""The form of an address of busy times, and why nothing could be read from one."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses import safe_http
from businesses.ics import sources
from businesses.ics.problems import FileProblem
from businesses.models import CalendarSource
from businesses.safe_http import Problem

PROBLEMS = {
    Problem.BAD_ADDRESS: gettext_lazy("This is not the address of a calendar, like https://example.com/calendar.ics."),
    Problem.NOT_HTTPS: gettext_lazy("Use an address that begins with https://."),
    Problem.PRIVATE: gettext_lazy("This address is not on the open internet, so it can't be read."),
    Problem.UNKNOWN_NAME: gettext_lazy("The name in the address is not known."),
    Problem.UNREACHABLE: gettext_lazy("Nothing answers there."),
    Problem.BAD_CERTIFICATE: gettext_lazy("Its certificate is not valid."),
    Problem.TOO_SLOW: gettext_lazy("It took too long to answer."),
    Problem.TOO_LARGE: gettext_lazy("The calendar is larger than 5 MB. Share one that holds fewer years."),
    Problem.REDIRECTED_TOO_OFTEN: gettext_lazy("It leads from one address to the next without an end."),
    Problem.BROKEN: gettext_lazy("The connection broke off, or the answer could not be read."),
    FileProblem.NOT_A_CALENDAR: gettext_lazy(
        "What is there is not a calendar in the ICS format. Copy the address that ends in .ics, not that of the page."
    ),
    FileProblem.TOO_MUCH_WORK: gettext_lazy("Reading it takes too long: an event in it is repeated without an end."),
    FileProblem.TOO_MANY: gettext_lazy("There are too many events in it."),
    FileProblem.UNDECRYPTED: gettext_lazy("The stored address can't be decrypted any more. Enter it again."),
}


def reason(source: CalendarSource) -> str:
    """Returns why the last try failed, in words; "" if it worked."""
    if source.problem == FileProblem.STATUS:
        if source.status in {401, 403, 404, 410}:
            return _("Its server says that it may not be read, or is gone (%(status)s). Copy it again.") % {
                "status": source.status
            }
        return _("Its server answered %(status)s.") % {"status": source.status}
    known = {str(code): words for code, words in PROBLEMS.items()}
    return str(known.get(source.problem, ""))


class SourceForm(forms.Form):
    """Where busy times are read."""

    url = forms.CharField(
        label=gettext_lazy("Address of the other calendar"),
        max_length=1_000,
        widget=forms.TextInput(
            attrs={
                "dir": "ltr",
                "inputmode": "url",
                "autocomplete": "off",
                "placeholder": "https://calendar.google.com/…/basic.ics",
            }
        ),
        help_text=gettext_lazy("It begins with https:// or webcal://, and usually ends in .ics."),
    )

    def clean_url(self) -> str:
        """Returns the address as it is asked. Names are looked up later, when it is fetched."""
        url = sources.normal(self.cleaned_data["url"])
        problem = safe_http.refusal(url)
        if problem is not None:
            raise ValidationError(PROBLEMS[problem])
        return url
