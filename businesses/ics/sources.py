"""Addresses of files that say when a calendar is busy elsewhere: entering and removing them, and what was read.

Stored are times and nothing else: what a person does elsewhere is none of the business's business. An appointment of
ours that comes back in such a file, since the person has it in that calendar, too, is left out: it would block itself.
All functions expect the business to be set.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from businesses import audit
from businesses import credentials as encryption
from businesses.audit import AuditKind
from businesses.calendar.slots import Span, joined
from businesses.credentials import CredentialsUnreadable, encrypt_text
from businesses.ics.busy import Busy
from businesses.ics.writing import UID_PREFIX
from businesses.models import Appointment, Business, BusyTime, Calendar, CalendarSource
from businesses.tenancy import across_businesses


def normal(url: str) -> str:
    """Returns an address as it is asked: `webcal:` is what calendars call https."""
    url = url.strip()
    scheme, colon, rest = url.partition(":")
    return f"https:{rest}" if colon and scheme.lower() in {"webcal", "webcals"} else url


def of(calendar: Calendar) -> CalendarSource | None:
    """Returns the address of a calendar, if there is one."""
    return CalendarSource.objects.filter(business=calendar.business, calendar=calendar).first()


def enter(calendar: Calendar, url: str, *, now: datetime) -> CalendarSource:
    """Store an address in place of the one before it; what was read from that is forgotten. Due at once."""
    with transaction.atomic():
        Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)  # two pages at once can't enter two
        before, _rows = CalendarSource.objects.filter(business=calendar.business, calendar=calendar).delete()
        made = CalendarSource.objects.create(
            business=calendar.business,
            calendar=calendar,
            encrypted_url=encrypt_text(url),
            host=urlsplit(url).hostname or "",
            due_at=now,
            added_at=now,
        )
        _note(made, "changed" if before else "added")
    return made


def remove(source: CalendarSource) -> None:
    """Forget an address and the busy times from it."""
    with transaction.atomic():
        _note(source, "removed")
        source.delete()


def fetch_now(source: CalendarSource, *, now: datetime) -> None:
    """Have it fetched at once, whole."""
    CalendarSource.objects.filter(pk=source.pk).update(due_at=now, read_at=None)


def store(source: CalendarSource, found: Collection[Busy]) -> int:
    """Make these the busy times of a source. Returns how many there are: those that touch are one."""
    business = source.business
    ours = _appointments_in(business, found)
    wanted = set(joined(Span(busy.start, busy.end) for busy in found if busy.uid not in ours))
    with transaction.atomic():
        kept = BusyTime.objects.filter(business=business, source=source)
        known = {Span(start, end): key for key, start, end in kept.values_list("pk", "starts_at", "ends_at")}
        gone = [key for span, key in known.items() if span not in wanted]
        for begin in range(0, len(gone), 500):
            kept.filter(pk__in=gone[begin : begin + 500]).delete()
        BusyTime.objects.bulk_create(
            [
                BusyTime(
                    business=business,
                    calendar_id=source.calendar_id,
                    starts_at=span.start,
                    ends_at=span.end,
                    source=source,
                )
                for span in sorted(wanted - known.keys())
            ],
            batch_size=500,
        )
    return len(wanted)


def rotate_calendar_addresses() -> tuple[int, list[str]]:
    """Encrypt all addresses with the newest key. Returns how many, and those that can't be read."""
    rotated, unreadable = 0, []
    with across_businesses():  # the key belongs to the installation
        for source in CalendarSource.objects.select_related("business").iterator():
            try:
                fresh = encryption.rotate(source.encrypted_url)
            except CredentialsUnreadable:
                unreadable.append(f"{source.business.slug}: address of a calendar")
                continue
            same = CalendarSource.objects.filter(pk=source.pk, encrypted_url=source.encrypted_url)
            rotated += same.update(encrypted_url=fresh)
    return rotated, unreadable


def _appointments_in(business: Business, found: Collection[Busy]) -> set[str]:
    """Returns the names of those events that are appointments of this business."""
    named: dict[UUID, str] = {}
    for busy in found:
        if busy.uid.startswith(UID_PREFIX):
            try:
                named[UUID(busy.uid.removeprefix(UID_PREFIX))] = busy.uid
            except ValueError:
                continue
    ours: set[str] = set()
    keys = list(named)
    for begin in range(0, len(keys), 500):
        rows = Appointment.objects.filter(business=business, pk__in=keys[begin : begin + 500])
        ours.update(named[key] for key in rows.values_list("pk", flat=True))
    return ours


def _note(source: CalendarSource, step: str) -> None:
    audit.record(
        source.business,
        AuditKind.CALENDAR_LINK,
        step=f"source_{step}",
        name=source.calendar.name,
        host=source.host,
    )
