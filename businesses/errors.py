"""What can be wrong with a request to the actions of this app."""

from __future__ import annotations


class BusinessError(Exception):
    """Base of this app's refusals; nothing was changed."""


class NumberTaken(BusinessError):
    """A phone number already belongs to another business."""

    def __init__(self, number: str, owner_slug: str) -> None:
        super().__init__(f"{number} already belongs to the business {owner_slug!r}")
        self.number = number
        self.owner_slug = owner_slug


class MissingDetail(BusinessError):
    """Something that a new business or a new person can't do without was not given."""

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(reason)
        self.detail = detail


class InvitationInvalid(BusinessError):
    """The link of an invitation is wrong, used, withdrawn or too old."""


class LastOwner(BusinessError):
    """A business would have nobody left who may change its settings."""
