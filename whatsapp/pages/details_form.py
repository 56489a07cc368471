"""The step of a new broadcast that asks for the template's values, and the broadcast's name and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from whatsapp.audience.choice import EARLIER, PHONE, Choice, ContactsChoice, EarlierChoice, FileChoice, SegmentChoice
from whatsapp.audience.column_names import alike, is_phone_name, normalized
from whatsapp.audience.columns import likely_values
from whatsapp.audience.phone_column import names_of
from whatsapp.broadcasts.creation import Timing
from whatsapp.models import WindowZone
from whatsapp.pages.repeat_form import REPEATS, RepeatFields
from whatsapp.template_variables import TemplateVariable, ValueKind

SAME_FOR_ALL = "="
"""The choice of a source that means: the value is the same for everybody."""
FROM_ATTRIBUTE = "@attribute"
"""The choice of a source that means: an attribute of the contact, which the other field names."""
CONTACT_FACTS = (("name", _("Name")), ("first_name", _("First name")), ("phone", _("Phone number")))


def label_of(variable: TemplateVariable) -> Any:
    """Returns a variable's label: words for names that are ours, else the variable as the template writes it."""
    number = {"number": (variable.button_index or 0) + 1}
    match variable.kind:
        case ValueKind.IMAGE:
            return _("Link to the picture")
        case ValueKind.VIDEO:
            return _("Link to the video")
        case ValueKind.DOCUMENT:
            return _("Link to the document")
        case ValueKind.URL_SUFFIX:
            return _("End of the link of button %(number)s") % number
        case ValueKind.COUPON:
            return _("Code that button %(number)s copies") % number
        case _:
            return "{{" + variable.key + "}}"


class DetailsForm(RepeatFields):
    """Values, name and time. Each variable has two fields: the source of its value, and the value for everybody."""

    name = forms.CharField(
        label=_("Name of the broadcast"), max_length=200, required=False, help_text=_("Only you see it.")
    )
    starts = forms.ChoiceField(
        label=_("When?"),
        choices=[("now", _("As soon as I start it")), ("later", _("At a time")), (REPEATS, _("Again and again"))],
        widget=forms.RadioSelect,
        initial="now",
    )
    wall_time = forms.RegexField(
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}",
        label=_("Start at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        error_messages={"invalid": _("Choose a day and an hour, like 2026-11-30T09:00.")},
    )
    zone = forms.CharField(
        label=_("In the time zone of"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("A time zone, like Asia/Jerusalem."),
    )
    late_after_minutes = forms.IntegerField(
        label=_("Latest start (minutes after that)"),
        required=False,
        min_value=1,
        max_value=10_080,
        help_text=_(
            "If it can't start by then, it is marked as missed and is not sent late. "
            "Leave empty for your usual setting."
        ),
    )
    send_from = forms.TimeField(
        label=_("Messages only from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    send_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    window_zone = forms.ChoiceField(
        label=_("Whose local time"), choices=WindowZone.choices, initial=WindowZone.BUSINESS
    )
    canary_size = forms.IntegerField(
        label=_("Trial run: people to send to first"),
        required=False,
        min_value=1,
        help_text=_("After this many messages the broadcast waits until you resume it. Leave empty for no trial run."),
    )

    budget = forms.DecimalField(
        label=_("Budget"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        help_text=_(
            "The most that it may cost, by WhatsApp's published prices and in their currency. "
            "The broadcast pauses before it costs more. Leave empty for no limit."
        ),
    )

    def __init__(
        self,
        *args: Any,
        business: Business,
        choice: Choice,
        header: Sequence[str],
        phone: int | None = None,
        variables: Sequence[TemplateVariable],
        earlier: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.business, self.earlier = business, earlier
        self.can_repeat = isinstance(choice, ContactsChoice | SegmentChoice)
        if not self.can_repeat:
            starts = cast("forms.ChoiceField", self.fields["starts"])
            starts.choices = [pair for pair in DetailsForm.base_fields["starts"].choices if pair[0] != REPEATS]  # type: ignore[attr-defined]
        self.choice, self.variables = choice, list(dict.fromkeys(variable.key for variable in variables))
        self.labels = {variable.key: label_of(variable) for variable in reversed(variables)}
        self.fields["zone"].initial = business.time_zone
        names = names_of(header)
        if phone is None:
            phone = next((place for place, name in enumerate(header) if is_phone_name(normalized(name))), None)
        likely = likely_values(header, self.variables, phone)
        if isinstance(choice, FileChoice):
            self._add_column(PHONE, _("Phone number"), names, phone)
        for key in self.variables:
            self._add_value(key, names, likely.get(key))
            self._add_default(key)

    def _add_value(self, key: str, names: Sequence[str], likely: int | None) -> None:
        if isinstance(self.choice, FileChoice):
            self._add_column(key, self.labels[key], names, likely)
        else:
            facts = [*CONTACT_FACTS, *self._earlier_values(), (FROM_ATTRIBUTE, _("An attribute of the contact"))]
            self.fields[f"from_{key}"] = forms.ChoiceField(
                label=self.labels[key],
                choices=[("", _("Choose what goes here")), *facts, (SAME_FOR_ALL, _("The same for everyone:"))],
                initial=self._likely_fact(key),
            )
        self.fields[f"same_{key}"] = forms.CharField(
            label=_("Text for %(variable)s, or the name of the attribute") % {"variable": "{{" + key + "}}"}
            if not isinstance(self.choice, FileChoice)
            else _("Text for %(variable)s") % {"variable": "{{" + key + "}}"},
            required=False,
            max_length=1024,
            widget=forms.TextInput(attrs={"dir": "auto"}),
        )

    def _likely_fact(self, key: str) -> str:
        """Returns the source that a value probably has, "" if none is likely."""
        fact = next((name for name, _label in CONTACT_FACTS if alike(name) == alike(key)), "")
        return fact or (f"{EARLIER}{key}" if key in self.earlier else "")

    def _add_default(self, key: str) -> None:
        self.fields[f"empty_{key}"] = forms.CharField(
            label=_("When it is empty, use"),
            required=False,
            max_length=1024,
            widget=forms.TextInput(attrs={"dir": "auto"}),
        )

    def _earlier_values(self) -> list[tuple[str, Any]]:
        """Returns the values that the chosen earlier broadcast sent, as sources."""
        if not isinstance(self.choice, EarlierChoice):
            return []
        label = _("%(variable)s of the earlier broadcast")
        return [(f"{EARLIER}{key}", label % {"variable": "{{" + key + "}}"}) for key in self.earlier]

    def _add_column(self, key: str, label: Any, names: Sequence[str], likely: int | None) -> None:
        columns: list[tuple[str, Any]] = [(name, name) for name in names]
        if key != PHONE:
            columns.append((SAME_FOR_ALL, _("The same for everyone:")))
        if self.initial.get(f"from_{key}") not in dict(columns):  # of a file that the draft had before
            self.initial.pop(f"from_{key}", None)
        self.fields[f"from_{key}"] = forms.ChoiceField(
            label=label,
            choices=[("", _("Choose a column")), *columns],
            initial="" if likely is None else names[likely],
        )

    def value_fields(self) -> list[tuple[forms.BoundField, forms.BoundField | None, forms.BoundField | None]]:
        """Returns for each value the field of its source, that of the value for everybody, and that of its default."""
        fields: list[tuple[forms.BoundField, forms.BoundField | None, forms.BoundField | None]] = []
        if isinstance(self.choice, FileChoice):
            fields.append((self[f"from_{PHONE}"], None, None))
        return fields + [(self[f"from_{key}"], self[f"same_{key}"], self[f"empty_{key}"]) for key in self.variables]

    def clean(self) -> dict[str, Any]:
        """Require the value for everybody and the start time where they were chosen."""
        values = super().clean() or {}
        for key in self.variables:
            if values.get(f"from_{key}") in {SAME_FOR_ALL, FROM_ATTRIBUTE} and not values.get(f"same_{key}"):
                self.add_error(f"same_{key}", _("Write the text."))
        if values.get("starts") == "later" and not values.get("wall_time") and "wall_time" not in self.errors:
            self.add_error("wall_time", _("Choose a day and an hour."))
        if bool(values.get("send_from")) != bool(values.get("send_until")):
            self.add_error("send_until", _("Sending hours need both a start and an end."))
        if values.get("starts") == REPEATS:
            self.check_repeat(values, self.business.time_zone)
        return values

    def choice_so_far(self) -> Choice:
        """Returns the choice of people with the sources of their values, as far as they are entered."""
        sources = {key: self._entered(f"from_{key}") for key in self.variables}
        constants = {key: self._entered(f"same_{key}") for key, place in sources.items() if place == SAME_FOR_ALL}
        given = {key: self._entered(f"empty_{key}") for key in self.variables if key not in constants}
        defaults = {key: text for key, text in given.items() if text}
        named = {
            key: self._entered(f"same_{key}") if place == FROM_ATTRIBUTE else place
            for key, place in sources.items()
            if key not in constants
        }
        match self.choice:
            case FileChoice():
                columns = {PHONE: self._entered(f"from_{PHONE}"), **named}
                return replace(self.choice, constants=constants, defaults=defaults, columns=columns)
            case ContactsChoice() | SegmentChoice() | EarlierChoice():
                return replace(self.choice, values=named, constants=constants, defaults=defaults)

    def _entered(self, name: str) -> str:
        return str(self[name].value() or "").strip()

    def timing(self) -> Timing:
        """Returns when it starts, and when its messages may go out."""
        values = self.cleaned_data
        later = values["starts"] == "later"
        return Timing(
            wall_time=values["wall_time"][:16] if later else "",  # some browsers add seconds
            zone=values["zone"] if later else "",
            late_after_minutes=values[{"later": "late_after_minutes"}.get(values["starts"], "repeat_late")],
            send_from=values["send_from"],
            send_until=values["send_until"],
            window_zone=WindowZone(values["window_zone"]),
        )
