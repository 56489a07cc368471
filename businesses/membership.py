"""Who belongs to a business, and who may enter the admin because of it."""

from __future__ import annotations

from django.db import transaction

from businesses.errors import LastOwner
from businesses.models import Business, Membership, Permission, Role, User
from businesses.tenancy import across_businesses, acting_for


def add_member(business: Business, user: User, role: Role) -> Membership:
    """Make a person a member, or give a member another role. Owners may enter the admin."""
    with transaction.atomic(), acting_for(business):
        membership, _created = Membership.objects.update_or_create(
            business=business, user=user, defaults={"role": role}
        )
        _set_admin_entry(user)
    return membership


def save_membership(membership: Membership) -> None:
    """Save a membership that was edited in the admin, and update the person's access to the admin."""
    with transaction.atomic():
        membership.save()
        _set_admin_entry(membership.user)


def remove_member(membership: Membership) -> None:
    """End a membership; a person who owns no other business loses access to the admin."""
    with transaction.atomic():
        user = membership.user
        membership.delete()
        _set_admin_entry(user)


def change_role(membership: Membership, role: Role) -> None:
    """Give a member another role. Raises `LastOwner`."""
    with transaction.atomic():
        if role is not Role.OWNER:
            _keep_an_owner(membership)
        if membership.role == Role.OWNER:  # an owner who becomes staff begins with nothing
            for permission in Permission:
                setattr(membership, permission.value, False)
        membership.role = role
        save_membership(membership)


def end_membership(membership: Membership) -> None:
    """End a membership on an owner's request. Raises `LastOwner`."""
    with transaction.atomic():
        _keep_an_owner(membership)
        remove_member(membership)


def _keep_an_owner(leaving: Membership) -> None:
    """Raise `LastOwner` for the only owner. Locks the owners' rows, so that two can't leave at the same moment."""
    owners = Membership.objects.select_for_update().filter(business=leaving.business_id, role=Role.OWNER)
    if not [owner for owner in owners if owner.pk != leaving.pk]:
        raise LastOwner


def _set_admin_entry(user: User) -> None:
    with across_businesses():  # one person's roles in all their businesses
        owns_one = user.memberships.filter(role=Role.OWNER).exists()
    user.is_staff = user.is_superuser or owns_one
    user.save(update_fields=["is_staff"])
    user.__dict__.pop("own_memberships", None)  # the cached memberships are out of date
