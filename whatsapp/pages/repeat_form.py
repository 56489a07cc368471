"""The part of a broadcast's form that says when it is sent again and again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from whatsapp.models import BroadcastSeries
from whatsapp.series.dates import repeat_of
from whatsapp.series.repeats import MOST_TIMES, Period, Repeat, is_sound

REPEATS = "repeat"
SUNDAY = 6
WEEK = (SUNDAY, *range(SUNDAY))
"""Weekdays as forms show them, from Sunday on; Monday is 0."""
PERIODS = [
    (Period.DAILY.value, _("Every day")),
    (Period.WEEKLY.value, _("Every week")),
    (Period.MONTHLY.value, _("Every month")),
]
LONGEST_DELAY = 10_080


class RepeatFields(forms.Form):
    """The rule by which a broadcast recurs, in the time zone of the business."""

    repeat_period = forms.ChoiceField(label=_("How often?"), choices=PERIODS, required=False)
    repeat_weekdays = forms.MultipleChoiceField(
        label=_("On these days"),
        choices=[(str(day), WEEKDAYS[day]) for day in WEEK],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    repeat_day = forms.IntegerField(
        label=_("On this day of the month"),
        required=False,
        min_value=1,
        max_value=31,
        help_text=_("In a shorter month on its last day: 31 is always the end of the month."),
    )
    repeat_at = forms.TimeField(
        label=_("At this time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_(
            "In your business's time zone. When the clocks change, a time that is skipped moves to the next that there "
            "is, and one that comes twice counts once."
        ),
    )
    repeat_first = forms.DateField(
        label=_("From this day on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    repeat_last = forms.DateField(
        label=_("Until this day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    repeat_times = forms.IntegerField(
        label=_("Number of times"),
        required=False,
        min_value=1,
        max_value=MOST_TIMES,
        help_text=_("Then it ends by itself. Times that were skipped don't count."),
    )
    repeat_late = forms.IntegerField(
        label=_("Latest start (minutes after that)"),
        required=False,
        min_value=1,
        max_value=LONGEST_DELAY,
        help_text=_("If it can't start by then, this time is skipped. Leave empty for your usual setting."),
    )
    repeat_only_new = forms.BooleanField(
        label=_("Only people who have not had it before"),
        required=False,
        help_text=_("For a welcome message: each person gets it once, at the first time after they fit."),
    )

    def repeats(self) -> bool:
        """Returns whether it is to be sent again and again."""
        return self.cleaned_data.get("starts") == REPEATS

    def check_repeat(self, values: dict[str, Any], zone: str) -> None:
        """Add what is missing or doesn't fit to the errors."""
        for name, text in (
            ("repeat_at", _("Choose a time.")),
            ("repeat_first", _("Choose a day.")),
            ("repeat_weekdays", _("Choose at least one day.")),
            ("repeat_day", _("Choose a day.")),
        ):
            needed = {"repeat_weekdays": Period.WEEKLY, "repeat_day": Period.MONTHLY}.get(name)
            is_needed = needed is None or values.get("repeat_period") == needed
            if is_needed and not values.get(name) and name not in self.errors:
                self.add_error(name, text)
        if values.get("canary_size"):
            self.add_error("canary_size", _("A recurring broadcast has no trial run. Leave this empty."))
        first, last = values.get("repeat_first"), values.get("repeat_last")
        if first and last and last < first:
            self.add_error("repeat_last", _("The last day is before the first."))
        elif not self.errors and not is_sound(self.repeat(zone)):
            self.add_error("repeat_first", _("Choose a day between 2000 and 2100."))

    def repeat(self, zone: str) -> Repeat:
        """Returns the rule of a valid form."""
        values = self.cleaned_data
        period = Period(values["repeat_period"] or Period.DAILY)
        weekdays = tuple(int(day) for day in values["repeat_weekdays"]) if period == Period.WEEKLY else ()
        return Repeat(
            period=period,
            at=values["repeat_at"].replace(second=0, microsecond=0),
            zone=zone,
            first=values["repeat_first"],
            last=values["repeat_last"],
            times=values["repeat_times"],
            weekdays=weekdays,
            month_day=values["repeat_day"] if period == Period.MONTHLY else 0,
        )


def known_repeat(series: BroadcastSeries) -> dict[str, Any]:
    """Returns the form's values for a recurring broadcast that is edited."""
    known: dict[str, Any] = {
        "starts": REPEATS,
        "repeat_only_new": series.only_new,
        "repeat_late": series.late_after_minutes,
    }
    if repeat := repeat_of(series):
        known |= {
            "repeat_period": repeat.period.value,
            "repeat_weekdays": [str(day) for day in repeat.weekdays],
            "repeat_day": repeat.month_day or None,
            "repeat_at": repeat.at,
            "repeat_first": repeat.first,
            "repeat_last": repeat.last,
            "repeat_times": repeat.times,
        }
    return known
