"""Conditions on contacts in words: one phrase for each, which finishes "People …"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from businesses.models import Business
from whatsapp.audience.conditions import Attribute, Conditions, How, Wrote
from whatsapp.models import Broadcast, Consent
from whatsapp.pages.group_words import group_words

HOWS = [
    (How.EQUALS.value, gettext_lazy("is exactly")),
    (How.CONTAINS.value, gettext_lazy("contains")),
    (How.EMPTY.value, gettext_lazy("is empty")),
    (How.FILLED.value, gettext_lazy("is not empty")),
]
WROTE = [
    (Wrote.WITHIN.value, gettext_lazy("was within so many days")),
    (Wrote.NOT_WITHIN.value, gettext_lazy("was longer ago, or never")),
]


def words_of(conditions: Conditions, names: Mapping[str, str]) -> list[str]:
    """Returns the conditions in words; `names` are those of broadcasts (`names_of_broadcasts`)."""
    return list(_words(conditions, names)) or [_("All contacts")]


def names_of_broadcasts(business: Business, conditions: Iterable[Conditions]) -> dict[str, str]:
    """Returns the names of the broadcasts that conditions speak of, by id."""
    ids = {each.broadcast for each in conditions if each.broadcast}
    if not ids:
        return {}
    found = Broadcast.objects.filter(business=business, pk__in=ids).values_list("pk", "name")
    return {str(key): name for key, name in found}


def _words(conditions: Conditions, names: Mapping[str, str]) -> Iterator[str]:
    for tags, words in (
        (conditions.any_tags, _("with at least one of the tags %(tags)s")),
        (conditions.all_tags, _("with all of the tags %(tags)s")),
        (conditions.no_tags, _("with none of the tags %(tags)s")),
    ):
        if tags:
            yield words % {"tags": ", ".join(_("“%(tag)s”") % {"tag": _isolated(tag)} for tag in tags)}
    if conditions.language:
        yield _("language: %(language)s") % {"language": _isolated(conditions.language)}
    if conditions.consent:
        yield _("consent: %(consent)s") % {"consent": Consent(conditions.consent).label}
    yield from map(_attribute, conditions.attributes)
    if conditions.wrote:
        yield _wrote(conditions)
    if conditions.added_since:
        day = date_format(conditions.added_since, "SHORT_DATE_FORMAT")
        yield _("added on %(day)s or later") % {"day": day}
    if conditions.group:
        name = names.get(conditions.broadcast) or _("A broadcast that is gone")
        yield _("“%(broadcast)s”: those who %(group)s") % {
            "broadcast": _isolated(name),
            "group": group_words(conditions.group),
        }


def _attribute(attribute: Attribute) -> str:
    match attribute.how:
        case How.EQUALS:
            words = _("“%(name)s” is “%(value)s”")
        case How.CONTAINS:
            words = _("“%(name)s” contains “%(value)s”")
        case How.EMPTY:
            words = _("“%(name)s” is empty")
        case How.FILLED:
            words = _("“%(name)s” is not empty")
    return words % {"name": _isolated(attribute.name), "value": _isolated(attribute.value)}


def _wrote(conditions: Conditions) -> str:
    days = conditions.wrote_days
    if conditions.wrote == Wrote.WITHIN:
        words = ngettext("wrote within the last day", "wrote within the last %(days)s days", days)
    else:
        words = ngettext("did not write within the last day", "did not write within the last %(days)s days", days)
    return words % {"days": f"{days:,}"}


def _isolated(text: str) -> str:
    """Returns a text whose letters don't turn the direction of the phrase around it."""
    return f"\u2068{text}\u2069"
