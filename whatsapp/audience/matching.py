"""Which contacts fulfil conditions, asked of the database. What is found is as of `now`, and never kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Trim
from django.db.models.lookups import Exact, IContains, IExact

from businesses.models import Business
from whatsapp.audience.conditions import Attribute, Conditions, How, Wrote
from whatsapp.audience.groups import in_group
from whatsapp.models import Contact, ContactTag, Recipient, Tag

NOTHING = Value("", output_field=TextField())


def people_matching(
    business: Business, conditions: Conditions, *, now: datetime, tags: Mapping[str, int] | None = None
) -> QuerySet[Contact]:
    """Returns the contacts of a business that fulfil all conditions. `tags` are `tags_in` them, if they are known."""
    return Contact.objects.filter(matching(business, conditions, now=now, tags=tags), business=business)


def tags_in(business: Business, conditions: Iterable[Conditions]) -> dict[str, int]:
    """Returns the keys of the tags in conditions, by name. One query, or none without tags.

    How many contacts have a tag PostgreSQL knows of its key alone; guessing, it reads them one by one.
    """
    names = {name for each in conditions for name in (*each.all_tags, *each.any_tags, *each.no_tags)}
    return dict(Tag.objects.filter(business=business, name__in=names).values_list("name", "pk"))


def matching(business: Business, conditions: Conditions, *, now: datetime, tags: Mapping[str, int] | None = None) -> Q:
    """Returns the conditions as one on contacts of this business."""
    found = _tagged(business, conditions, tags_in(business, [conditions]) if tags is None else tags)
    if conditions.language:
        found &= Q(language__iexact=conditions.language)
    if conditions.consent:
        found &= Q(consent=conditions.consent)
    for attribute in conditions.attributes:
        found &= _attribute(attribute)
    if conditions.wrote:
        lately = Q(last_inbound_at__gte=now - timedelta(days=conditions.wrote_days))
        is_asked = conditions.wrote == Wrote.WITHIN
        found &= lately if is_asked else Q(last_inbound_at=None) | ~lately
    if conditions.added_since:
        midnight = datetime.combine(conditions.added_since, time.min, tzinfo=ZoneInfo(business.time_zone))
        found &= Q(created_at__gte=midnight)
    return found & _of_broadcast(business, conditions)


def _tagged(business: Business, conditions: Conditions, tags: Mapping[str, int]) -> Q:
    given = ContactTag.objects.filter(business=business, contact=OuterRef("pk"))

    def has_one(names: Iterable[str]) -> Q:
        return Q(Exists(given.filter(tag__in=[tags[name] for name in names if name in tags])))

    found = Q()
    for name in conditions.all_tags:
        found &= has_one([name])
    if conditions.any_tags:
        found &= has_one(conditions.any_tags)
    if conditions.no_tags:
        found &= ~has_one(conditions.no_tags)
    return found


def _attribute(attribute: Attribute) -> Q:
    value = Trim(Coalesce(Cast(KeyTextTransform(attribute.name, "attributes"), TextField()), NOTHING))
    match attribute.how:
        case How.EQUALS:
            return Q(IExact(value, attribute.value.strip()))
        case How.CONTAINS:
            return Q(IContains(value, attribute.value))
        case How.EMPTY:
            return Q(Exact(value, NOTHING))
        case How.FILLED:
            return ~Q(Exact(value, NOTHING))


def _of_broadcast(business: Business, conditions: Conditions) -> Q:
    """Returns the condition on contacts that they are in a group of a broadcast; nobody is in one that is gone."""
    if conditions.group is None:
        return Q()
    rows = Recipient.objects.filter(business=business, broadcast=UUID(conditions.broadcast))
    people = in_group(rows, conditions.group).order_by()
    addresses = people.values("address")
    by_contact = Q(pk__in=people.filter(contact__isnull=False).values("contact"))
    return by_contact | Q(phone__in=addresses) | Q(bsuid__in=addresses)
