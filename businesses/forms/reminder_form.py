"""The form of a business's reminders. The values of the chosen template are fields of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.calendar.reminder_words import guessed
from businesses.forms.plain_words import plain_formfield, speak_plainly
from businesses.messenger import TemplateChoice
from businesses.models import Filling, ReminderChoices

if TYPE_CHECKING:
    _Form = forms.ModelForm[ReminderChoices]
else:
    _Form = forms.ModelForm

_LONGEST_NIGHT: Final = 16 * 60
"""Minutes."""


class ReminderForm(_Form):
    """Whether, when and with what people are reminded of their appointments."""

    class Meta:
        model = ReminderChoices
        fields: ClassVar[list[str]] = [
            "is_on", "first_hours", "second_hours", "quiet_from", "quiet_until", "calls_unreached",
            "undelivered_hours", "template",
        ]  # fmt: skip
        formfield_callback = plain_formfield
        widgets: ClassVar[dict[str, Any]] = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"}) for name in ("quiet_from", "quiet_until")
        }

    def __init__(self, *args: Any, templates: list[TemplateChoice], **options: Any) -> None:
        super().__init__(*args, **options)
        self.templates = {each.name: each for each in templates}
        stored = self.instance.template
        self.is_lost = bool(stored) and stored not in self.templates
        self.fields["template"] = _template_field(
            self.fields["template"], self.templates.values(), stored, self.is_lost
        )
        self.chosen = self.templates.get(self.data.get("template", "") if self.is_bound else stored)
        self.is_new = False
        self._add_values()

    def values(self) -> list[Any]:
        """Returns the fields of the template's values."""
        return [self[name] for name in self.fields if name.startswith("value_")]

    def choices(self) -> list[Any]:
        """Returns the other fields."""
        return [self[name] for name in self.fields if not name.startswith("value_")]

    def clean(self) -> dict[str, Any]:
        """Refuse a template that can't be filled, and a night without a day."""
        cleaned = super().clean() or self.cleaned_data
        if self.chosen and self.chosen.no_texts:
            words = _("This template needs more than words (%(values)s), which a reminder can't give. Choose another.")
            self.add_error("template", words % {"values": ", ".join(self.chosen.no_texts)})
        elif self.is_new:
            self.add_error("template", _("Check below what is written into this template, and save again."))
        elif self.chosen:
            self.instance.fillings = {
                name: cleaned.get(_field_of(self.chosen, number)) for number, name in enumerate(self.chosen.variables)
            }
        if {"quiet_from", "quiet_until"} <= cleaned.keys():
            begin, end = (cleaned[name].hour * 60 + cleaned[name].minute for name in ("quiet_from", "quiet_until"))
            if (end - begin) % (24 * 60) > _LONGEST_NIGHT:
                self.add_error("quiet_until", _("Leave at least eight hours of the day for reminders."))
        if cleaned.get("second_hours") and cleaned["second_hours"] == cleaned.get("first_hours"):
            self.add_error("second_hours", _("This is the same time as the first reminder. Choose another, or none."))
        return cleaned

    def _add_values(self) -> None:
        """Add a field for each value. A template that was chosen just now is shown with what its names mean."""
        if self.chosen is None or self.chosen.no_texts:
            return
        fields = {_field_of(self.chosen, number): name for number, name in enumerate(self.chosen.variables)}
        stored = self.instance.fillings if self.chosen.name == self.instance.template else {}
        known = guessed(self.chosen.variables) | stored
        self.is_new = self.is_bound and not fields.keys() <= self.data.keys()
        if self.is_new:
            self.data = {**self.data.dict(), **{field: known.get(name, "") for field, name in fields.items()}}  # type: ignore[attr-defined]
        for field_name, name in fields.items():
            field = forms.ChoiceField(
                label=f"{{{{{name}}}}}", choices=[("", "–"), *Filling.choices], initial=known.get(name)
            )
            speak_plainly(field)
            field.error_messages["required"] = gettext_lazy("Choose what is written here.")
            self.fields[field_name] = field


def _field_of(template: TemplateChoice, number: int) -> str:
    """Returns the name of a value's field: the values of another template are other fields."""
    return f"value_{template.name}_{number}"


def _template_field(
    described: forms.Field, templates: Iterable[TemplateChoice], stored: str, is_lost: bool
) -> forms.ChoiceField:
    choices: list[tuple[str, Any]] = [("", "–"), *((each.name, each.name) for each in templates)]
    if is_lost:
        choices.append((stored, format_lazy("{} ({})", stored, gettext_lazy("can't be sent now"))))
    return forms.ChoiceField(label=described.label, choices=choices, required=False)
