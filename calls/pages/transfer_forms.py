"""The form of a person or department whom callers can be put through to; pages and admin share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.models import Business
from businesses.phone_numbers import NotDialable, dialable_e164
from businesses.validators import dial_words
from calls.conversation.transfers import one_line
from calls.models import ReachedWhen, TransferTarget
from calls.transfer_targets import MOST_NUMBERS

if TYPE_CHECKING:
    _Form = forms.ModelForm[TransferTarget]
else:
    _Form = forms.ModelForm


class TransferTargetForm(_Form):
    """A person or department. Numbers are written one a line, and ring in that order."""

    numbers = forms.CharField(
        label=gettext_lazy("Phone numbers"),
        help_text=gettext_lazy("One in each line. They ring one after the other until somebody takes the call."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
    )
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Days"),
        help_text=gettext_lazy("None marked: every day."),
        choices=[(str(day), WEEKDAYS[day]) for day in (6, 0, 1, 2, 3, 4, 5)],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = TransferTarget
        fields = (
            "name", "about", "numbers", "reached_when", "from_time", "until_time", "weekdays", "asks_for_key", "is_on",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            "about": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            "from_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "until_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, business: Business, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business = business
        self.initial["numbers"] = "\n".join(self.instance.numbers)
        self.initial["weekdays"] = list(self.instance.weekdays)

    def clean_name(self) -> str:
        """Keep the name on one line; the model chooses by it, so it must be the only one."""
        name = one_line(str(self.cleaned_data["name"]))
        others = TransferTarget.objects.filter(business=self.business).exclude(pk=self.instance.pk)
        if name.casefold() in (each.casefold() for each in others.values_list("name", flat=True)):
            raise ValidationError(_("There is somebody of this name already."), code="taken")
        if not name:
            raise ValidationError(_("Write a name."), code="required")
        return name

    def clean_about(self) -> str:
        """Keep it on one line."""
        return one_line(str(self.cleaned_data["about"]))

    def clean_numbers(self) -> list[str]:
        """Returns the numbers in E.164, each once. Refuses one that may not be dialled, and names it."""
        written = [line.strip() for line in str(self.cleaned_data["numbers"]).splitlines() if line.strip()]
        numbers = list(dict.fromkeys(self._number(each) for each in written))
        if len(numbers) > MOST_NUMBERS:
            raise ValidationError(_("At most %(most)s numbers.") % {"most": MOST_NUMBERS}, code="too_many")
        return numbers

    def _number(self, written: str) -> str:
        try:
            number = dialable_e164(written, self.business.region())
        except NotDialable:
            raise ValidationError(
                _("%(number)s is not a phone number. Write it with its country, like +972501234567.")
                % {"number": written[:40]},
                code="not_a_number",
            ) from None
        if refusal := self.business.dial_refusal(number):
            words = dial_words(refusal, self.business.countries_to_dial())
            raise ValidationError(f"{written[:40]}: {words}", code=refusal.value)
        return number

    def clean_weekdays(self) -> str:
        """Returns the days as digits."""
        return "".join(sorted(self.cleaned_data["weekdays"]))

    def clean(self) -> dict[str, Any]:
        """Ask for the times where it matters."""
        cleaned = super().clean() or {}
        if cleaned.get("reached_when") == ReachedWhen.OWN:
            for field in ("from_time", "until_time"):
                if cleaned.get(field) is None and field not in self.errors:
                    self.add_error(field, _("At what time?"))
        return cleaned
