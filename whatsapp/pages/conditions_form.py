"""The form of a filter of contacts: the same for a list that is filtered and for a segment that is saved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from whatsapp.audience.choice import Group
from whatsapp.audience.conditions import (
    LONGEST_TEXT,
    MOST_ATTRIBUTES,
    MOST_DAYS,
    MOST_TAGS,
    Attribute,
    Conditions,
    How,
    Wrote,
)
from whatsapp.models import Broadcast, Consent, Tag
from whatsapp.pages.asked_for import id_of
from whatsapp.pages.condition_words import HOWS, WROTE
from whatsapp.pages.group_words import GROUPS
from whatsapp.states import BroadcastStatus

MOST_BROADCASTS = 100
TAGS = ("any_tags", "all_tags", "no_tags")
LONGEST_NAME = 60


def _tags(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=False, widget=forms.CheckboxSelectMultiple)


def _text(label: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
    return forms.CharField(label=label, widget=widget, max_length=LONGEST_TEXT, required=False)


class ConditionsForm(forms.Form):
    """Conditions on contacts; what is left empty is no condition. `known` is what a segment has already."""

    any_tags = _tags(_("With at least one of these tags"))
    all_tags = _tags(_("With all of these tags"))
    no_tags = _tags(_("With none of these tags"))
    language = forms.CharField(
        label=_("Language"),
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "placeholder": "he, en"}),
    )
    consent = forms.ChoiceField(label=_("Consent"), required=False, choices=[("", _("All")), *Consent.choices])
    wrote = forms.ChoiceField(
        label=_("Their last message to you"), required=False, choices=[("", _("Does not matter")), *WROTE]
    )
    wrote_days = forms.IntegerField(label=_("How many days"), required=False, min_value=1, max_value=MOST_DAYS)
    added_since = forms.DateField(
        label=_("Added since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    broadcast = forms.ChoiceField(label=_("Of this broadcast"), required=False)
    group = forms.ChoiceField(label=_("Those who"), required=False, choices=[("", "–"), *GROUPS])

    def __init__(self, *args: Any, business: Business, known: Conditions | None = None, **options: Any) -> None:
        self.known = known or Conditions()
        options.setdefault("initial", {}).update(_initial(self.known))
        super().__init__(*args, **options)
        self.business = business
        for number in range(1, MOST_ATTRIBUTES + 1):
            self._add_attribute(number)
        names = list(Tag.objects.filter(business=business).values_list("name", flat=True))
        for field in TAGS:
            kept = [name for name in getattr(self.known, field) if name not in names]  # of tags that are gone
            self.fields[field].choices = [(name, name) for name in [*names, *kept]]  # type: ignore[attr-defined]
        sent = Broadcast.objects.filter(business=business).exclude(status=BroadcastStatus.DRAFT)
        found = {
            str(key): name for key, name in sent.order_by("-created_at").values_list("pk", "name")[:MOST_BROADCASTS]
        }
        wanted = self.data.get("broadcast") or self.known.broadcast
        if wanted and wanted not in found:  # older than those that are listed, or gone
            older = Broadcast.objects.filter(business=business, pk=id_of(wanted)).values_list("name", flat=True).first()
            found |= {wanted: older or str(_("A broadcast that is gone"))} if older or not self.is_bound else {}
        self.fields["broadcast"].choices = [("", "–"), *found.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Require what belongs together."""
        values = super().clean() or {}
        if values.get("wrote") and not values.get("wrote_days"):
            self.add_error("wrote_days", _("Enter a number of days."))
        if bool(values.get("broadcast")) != bool(values.get("group")):
            self.add_error("group", _("Choose both a broadcast and which of its people."))
        for field in TAGS:
            if len(values.get(field, ())) > MOST_TAGS:
                self.add_error(field, _("Choose at most %(most)s.") % {"most": MOST_TAGS})
        for number in range(1, MOST_ATTRIBUTES + 1):
            how, value = values.get(f"attribute_how_{number}"), values.get(f"attribute_value_{number}")
            if values.get(f"attribute_{number}") and how in {How.EQUALS, How.CONTAINS} and not value:
                self.add_error(f"attribute_value_{number}", _("Write the text."))
            if value and not values.get(f"attribute_{number}"):
                self.add_error(f"attribute_{number}", _("Write the name of the attribute."))
        return values

    def conditions(self) -> Conditions:
        """Returns what a valid form says."""
        values = self.cleaned_data
        wrote = values["wrote"]
        return Conditions(
            any_tags=tuple(values["any_tags"]),
            all_tags=tuple(values["all_tags"]),
            no_tags=tuple(values["no_tags"]),
            language=values["language"],
            consent=values["consent"],
            attributes=tuple(filter(None, map(self._attribute, range(1, MOST_ATTRIBUTES + 1)))),
            wrote=Wrote(wrote) if wrote else None,
            wrote_days=values["wrote_days"] if wrote else 0,
            added_since=values["added_since"],
            broadcast=values["broadcast"],
            group=Group(values["group"]) if values["group"] else None,
        )

    def attribute_fields(self) -> list[tuple[forms.BoundField, ...]]:
        """Returns for each attribute its three fields."""
        names = ("attribute", "attribute_how", "attribute_value")
        return [tuple(self[f"{name}_{number}"] for name in names) for number in range(1, MOST_ATTRIBUTES + 1)]

    def _attribute(self, number: int) -> Attribute | None:
        values = self.cleaned_data
        name, how = values[f"attribute_{number}"], How(values[f"attribute_how_{number}"] or How.EQUALS)
        value = values[f"attribute_value_{number}"] if how in {How.EQUALS, How.CONTAINS} else ""
        return Attribute(name, how, value) if name else None

    def _add_attribute(self, number: int) -> None:
        shown = {"number": number}
        self.fields[f"attribute_{number}"] = _text(_("Attribute %(number)s") % shown)
        self.fields[f"attribute_how_{number}"] = forms.ChoiceField(
            label=_("How it is compared"), choices=HOWS, required=False
        )
        self.fields[f"attribute_value_{number}"] = _text(_("Text"))


class SegmentForm(ConditionsForm):
    """A filter with a name."""

    name = forms.CharField(
        label=_("Name of the segment"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


def names_of_fields() -> set[str]:
    """Returns the names of the conditions in an address."""
    numbers = range(1, MOST_ATTRIBUTES + 1)
    attributes = {
        f"{name}_{number}" for name in ("attribute", "attribute_how", "attribute_value") for number in numbers
    }
    return set(ConditionsForm.base_fields) | attributes


def in_address(conditions: Conditions) -> dict[str, Any]:
    """Returns the conditions as they stand in an address: the values of the form's fields."""
    values = _initial(conditions)
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _initial(known: Conditions) -> dict[str, Any]:
    values: dict[str, Any] = {
        **{name: list(getattr(known, name)) for name in TAGS},
        "language": known.language,
        "consent": known.consent,
        "wrote": known.wrote.value if known.wrote else "",
        "wrote_days": known.wrote_days or None,
        "added_since": known.added_since,
        "broadcast": known.broadcast,
        "group": known.group.value if known.group else "",
    }
    for number, each in enumerate(known.attributes, start=1):
        values |= {
            f"attribute_{number}": each.name,
            f"attribute_how_{number}": each.how.value,
            f"attribute_value_{number}": each.value,
        }
    return values
