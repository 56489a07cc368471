"""Which contacts fulfil conditions, asked of the database. What is found is as of `now`, and never kept."""

from __future__ import annotations

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
from whatsapp.models import Contact, ContactTag, Recipient

NOTHING = Value("", output_field=TextField())


def people_matching(business: Business, conditions: Conditions, *, now: datetime) -> QuerySet[Contact]:
    """Returns the contacts of a business that fulfil all conditions."""
    return Contact.objects.filter(matching(business, conditions, now=now), business=business)


def matching(business: Business, conditions: Conditions, *, now: datetime) -> Q:
    """Returns the conditions as one on contacts of this business."""
    found = _tagged(business, conditions)
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


def _tagged(business: Business, conditions: Conditions) -> Q:
    given = ContactTag.objects.filter(business=business, contact=OuterRef("pk"))
    found = Q()
    for name in conditions.all_tags:
        found &= Q(Exists(given.filter(tag__name=name)))
    if conditions.any_tags:
        found &= Q(Exists(given.filter(tag__name__in=conditions.any_tags)))
    if conditions.no_tags:
        found &= ~Q(Exists(given.filter(tag__name__in=conditions.no_tags)))
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
