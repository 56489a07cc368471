"""Forms of opening hours: a line like `8:00-13:00, 16:00-19:00` for each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.hours import editing, written
from businesses.hours.written import Fault, UnclearHours
from businesses.models import Business, DayKind, SpecialDays, WeekHours
from businesses.models.hours import WEEKDAYS

if TYPE_CHECKING:
    _Field = forms.Field
else:
    _Field = forms.CharField

_FAULTS = {
    Fault.UNREADABLE: gettext_lazy("“%(part)s” can't be read. Write hours like 8:00-13:00, 16:00-19:00."),
    Fault.NO_SUCH_TIME: gettext_lazy("There is no such time in “%(part)s”. Times go from 0:00 to 24:00."),
    Fault.EMPTY: gettext_lazy("“%(part)s” begins and ends at the same time."),
    Fault.OVERLAP: gettext_lazy("These overlap: %(part)s. Make one of them, or leave a break."),
    Fault.TOO_MANY: gettext_lazy("A day can have at most %(part)s pairs of times."),
}
LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=5 * 366)


class HoursField(_Field):
    """The hours of a day as one line. The value is a list of pairs; empty: closed."""

    def __init__(self, **options: Any) -> None:
        attrs = {"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}
        options.pop("encoder", None), options.pop("decoder", None)
        options["widget"] = forms.TextInput(attrs=attrs)
        super().__init__(**{"required": False, **options})

    def prepare_value(self, value: Any) -> Any:
        """Returns the line of stored pairs."""
        return written.write(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[list[str]]:
        """Returns the pairs of a line. Raises `ValidationError`."""
        try:
            return written.read(str(value or "")[:400])
        except UnclearHours as unclear:
            raise ValidationError(_FAULTS[unclear.fault], code=unclear.fault, params={"part": unclear.part}) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Returns whether other hours are meant, however they are written."""
        try:
            return written.read(str(data or "")) != (initial or [])
        except UnclearHours:
            return True


class WeekForm(forms.ModelForm):  # type: ignore[type-arg] # generic for the type checker only
    """The usual week."""

    class Meta:
        model = WeekHours
        fields = WEEKDAYS
        field_classes = dict.fromkeys(WEEKDAYS, HoursField)

    def clean(self) -> None:
        """Refuse a night that runs into the hours of the next day."""
        for day, next_day in zip(WEEKDAYS, (*WEEKDAYS[1:], WEEKDAYS[0]), strict=True):
            pairs, following = self.cleaned_data.get(day), self.cleaned_data.get(next_day)
            if pairs and following and written.night_into(pairs, following):
                self.add_error(day, _("This night runs into the hours of the next day."))

    def days(self) -> Iterator[forms.BoundField]:
        """Returns the days as a calendar of the reader's language begins."""
        first = (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7  # Django: 0 is Sunday
        for name in (*WEEKDAYS[first:], *WEEKDAYS[:first]):
            yield self[name]


def _day_field(**options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        widget=widget,
        error_messages={"invalid": gettext_lazy("Write a date like 2026-11-30.")},
        **options,
    )


class SpecialDaysForm(forms.Form):
    """A day or several with other hours, or closed."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=DayKind.choices, initial=DayKind.EXCEPTION)
    first_day = _day_field(label=gettext_lazy("Day"))
    last_day = _day_field(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Only if it is more than one day.")
    )
    hours = HoursField(label=gettext_lazy("Hours"), help_text=gettext_lazy("Empty: closed all day."))
    name = forms.CharField(
        label=gettext_lazy("Name or note"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=gettext_lazy("The assistant may tell it to callers."),
    )

    def __init__(self, *args: Any, business: Business, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.business, self.today = business, today

    def clean(self) -> None:
        """Refuse days that are over, in the wrong order, too many, or taken by another row of this kind."""
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first is None or "kind" not in self.cleaned_data or "last_day" in self.errors:
            return
        last = self.cleaned_data["last_day"] = last or first
        if last < first:
            self.add_error("last_day", _("This is before the first day."))
        elif last < self.today:
            self.add_error("first_day", _("This day is over."))
        elif last - first > LONGEST or first > self.today + FARTHEST:
            self.add_error("last_day", _("At most a year at once, and five years ahead."))
        elif taken := self._taken(first, last):
            self.add_error("first_day", _("“%(name)s” is on these days already. Remove it first.") % {"name": taken})
        elif self._are_full():
            self.add_error(None, _("At most %(most)s are possible. Remove some.") % {"most": editing.MOST_SPECIALS})

    def _taken(self, first: date, last: date) -> SpecialDays | None:
        return editing.in_the_way(
            self.business, kind=self.cleaned_data["kind"], first_day=first, last_day=last
        )  # fmt: skip

    def _are_full(self) -> bool:
        rows = SpecialDays.objects.filter(business=self.business, removed_at=None, last_day__gte=self.today)
        return rows.count() >= editing.MOST_SPECIALS
