"""Who belongs to a business, and who may enter the admin because of it.

Changes of one business's members happen one after another (`_one_at_a_time`), and each is a conditional UPDATE or
DELETE: a membership that somebody else has ended meanwhile stays ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from businesses.audit import AuditKind, record
from businesses.errors import LastOwner, MembershipGone
from businesses.models import Business, Invitation, Membership, Permission, Role, User
from businesses.tenancy import across_businesses, acting_for


def add_member(business: Business, user: User, role: Role) -> Membership:
    """Make a person a member, or give a member another role. Owners may enter the admin."""
    with _one_at_a_time(business):
        membership = Membership.objects.filter(business=business, user=user).first()
        if membership is None:
            membership = Membership.objects.create(business=business, user=user, role=role)
            record(business, AuditKind.MEMBER_ADDED, email=user.email, role=role.value)
            _set_admin_entry(user)
        elif membership.role != role:
            _give(membership, role)
    return membership


def save_membership(membership: Membership) -> None:
    """Save a membership that was added or edited in the admin. Raises `MembershipGone`."""
    with _one_at_a_time(membership.business):
        if membership._state.adding:
            membership.save()
            record(membership.business, AuditKind.MEMBER_ADDED, email=membership.user.email, role=membership.role)
            _set_admin_entry(membership.user)
        else:
            _give(membership, Role(membership.role))


def remove_member(membership: Membership) -> None:
    """End a membership; what the person has invited ends with it. An operator may remove the last owner, too."""
    with _one_at_a_time(membership.business):
        _remove(membership)


def change_role(membership: Membership, role: Role) -> None:
    """Give a member another role. Raises `LastOwner`, and `MembershipGone` if they were removed meanwhile."""
    with _one_at_a_time(membership.business):
        if role is not Role.OWNER:
            _keep_an_owner(membership)
        _give(membership, role)


def allow(membership: Membership, permissions: Collection[Permission]) -> None:
    """Let a member of staff do exactly this beyond their role. Raises `MembershipGone`, also for an owner."""
    with _one_at_a_time(membership.business):
        rows = Membership.objects.filter(pk=membership.pk, role=Role.STAFF)
        found = rows.first()
        if found is None:
            raise MembershipGone
        before, after = found.permissions, [each for each in Permission if each in permissions]
        if before != after:
            rows.update(**{each.value: each in after for each in Permission})
            email = membership.user.email
            record(membership.business, AuditKind.PERMISSIONS_CHANGED, email=email, before=before, after=after)


def end_membership(membership: Membership) -> None:
    """End a membership on an owner's request. Raises `LastOwner`; to end it again changes nothing."""
    with _one_at_a_time(membership.business):
        _keep_an_owner(membership)
        _remove(membership)


@contextmanager
def _one_at_a_time(business: Business) -> Iterator[None]:
    """Lock the business's row for changes of its members.

    `no_key`: the lock doesn't hold up the rows that refer to the business, like those of its calls.
    """
    with transaction.atomic(), acting_for(business):
        Business.objects.select_for_update(no_key=True).filter(pk=business.pk).values("pk").first()
        yield


def _keep_an_owner(leaving: Membership) -> None:
    """Raise `LastOwner` for the only owner."""
    if not Membership.objects.filter(business=leaving.business_id, role=Role.OWNER).exclude(pk=leaving.pk).exists():
        raise LastOwner


def _give(membership: Membership, role: Role) -> None:
    before = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    begins = {} if before == role else {each.value: False for each in Permission}  # with nothing beyond the new role
    if before is None or not Membership.objects.filter(pk=membership.pk, role=before).update(role=role, **begins):
        raise MembershipGone
    membership.role = role
    if before == role:
        return
    if role is not Role.OWNER:
        _end_invitations_of(membership)
    record(membership.business, AuditKind.ROLE_CHANGED, email=membership.user.email, before=before, after=role.value)
    _set_admin_entry(membership.user)


def _remove(membership: Membership) -> None:
    removed, _by_model = Membership.objects.filter(pk=membership.pk).delete()
    if removed:
        _end_invitations_of(membership)
        record(membership.business, AuditKind.MEMBER_REMOVED, email=membership.user.email, role=membership.role)
        _set_admin_entry(membership.user)


def _end_invitations_of(membership: Membership) -> None:
    """Withdraw what a person has invited who is no longer an owner; otherwise they could come back by it."""
    Invitation.objects.filter(business=membership.business_id, invited_by=membership.user_id).delete()


def _set_admin_entry(user: User) -> None:
    with across_businesses():  # one person's roles in all their businesses
        owned = Membership.objects.filter(user=OuterRef("pk"), role=Role.OWNER)
        User.objects.filter(pk=user.pk).update(is_staff=Q(is_superuser=True) | Exists(owned))
        user.is_staff = User.objects.values_list("is_staff", flat=True).get(pk=user.pk)
    user.__dict__.pop("own_memberships", None)  # the cached memberships are out of date
