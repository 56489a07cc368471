"""Errors that the actions of this app raise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


class InvitationsUsedUp(BusinessError):
    """The business has invited as many people within a day as it may."""


class CodeWrong(BusinessError):
    """The code from the mailbox is missing or wrong; `spent` when this code has been tried too often."""

    def __init__(self, *, spent: bool = False) -> None:
        super().__init__("the code is spent" if spent else "the code is wrong")
        self.spent = spent


class CodesUsedUp(BusinessError):
    """No more codes are mailed for an invitation."""


class AccountExists(BusinessError):
    """The address that a person has just proved already has an account, with which they sign in."""


class AddressUnproved(BusinessError):
    """Nobody has shown that an existing account belongs to the mailbox whose address it has."""

    def __init__(self, email: str) -> None:
        super().__init__(f"the account {email} exists, and nobody has shown that it belongs to this mailbox")
        self.email = email


class TooManyEndpoints(BusinessError):
    """A business has as many webhook addresses as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"there may be {most} webhook addresses")
        self.most = most


class TooManyTokens(BusinessError):
    """A business has as many access tokens as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"there may be {most} access tokens")
        self.most = most


class MembershipGone(BusinessError):
    """A membership was ended while somebody changed it."""


class LastOwner(BusinessError):
    """The change would leave the business without an owner."""


class NotPermitted(PermissionDenied):
    """An owner has not allowed this member of staff to do it. `permission` is the name of the membership's field."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class SlotTaken(BusinessError):
    """The time is not free. `free`: the next times that are (`businesses.calendar.offers.Slot`)."""

    def __init__(self, free: Sequence[Any] = ()) -> None:
        super().__init__("the time is taken")
        self.free = free


class SlotNotOffered(BusinessError):
    """The time can't be booked, moved or cancelled; `reason` is one of `businesses.calendar.booking.Reason`.

    `free`: the next times that can be booked.
    """

    def __init__(self, reason: str, free: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.free = free


class KnowledgeFull(BusinessError):
    """A business can't have more entries of knowledge. `most` is how many it can have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"a business has at most {most} entries")
        self.most = most
