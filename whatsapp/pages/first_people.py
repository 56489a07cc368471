"""A preview of a broadcast for its first people, with the values that each would get. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.utils import timezone

from whatsapp.audience.choice import ContactsChoice, EarlierChoice, FileChoice, SegmentChoice
from whatsapp.audience.file_settling import Settled
from whatsapp.audience.phone_column import names_of
from whatsapp.audience.rows import with_defaults
from whatsapp.audience.sources import contacts_of, earlier_chosen, values_known
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.pages.details_form import DetailsForm

SHOWN = 3


def first_bubbles(form: DetailsForm, template: MessageTemplate, seen: Settled | None) -> list[Bubble]:
    """Returns the message as the first people will see it, by what the form says so far; a missing value stays open."""
    found = list(_values(form, seen)) or [dict(form.choice_so_far().constants)]
    return [bubble(template.components, each, named=template.parameter_format == "NAMED") for each in found]


def values_of_earlier(draft: Broadcast, choice: object) -> Sequence[str]:
    """Returns the keys of the values that the chosen earlier broadcast has sent; empty for other people."""
    if not isinstance(choice, EarlierChoice):
        return ()
    try:
        params = earlier_chosen(draft.business, choice).order_by("pk").values_list("params", flat=True).first()
    except BadAudience:
        return ()
    return tuple(params or ())


def _values(form: DetailsForm, seen: Settled | None) -> Iterator[Mapping[str, str]]:
    match form.choice_so_far():
        case FileChoice() as choice if seen is not None:
            names = names_of(seen.header)
            for row in seen.rows[:SHOWN]:
                cells = dict(zip(names, row.cells, strict=False))
                given = {key: cells.get(choice.columns.get(key, ""), "") for key in form.variables}
                yield with_defaults({**given, **choice.constants}, choice.defaults)
        case ContactsChoice() | SegmentChoice() as choice:
            try:
                people = contacts_of(form.business, choice, now=timezone.now())
            except BadAudience:
                return
            for contact in people.order_by("pk")[:SHOWN]:
                yield values_known(choice, form.variables, contact, {})
        case EarlierChoice() as choice:
            try:
                were_sent = earlier_chosen(form.business, choice).select_related("contact").order_by("pk")[:SHOWN]
            except BadAudience:
                return
            for person in were_sent:
                yield values_known(choice, form.variables, person.contact, person.params)
