"""Errors that the actions of this app raise."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied


class BusinessError(Exception):
    """Base of this app's errors; nothing was changed."""


class NumberTaken(BusinessError):
    """A phone number already belongs to another business."""

    def __init__(self, number: str, owner_slug: str) -> None:
        super().__init__(f"{number} already belongs to the business {owner_slug!r}")
        self.number = number
        self.owner_slug = owner_slug


class MissingDetail(BusinessError):
    """A detail that a new business or a new person requires is missing."""

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(reason)
        self.detail = detail


class InvitationInvalid(BusinessError):
    """The link of an invitation is wrong, used, withdrawn or too old."""


class MembershipGone(BusinessError):
    """A membership was ended while somebody changed it."""


class LastOwner(BusinessError):
    """The change would leave the business without an owner."""


class NotPermitted(PermissionDenied):
    """An owner has not allowed this member of staff to do it. `permission` is the name of the membership's field."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission
