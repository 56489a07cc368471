"""The step of a new broadcast in which its people are chosen."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, Group, SegmentChoice
from whatsapp.audience.sources import choice_of
from whatsapp.models import Broadcast, Segment, Tag
from whatsapp.pages.group_words import GROUPS
from whatsapp.pages.table_field import ROW_FOR_EACH_PERSON, LocalNumbersForm, table_field
from whatsapp.states import BroadcastStatus

FILE, PASTE, CONTACTS, SEGMENT, EARLIER = "file", "paste", "contacts", "segment", "earlier"

_MISSING = {
    "file": _("Choose a file."),
    "pasted": _("Paste at least one number."),
    "segment": _("Choose a segment."),
    "earlier": _("Choose a broadcast."),
}


class PeopleForm(LocalNumbersForm):
    """A file, pasted numbers, contacts by tags, people of a segment or of an earlier broadcast."""

    source = forms.ChoiceField(
        label=_("Where do the people come from?"),
        choices=[
            (FILE, _("A file (CSV or Excel)")),
            (PASTE, _("Numbers that I paste")),
            (CONTACTS, _("My contacts")),
            (SEGMENT, _("People of a segment")),
            (EARLIER, _("An earlier broadcast")),
        ],
        widget=forms.RadioSelect,
        initial=FILE,
    )
    file = table_field(required=False, help_text=ROW_FOR_EACH_PERSON)
    pasted = forms.CharField(
        label=_("Phone numbers"),
        required=False,
        max_length=1_000_000,
        help_text=_("One per line. Values for the template may follow each number, separated by commas."),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "ltr"}),
    )
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.none(),
        label=_("With all of these tags"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("If none is selected, all contacts are."),
    )
    without = forms.ModelMultipleChoiceField(
        Tag.objects.none(), label=_("And none of these"), required=False, widget=forms.CheckboxSelectMultiple
    )
    only_with_consent = forms.BooleanField(label=_("Only people who agreed to receive messages"), required=False)
    segment = forms.ModelChoiceField(
        Segment.objects.none(),
        label=_("Segment"),
        required=False,
        help_text=_("Who is in it is found anew when the people are read."),
    )
    earlier = forms.ModelChoiceField(Broadcast.objects.none(), label=_("Broadcast"), required=False)
    group = forms.ChoiceField(label=_("Which of them"), choices=GROUPS, required=False)

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, business=business, **options)
        self.business = business
        tags = Tag.objects.filter(business=business)
        self._rows("tags").queryset = tags
        self._rows("without").queryset = tags
        self._rows("segment").queryset = Segment.objects.filter(business=business)
        sent = Broadcast.objects.filter(business=business).exclude(status=BroadcastStatus.DRAFT)
        self._rows("earlier").queryset = sent.order_by("-created_at")

    def clean(self) -> dict[str, Any]:
        """Require what the chosen source needs."""
        values = super().clean() or {}
        needed = {FILE: "file", PASTE: "pasted", SEGMENT: "segment", EARLIER: "earlier"}.get(values.get("source", ""))
        if needed and not values.get(needed) and needed not in self.errors:
            self.add_error(needed, _MISSING[needed])
        return values

    def choice(self) -> Choice:
        """Returns how the people are chosen; the sources of their values are added in the next step."""
        values = self.cleaned_data
        match values["source"]:
            case "contacts":
                return ContactsChoice(
                    tags=tuple(tag.name for tag in values["tags"]),
                    without_tags=tuple(tag.name for tag in values["without"]),
                    only_with_consent=values["only_with_consent"],
                )
            case "segment":
                return SegmentChoice(str(values["segment"].pk))
            case "earlier":
                return EarlierChoice(str(values["earlier"].pk), Group(values["group"]))
            case _:
                return FileChoice()

    def _rows(self, name: str) -> forms.ModelChoiceField[Any]:
        return cast("forms.ModelChoiceField[Any]", self.fields[name])


def chosen_before(draft: Broadcast) -> dict[str, Any]:
    """Returns the form's values for the people whom a draft has already; a file has to be given again."""
    match choice_of(draft) if draft.audience_kind else None:
        case ContactsChoice() as choice:
            tags = Tag.objects.filter(business=draft.business)
            return {
                "source": CONTACTS,
                "tags": tags.filter(name__in=choice.tags),
                "without": tags.filter(name__in=choice.without_tags),
                "only_with_consent": choice.only_with_consent,
            }
        case SegmentChoice() as choice:
            return {"source": SEGMENT, "segment": choice.segment}
        case EarlierChoice() as choice:
            return {"source": EARLIER, "earlier": choice.broadcast, "group": choice.group.value}
        case FileChoice():
            country = draft.file_answers.get("region")
            return {"region": country} if country else {}
        case _:
            return {}
