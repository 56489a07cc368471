"""What staff may do beyond reading and broadcasts: what an owner has switched on for them, one by one.

Owners and operators may do all of it, always. Who acts for nobody (a command, a webhook, a background task) isn't
asked. Pages ask with `@business_page(needs=…)` and `request.may`, and the actions themselves ask with `demand`: an
action that one page forgets to guard still refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from businesses.errors import NotPermitted
from businesses.models import Business, Permission, Role, User

REFUSALS = {
    Permission.EXPORT_CONTACTS: _("Only an owner, or staff with an owner's permission, can download lists of people."),
    Permission.LIFT_OPT_OUTS: _(
        "Only an owner, or staff with an owner's permission, can allow messages again after an opt-out."
    ),
    Permission.TRANSFER_ANYWHERE: _(
        "Only an owner, or staff with an owner's permission, can put calls through to a number of their choice. "
        "Everybody can put them through to the number in the settings."
    ),
}
"""Why something isn't offered, by permission."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one person may do in one business."""

    permissions: frozenset[Permission]

    @property
    def export_contacts(self) -> bool:
        """Whether the person may download lists of people."""
        return Permission.EXPORT_CONTACTS in self.permissions

    @property
    def lift_opt_outs(self) -> bool:
        """Whether the person may allow messages again to people who have opted out."""
        return Permission.LIFT_OPT_OUTS in self.permissions

    @property
    def transfer_anywhere(self) -> bool:
        """Whether the person may put a call through to any number that the business may dial."""
        return Permission.TRANSFER_ANYWHERE in self.permissions


EVERYTHING = Allowed(frozenset(Permission))
NOTHING = Allowed(frozenset())


def permissions_of(person: User, business: Business) -> Allowed:
    """Returns what a person may do in a business; nothing for a stranger."""
    if person.is_superuser:
        return EVERYTHING
    for membership in person.own_memberships:
        if membership.business_id == business.pk:
            return EVERYTHING if membership.role == Role.OWNER else Allowed(frozenset(membership.permissions))
    return NOTHING


def businesses_where(person: User, permission: Permission) -> set[UUID]:
    """Returns the ids of the businesses in which a member may do it."""
    memberships = person.own_memberships
    return {each.business_id for each in memberships if permission in permissions_of(person, each.business).permissions}


def demand(person: User | None, business: Business, permission: Permission) -> None:
    """Raise `NotPermitted` unless the person may do it. None is the system itself, which may."""
    if person is not None and permission not in permissions_of(person, business).permissions:
        raise NotPermitted(permission)


def demand_transfer(person: User, business: Business, number: str) -> None:
    """Raise `NotPermitted` unless the person may put a call through to the number (E.164).

    The number in the business's settings is everybody's.
    """
    if number != business.fallback_number:
        demand(person, business, Permission.TRANSFER_ANYWHERE)
