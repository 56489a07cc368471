"""Old messages: what is removed when a business no longer keeps them, and what has to stay.

Nothing that is still needed is old enough: the bounds of `businesses/keeping/kinds.py` are longer than the 24 hours of
a window and the 30 days in which WhatsApp reports. A broadcast that may still send is never touched.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db.models import Q

from businesses.keeping.deleting import delete_some
from businesses.models import Business
from whatsapp.broadcasts import creation, lifecycle
from whatsapp.errors import IllegalChange, WhatsappError
from whatsapp.inbox.direct_messages import WINDOW
from whatsapp.keeping.emptying import drop_inbound, empty_settled
from whatsapp.models import Broadcast, DirectMessage, InboundMessage, Recipient, ThreadNote
from whatsapp.states import BroadcastStatus, NextStep, RecipientStatus

ENDED = (BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED)
EMPTY_KEPT = timedelta(days=1)
"""How long a draft is kept for which only a template was chosen."""
NEVER_STARTED = (BroadcastStatus.DRAFT, BroadcastStatus.MISSED, BroadcastStatus.FAILED)
_OPEN = (RecipientStatus.PENDING, RecipientStatus.SENDING, RecipientStatus.RETRY_WAIT)


def remove_inbound(business: Business, *, before: datetime, now: datetime, most: int) -> int:
    """Remove old messages of people, never one that still opens a window."""
    old = InboundMessage.objects.filter(business=business, received_at__lt=min(before, now - WINDOW))
    return drop_inbound(old, most)


def remove_direct(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old messages to one person that are no longer to be sent."""
    old = DirectMessage.objects.filter(business=business, created_at__lt=before).exclude(status__in=_OPEN)
    return delete_some(old, most)


def remove_notes(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old notes in threads."""
    old = ThreadNote.objects.filter(business=business, created_at__lt=before)
    return delete_some(old, most)


def remove_unfinished_drafts(business: Business, *, before: datetime, now: datetime, most: int) -> int:
    """Remove drafts that were left before they could be started: without people after a day, others when too old."""
    left = Q(next_step=NextStep.PEOPLE, created_at__lt=now - EMPTY_KEPT) | Q(created_at__lt=before)
    drafts = Broadcast.objects.filter(left, business=business, status=BroadcastStatus.DRAFT).exclude(next_step="")
    removed = 0
    for draft in drafts.order_by("created_at")[:most]:
        try:
            creation.discard(draft)
        except WhatsappError:  # finished and started at this very moment
            continue
        removed += 1
    return removed


def give_up_drafts(business: Business, *, before: datetime, now: datetime, **_most: object) -> int:
    """Cancel old broadcasts that were never started, so that their people are not kept for ever. One at a time."""
    draft = Broadcast.objects.filter(business=business, status__in=NEVER_STARTED, created_at__lt=before).first()
    if draft is None:
        return 0
    try:
        lifecycle.cancel(draft, now=now)
    except IllegalChange:  # started at this very moment
        return 0
    lifecycle.finish_cancelling(draft, now=now)
    return 1


def empty_broadcasts(business: Business, *, before: datetime, now: datetime, most: int) -> int:
    """Empty rows of broadcasts that ended long ago, or that were cancelled before they began. One at a time.

    What the database needs for a person shrinks by a third then: the attempts go.
    """
    ended = Q(completed_at__lt=before) | Q(started_at=None, created_at__lt=before)
    old = Broadcast.objects.filter(ended, business=business, status__in=ENDED, people_removed_at=None)
    broadcast = old.order_by("created_at").first()
    if broadcast is None:
        return 0
    if rows := empty_settled(Recipient.objects.filter(broadcast=broadcast), most):
        return rows
    if broadcast.audience_file:  # never read to its end
        default_storage.delete(broadcast.audience_file.name or "")
    return Broadcast.objects.filter(pk=broadcast.pk).update(people_removed_at=now, audience_file="")
