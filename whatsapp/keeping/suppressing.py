"""What remains of an erased person: that they must not be messaged, under a fingerprint instead of their address.

Somebody who had opted out stays opted out of the same; for everybody else marketing ends. Without this the next
import of an old list would bring them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from businesses.keeping.admin_log import forget_admin_log
from businesses.keeping.fingerprints import new_fingerprint, readable_fingerprints
from businesses.keeping.person import Person
from businesses.keeping.table import Record
from whatsapp import recipients
from whatsapp.models import ConsentChange, Recipient, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.states import UNSENT, RecipientStatus, SkipReason


def begin(person: Person, _now: datetime) -> None:
    """Skip the person in every broadcast that has not sent to them yet."""
    waiting = Recipient.objects.filter(business=person.business, address__in=person.addresses, status__in=UNSENT)
    recipients.free(waiting, to=RecipientStatus.SKIPPED, skip_reason=SkipReason.OPTED_OUT)


def rows(person: Person) -> tuple[QuerySet[Suppression], QuerySet[ConsentChange]]:
    """Returns the entries that turn into fingerprints."""
    return _plain(person), _history(person)


def erase(person: Person, _most: int) -> int:
    """Put fingerprints in the place of addresses: in the list of who must not be messaged, and in the history."""
    changed = 0
    for address in sorted(person.addresses):
        changed += _hide(person, address)
    return changed


def records(person: Person) -> Iterable[Record]:
    """Returns what is on record of the person's wishes, kept under a fingerprint or not."""
    known = [*person.addresses, *readable_fingerprints(person.business, person.addresses)]
    for entry in Suppression.objects.filter(business=person.business, address__in=known):
        yield {"at": entry.created_at, "what": f"no_{entry.category}", "source": entry.source, "note": entry.note}
    for change in ConsentChange.objects.filter(business=person.business, address__in=known).order_by("at"):
        yield {"at": change.at, "what": change.what, "source": change.source}


def _hide(person: Person, address: str) -> int:
    hidden = new_fingerprint(person.business, address)
    ours = Suppression.objects.filter(business=person.business)
    changed = 0
    for entry in ours.filter(address=address):
        _added, is_new = ours.get_or_create(
            business=person.business,
            address=hidden,
            category=entry.category,
            defaults={"source": entry.source, "created_at": entry.created_at},
        )
        changed += is_new
    if not ours.filter(address=hidden).exists():
        ours.create(
            business=person.business,
            address=hidden,
            category=SuppressionCategory.MARKETING,
            source=SuppressionSource.ERASED,
            created_at=timezone.now(),
        )
        changed += 1
    gone = ours.filter(address=address)
    forget_admin_log(gone)
    gone.delete()
    history = ConsentChange.objects.filter(business=person.business, address=address)
    history.exclude(source__in=SuppressionSource.values).update(source="")  # a note may name the person
    return changed + history.update(address=hidden)


def _plain(person: Person) -> QuerySet[Suppression]:
    return Suppression.objects.filter(business=person.business, address__in=person.addresses)


def _history(person: Person) -> QuerySet[ConsentChange]:
    return ConsentChange.objects.filter(business=person.business, address__in=person.addresses)
