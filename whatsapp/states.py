"""The states of broadcasts and recipients, and which change of state is legal.

Nothing here uses the database: actions turn these tables into conditional UPDATEs and check the row count.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BroadcastStatus(models.TextChoices):
    """The state of a broadcast."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    PREPARING = "preparing", _("Preparing the list of people")
    RUNNING = "running", _("Sending")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    CANCELLING = "cancelling", _("Being cancelled")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Could not be prepared")
    MISSED = "missed", _("Missed its time")


B = BroadcastStatus
BROADCAST_MOVES: dict[BroadcastStatus, frozenset[BroadcastStatus]] = {
    B.DRAFT: frozenset({B.SCHEDULED, B.PREPARING, B.CANCELLING}),
    B.SCHEDULED: frozenset({B.DRAFT, B.PREPARING, B.MISSED, B.CANCELLING}),
    B.PREPARING: frozenset({B.DRAFT, B.RUNNING, B.PAUSED, B.FAILED, B.CANCELLING}),
    B.RUNNING: frozenset({B.PAUSED, B.COMPLETED, B.CANCELLING}),
    B.PAUSED: frozenset({B.PREPARING, B.RUNNING, B.CANCELLING}),
    B.MISSED: frozenset({B.DRAFT, B.SCHEDULED, B.PREPARING, B.CANCELLING}),
    B.FAILED: frozenset({B.DRAFT, B.PREPARING, B.CANCELLING}),
    B.CANCELLING: frozenset({B.CANCELLED}),
    B.COMPLETED: frozenset({B.RUNNING}),
    B.CANCELLED: frozenset(),
}
"""From each state, the states that may follow. A missed or failed broadcast has sent nothing. A completed one
runs again when a message whose answer was lost has proved to be unsent, or when failed ones are retried."""

LIVE_BROADCASTS = (B.SCHEDULED, B.PREPARING, B.RUNNING, B.PAUSED)
"""States that the sweep looks at (with a partial index), besides broadcasts that are being cancelled."""


def broadcast_states_before(new: BroadcastStatus) -> tuple[BroadcastStatus, ...]:
    """Returns the states from which a broadcast may become `new`: the WHERE of the change."""
    return tuple(old for old, following in BROADCAST_MOVES.items() if new in following)


class NextStep(models.TextChoices):
    """What has still to be entered of a draft."""

    PEOPLE = "people", _("People")
    DETAILS = "details", _("Values and schedule")


class PauseReason(models.TextChoices):
    """Why a broadcast is paused."""

    USER = "user", _("Paused by a person")
    TEMPLATE = "template", _("The template can't be sent at the moment")
    CATEGORY = "category", _("WhatsApp moved the template to another category")
    ACCOUNT = "account", _("The WhatsApp account or number needs attention")
    PAYMENT = "payment", _("WhatsApp's bill is not paid")
    ERROR_BURST = "error_burst", _("Too many messages failed")
    QUOTA_24H = "quota_24h", _("The 24-hour limit is reached")
    DAY_LIMIT = "day_limit", _("A daily limit of the business is reached")
    BUDGET = "budget", _("The broadcast's budget is used")
    MONTH_BUDGET = "month_budget", _("This month's budget is used")
    WINDOW = "window", _("Outside the sending hours")
    CANARY_REVIEW = "canary_review", _("The first messages are sent: have a look, then resume")


class RecipientStatus(models.TextChoices):
    """The state of one person of a broadcast."""

    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", _("Up next")
    SENDING = "sending", _("Being sent")
    RETRY_WAIT = "retry_wait", _("Waiting for another try")
    UNKNOWN = "unknown", _("Sent, but WhatsApp's answer was lost")
    ASSUMED_SENT = "assumed_sent", _("Counted as sent")
    ACCEPTED = "accepted", _("Accepted by WhatsApp")
    HELD = "held", _("Held by WhatsApp for a quality check")
    SENT = "sent", _("Sent, not delivered yet")
    EXPIRED = "expired", _("Not delivered in time")
    FAILED = "failed", _("Failed")
    DELIVERED = "delivered", _("Delivered, not read")
    READ = "read", _("Read")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled before it was sent")


R = RecipientStatus
RECIPIENT_RANK: dict[RecipientStatus, int] = {
    R.SKIPPED: 0,
    R.CANCELLED: 0,
    R.PENDING: 0,
    R.RETRY_WAIT: 0,
    R.CLAIMED: 1,
    R.SENDING: 2,
    R.UNKNOWN: 3,
    R.ASSUMED_SENT: 4,
    R.ACCEPTED: 5,
    R.HELD: 6,
    R.SENT: 7,
    R.EXPIRED: 8,
    R.FAILED: 9,
    R.DELIVERED: 10,
    R.READ: 11,
}
"""How much is known about a message. Reports only ever raise it, in whatever order they arrive:
`failed` never hides a delivery, and a delivery that is reported later corrects `failed` (a person with several
devices can cause both orders)."""

RECIPIENT_MOVES: dict[RecipientStatus, frozenset[RecipientStatus]] = {
    R.PENDING: frozenset({R.CLAIMED, R.SKIPPED, R.CANCELLED}),
    R.RETRY_WAIT: frozenset({R.CLAIMED, R.SKIPPED, R.CANCELLED, R.FAILED}),
    R.CLAIMED: frozenset({R.PENDING, R.RETRY_WAIT, R.SENDING, R.SKIPPED, R.CANCELLED}),
    R.SENDING: frozenset(
        {R.ACCEPTED, R.HELD, R.FAILED, R.UNKNOWN, R.PENDING, R.RETRY_WAIT, R.SKIPPED, R.CANCELLED},
    ),
    R.UNKNOWN: frozenset(
        {R.ACCEPTED, R.HELD, R.FAILED, R.PENDING, R.RETRY_WAIT, R.SKIPPED, R.CANCELLED, R.ASSUMED_SENT},
    ),
    R.ASSUMED_SENT: frozenset(),
    R.ACCEPTED: frozenset({R.EXPIRED}),
    R.HELD: frozenset({R.EXPIRED}),
    R.SENT: frozenset({R.EXPIRED}),
    R.EXPIRED: frozenset(),
    R.FAILED: frozenset({R.PENDING, R.RETRY_WAIT}),
    R.DELIVERED: frozenset(),
    R.READ: frozenset(),
    R.SKIPPED: frozenset(),
    R.CANCELLED: frozenset(),
}
"""From each state, the states that may follow by a step of ours. `recipients.py` says who takes each step."""

REPORTED = (R.ACCEPTED, R.SENT, R.FAILED, R.DELIVERED, R.READ)
"""The states that a provider's report can bring, from any state of a lower rank."""


def recipient_states_before(new: RecipientStatus) -> tuple[RecipientStatus, ...]:
    """Returns the states from which a step of ours may lead to `new`: the WHERE of the change."""
    return tuple(old for old, following in RECIPIENT_MOVES.items() if new in following)


def may_move(old: RecipientStatus, new: RecipientStatus) -> bool:
    """Returns whether a recipient may go from `old` to `new`, by a step of ours or by a provider's report."""
    is_reported = new in REPORTED and RECIPIENT_RANK[new] > RECIPIENT_RANK[old]
    return is_reported or new in RECIPIENT_MOVES[old]


UNSENT = (R.PENDING, R.CLAIMED, R.RETRY_WAIT)
"""Provably not with the provider; cancelling a broadcast cancels these."""

OPEN = (*UNSENT, R.SENDING)
"""A broadcast with a row in one of these is not completed."""

UNSETTLED = (R.UNKNOWN, R.ASSUMED_SENT, R.ACCEPTED, R.HELD, R.SENT)
"""Sent or perhaps sent, and reports may still come ("delivery settling")."""

REACHED_PROVIDER = (R.ACCEPTED, R.HELD, R.SENT, R.EXPIRED, R.DELIVERED, R.READ)
"""The provider accepted the message."""


class SkipReason(models.TextChoices):
    """Why a row of the audience gets no message."""

    INVALID_NUMBER = "invalid_number", _("Not a phone number")
    DUPLICATE = "duplicate", _("The same person twice")
    OPTED_OUT = "opted_out", _("Asked not to receive messages")
    MISSING_VARIABLE = "missing_variable", _("A value for the template is missing")
    BAD_VALUE = "bad_value", _("A value can't be sent")


class ErrorClass(models.TextChoices):
    """The consequence of a failed attempt: the providers' `SendOutcome` as it is stored."""

    SAFE_RETRY = "safe_retry", _("Never reached WhatsApp")
    THROTTLED = "throttled", _("Too fast for the number")
    RETRY = "retry", _("Temporary problem")
    DEFERRED = "deferred", _("This person is getting too much marketing at the moment")
    PERMANENT = "permanent", _("This person can't get it")
    SUPPRESS = "suppress", _("This person stopped marketing messages")
    TEMPLATE_WIDE = "template_wide", _("There is a problem with the template")
    CHANNEL_WIDE = "channel_wide", _("The number or account can't send")
    UNKNOWN = "unknown", _("The answer was lost")


PASSING_ERRORS = (
    ErrorClass.SAFE_RETRY,
    ErrorClass.THROTTLED,
    ErrorClass.RETRY,
    ErrorClass.DEFERRED,
    ErrorClass.CHANNEL_WIDE,
)
"""Failures that say nothing about the person: a later broadcast may well reach them."""


class TemplateCategory(models.TextChoices):
    """The purpose of a template. It decides the price, and which opt-outs apply."""

    MARKETING = "MARKETING", _("Marketing")
    UTILITY = "UTILITY", _("Utility")
    AUTHENTICATION = "AUTHENTICATION", _("Authentication")


class TemplateStatus(models.TextChoices):
    """Meta's states of a template. `SENDABLE_TEMPLATES` are those that can be sent."""

    APPROVED = "APPROVED", _("Approved")
    PENDING = "PENDING", _("Waiting for approval")
    REJECTED = "REJECTED", _("Rejected")
    PAUSED = "PAUSED", _("Paused for its quality")
    DISABLED = "DISABLED", _("Disabled for its quality")
    IN_APPEAL = "IN_APPEAL", _("In appeal")
    PENDING_DELETION = "PENDING_DELETION", _("Being deleted")
    DELETED = "DELETED", _("Deleted")
    FLAGGED = "FLAGGED", _("Flagged")
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED", _("Over the template limit")
    ARCHIVED = "ARCHIVED", _("Archived")
    LOCKED = "LOCKED", _("Locked")


SENDABLE_TEMPLATES = (TemplateStatus.APPROVED, TemplateStatus.FLAGGED)
"""A flagged template is a warning of low quality: WhatsApp goes on to send it, and pauses it later if need be."""


class FileMatter(models.TextChoices):
    """What may be unclear about a file of people, so that a person is asked."""

    ENCODING = "encoding", _("Encoding")
    SHEET = "sheet", _("Sheet")
    HEADER = "header", _("First row")
    PHONE_COLUMN = "phone_column", _("Phone number")


class ColumnRole(models.TextChoices):
    """The role of a column in a file of contacts."""

    PHONE = "phone", _("Phone number")
    NAME = "name", _("Name")
    FIRST_NAME = "first_name", _("First name")
    LAST_NAME = "last_name", _("Last name")
    LANGUAGE = "language", _("Language")
    TAGS = "tags", _("Tags, separated by commas")
    BSUID = "bsuid", _("WhatsApp user id")
    CONSENT = "consent", _("Consent: given or withdrawn")
    CONSENT_SOURCE = "consent_source", _("Where the consent comes from")
    ATTRIBUTE = "attribute", _("An attribute, under the column's name")
    IGNORED = "ignored", _("Leave it out")


class MediaProblem(models.TextChoices):
    """Why a file of a message is not here. The words for it are in `pages.media_words`."""

    GONE = "gone"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DAMAGED = "damaged"
    ELSEWHERE = "elsewhere"  # its address is not one of the provider's
    TOO_LARGE = "too_large"
    UNKNOWN_KIND = "unknown_kind"
    NO_ROOM = "no_room"
