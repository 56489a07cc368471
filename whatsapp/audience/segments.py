"""Saving, changing and deleting segments. What a segment means is in `conditions`, who that is now in `matching`."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import Business, User
from whatsapp.audience.conditions import BadConditions, Conditions, from_kept
from whatsapp.errors import NameTaken, WhatsappError
from whatsapp.models import BroadcastSeries, Segment, SeriesStatus

MOST_SEGMENTS = 200


def save(business: Business, name: str, conditions: Conditions, *, by: User) -> Segment:
    """Store a new segment. Raises `NameTaken`, or `WhatsappError` if the business has too many."""
    if Segment.objects.filter(business=business).count() >= MOST_SEGMENTS:
        raise WhatsappError(_("A business has at most %(most)s segments.") % {"most": MOST_SEGMENTS})
    segment = Segment(business=business, created_by=by)
    _store(segment, name, conditions, step="made")
    return segment


def change(segment: Segment, name: str, conditions: Conditions) -> None:
    """Rename a segment or change whom it means, also where it is used. Raises `NameTaken`."""
    _store(segment, name, conditions, step="changed")


def delete(segment: Segment) -> None:
    """Delete a segment; nobody in it is touched. Raises `WhatsappError` while a recurring broadcast uses it."""
    with transaction.atomic():
        names = [f"“{series.name}”" for series in uses(segment)]
        if names:
            text = _("The segment is used by these recurring broadcasts: %(names)s. Choose other people there first.")
            raise WhatsappError(text % {"names": ", ".join(names)})
        audit.record(segment.business, AuditKind.SEGMENT_CHANGED, name=segment.name, step="deleted")
        BroadcastSeries.objects.filter(segment=segment).update(segment=None)  # of those that are over
        segment.delete()


def uses(segment: Segment) -> list[BroadcastSeries]:
    """Returns the recurring broadcasts that use a segment and are not over."""
    over = (SeriesStatus.STOPPED, SeriesStatus.ENDED)
    return list(BroadcastSeries.objects.filter(segment=segment).exclude(status__in=over).order_by("name"))


def conditions_of(segment: Segment) -> Conditions | None:
    """Returns whom a segment means; None if a newer version of this program wrote it."""
    try:
        return from_kept(segment.conditions)
    except BadConditions:
        return None


def _store(segment: Segment, name: str, conditions: Conditions, *, step: str) -> None:
    segment.name, segment.conditions = " ".join(name.split()), conditions.kept()
    try:
        with transaction.atomic():
            segment.save()
            audit.record(segment.business, AuditKind.SEGMENT_CHANGED, name=segment.name, step=step)
    except IntegrityError:
        raise NameTaken from None
