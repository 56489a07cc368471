"""The days that a list is narrowed to: from one to another, both included, in the time zone of the page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
"""Nothing here is older or younger. At the ends of the calendar a time zone would lead out of it."""

AnyModel = TypeVar("AnyModel", bound=models.Model)


class DayRangeForm(forms.Form):
    """Filters of a list that begin with two days. All of it is optional."""

    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> None:
        """Refuse a stretch of time that ends before it begins."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("This is before the first day."))

    def within(self, rows: models.QuerySet[AnyModel], moment: str) -> models.QuerySet[AnyModel]:
        """Returns the rows whose field `moment` lies in the chosen days. The form must be valid."""
        days: dict[str, Any] = self.cleaned_data
        if days["since"]:
            rows = rows.filter(**{f"{moment}__gte": _midnight(days["since"])})
        if days["until"]:
            rows = rows.filter(**{f"{moment}__lt": _midnight(min(days["until"], LATEST) + timedelta(days=1))})
        return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(min(max(day, EARLIEST), LATEST), time.min))
