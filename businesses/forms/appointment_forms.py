"""Forms of the calendar's pages: an appointment, another time for one, and a time that is kept free."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses.calendar import reminders
from businesses.forms.plain_words import speak_plainly
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.models import Business, Calendar, Service
from businesses.validators import one_line


class _TimeForm(forms.Form):
    """A day and a time of the business's clock."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = ZoneInfo(business.time_zone)
        for field in self.fields.values():
            speak_plainly(field)

    def moment(self, day: datetime.date, at: datetime.time) -> datetime.datetime:
        """Returns the moment (aware) that the clock shows so."""
        return datetime.datetime.combine(day, at, tzinfo=self.zone)

    def start(self) -> datetime.datetime:
        """Returns the chosen start."""
        return self.moment(self.cleaned_data["day"], self.cleaned_data["time"].replace(second=0, microsecond=0))


class AppointmentForm(_TimeForm):
    """A new appointment. Its `key` makes a form that is sent twice one appointment."""

    field_order = ("service", "calendar", "day", "time", "name", "number", "note", "reminder", "key")

    service = forms.ModelChoiceField(label=_("Service"), queryset=Service.objects.none())
    calendar = forms.ModelChoiceField(
        label=_("Calendar"), queryset=Calendar.objects.none(), required=False, empty_label=_("Whoever is free")
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    number = WrittenPhoneNumberField(
        label=_("Phone number"), required=False, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    reminder = forms.BooleanField(
        label=_("Has agreed to be reminded by WhatsApp"),
        required=False,
        help_text=_("Ask the person. Without it only a contact with a recorded consent is reminded."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, business=business, **options)
        self.fields["service"].queryset = Service.objects.filter(business=business, is_active=True)  # type: ignore[attr-defined]
        self.fields["calendar"].queryset = Calendar.objects.filter(business=business, is_active=True)  # type: ignore[attr-defined]
        if not reminders.are_on(business):
            del self.fields["reminder"]
        number = self.fields["number"]
        assert isinstance(number, WrittenPhoneNumberField)  # noqa: S101 - for the type checker
        number.region = business.region()

    def clean(self) -> dict[str, Any]:
        """Demand a name or a number: a member must know who comes."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["name"], cleaned["note"] = one_line(cleaned.get("name") or ""), one_line(cleaned.get("note") or "")
        if not cleaned["name"] and "number" in cleaned and not cleaned["number"]:
            self.add_error("name", _("Write who it is for: a name, a number, or both."))
        return cleaned


class MoveForm(_TimeForm):
    """Another time, or another calendar, for an appointment."""

    field_order = ("day", "time", "calendar")

    calendar = forms.ModelChoiceField(label=_("Calendar"), queryset=Calendar.objects.none(), empty_label=None)

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, business=business, **options)
        self.fields["calendar"].queryset = Calendar.objects.filter(business=business)  # type: ignore[attr-defined]


class BusyForm(_TimeForm):
    """A time that is kept free, on one day or until a later one."""

    field_order = ("calendar", "day", "time", "until_day", "until", "note")

    calendar = forms.ModelChoiceField(label=_("Calendar"), queryset=Calendar.objects.none(), empty_label=None)
    until_day = forms.DateField(
        label=_("Until the day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Empty: the same day."),
    )
    until = forms.TimeField(label=_("Until"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    note = forms.CharField(
        label=_("Note"), max_length=120, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, business=business, **options)
        self.fields["calendar"].queryset = Calendar.objects.filter(business=business)  # type: ignore[attr-defined]
        self.fields["time"].label = _("From")

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is not after the start, or a time longer than a year."""
        cleaned = super().clean() or self.cleaned_data
        if {"day", "time", "until"} <= cleaned.keys() and "until_day" in cleaned:
            end = self.moment(cleaned["until_day"] or cleaned["day"], cleaned["until"])
            if not 2 <= cleaned["day"].year <= 9990 or not 2 <= end.year <= 9990:
                raise ValidationError(_("Choose a day of the coming two years."), code="too_far")
            if end <= self.start():
                self.add_error("until", _("The end must be after the start."))
            cleaned["end"] = end
        return cleaned
