"""Groups of an earlier broadcast's people, by what became of their message."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses.keeping.person import ERASED
from whatsapp.audience.choice import Group
from whatsapp.models import Broadcast, InboundMessage, Recipient
from whatsapp.states import PASSING_ERRORS, REACHED_PROVIDER, RecipientStatus


def people_of(earlier: Broadcast, group: Group) -> QuerySet[Recipient]:
    """Returns the people of an earlier broadcast who are in a group and still have an address."""
    return in_group(Recipient.objects.filter(broadcast=earlier), group)


def in_group(rows: QuerySet[Recipient], group: Group) -> QuerySet[Recipient]:
    """Returns those of a broadcast's rows that are in a group and still have an address."""
    people = rows.filter(address__isnull=False).exclude(address__startswith=ERASED)
    return people.filter(_GROUPS[group]())


def replied() -> Q:
    """Returns the condition on recipients that they wrote back."""
    return Q(Exists(InboundMessage.objects.filter(recipient=OuterRef("pk"))))


_GROUPS: dict[Group, Callable[[], Q]] = {
    Group.NOT_READ: lambda: Q(status=RecipientStatus.DELIVERED),
    Group.NOT_DELIVERED: lambda: Q(
        status__in=[RecipientStatus.ACCEPTED, RecipientStatus.HELD, RecipientStatus.SENT, RecipientStatus.EXPIRED]
    ),
    Group.FAILED_PASSING: lambda: Q(status=RecipientStatus.FAILED, error_class__in=PASSING_ERRORS),
    Group.NOT_REACHED: lambda: (
        Q(status=RecipientStatus.EXPIRED) | Q(status=RecipientStatus.FAILED, error_class__in=PASSING_ERRORS)
    ),
    Group.READ: lambda: Q(status=RecipientStatus.READ),
    Group.REPLIED: replied,
    Group.NOT_REPLIED: lambda: Q(status__in=REACHED_PROVIDER) & ~replied(),
}
