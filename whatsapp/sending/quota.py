"""How many more people a number may message: the 24-hour limit of its portfolio, and the size of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from whatsapp import recipients
from whatsapp.models import Broadcast, Recipient, Sender
from whatsapp.people.identity import People
from whatsapp.sending import day_window, reached
from whatsapp.sending.day_window import DAY
from whatsapp.states import UNSENT, RecipientStatus

PLENTY = 20_000
"""More than all processes together can send while a reading is reused."""
CLOSE = 1_000
"""More than a wave has: with so many left by their addresses, nobody needs to know that by people they are more."""
KEEP_READING = timedelta(seconds=5)
TRIED = tuple(
    state
    for state in RecipientStatus
    if state
    not in {RecipientStatus.PENDING, RecipientStatus.CLAIMED, RecipientStatus.SKIPPED, RecipientStatus.CANCELLED}
)
"""The message was posted, whatever its outcome."""
PAIR_GAP = timedelta(seconds=6)
"""Meta: one message to the same person every 6 s (131056)."""


def people_left(sender: Sender, now: datetime) -> int | None:
    """Returns how many different people the portfolio may still reach in these 24 h; None if no limit is known.

    Far from the limit it may be too few. It locks the portfolio's numbers, so that two processes don't both count the
    last ones as free.
    """
    if sender.messaging_limit is None:
        return None
    list(reached.portfolio(sender).select_for_update().order_by("pk").values_list("pk", flat=True))
    left = sender.messaging_limit - reached.addresses(sender, now)
    return left if left > CLOSE else people_left_to_tell(sender, now)


def people_left_to_tell(sender: Sender, now: datetime) -> int | None:
    """Returns the same for display, without a lock, so that sending is not held up."""
    if sender.messaging_limit is None:
        return None
    return max(0, sender.messaging_limit - reached.people(sender, now))


@dataclass(slots=True)
class PeopleGauge:
    """Reuses `people_left` for some seconds while it is far from zero, because counting takes time."""

    left: int | None = 0
    read_at: datetime | None = None

    def read(self, sender: Sender, now: datetime) -> int | None:
        """Returns how many people are left; close to the limit it is always counted anew."""
        plenty = self.left is None or self.left > PLENTY
        if self.read_at is None or not plenty or now - self.read_at > KEEP_READING:
            self.left, self.read_at = people_left(sender, now), now
        return self.left

    def use(self, people: int) -> None:
        """Subtract people who have been messaged."""
        if self.left is not None:
            self.left -= people


def goes_on_at(broadcast: Broadcast, now: datetime) -> datetime:
    """Returns when enough people of its portfolio will have stopped counting for the broadcast to go on.

    Who is under way or in doubt counts as reached now.
    """
    limit = broadcast.sender.messaging_limit or 0
    lasts = reached.last_reached(broadcast.sender, now)
    open_ = Recipient.objects.filter(broadcast=broadcast, status__in=UNSENT).count()
    wanted = day_window.enough(limit, open_)
    return day_window.goes_on_at(sorted(last + DAY for last in lasts), limit, wanted, now)


def trial_left(broadcast: Broadcast) -> int | None:
    """Returns how many messages of the trial are left; None if there is no trial, or if it has been approved."""
    if broadcast.canary_size is None or broadcast.canary_reviewed_at:
        return None
    # The lock keeps two processes from both taking the trial's last message.
    recipients.locked(broadcast)
    tried = Recipient.objects.filter(broadcast=broadcast, status__in=TRIED).count()
    return max(0, broadcast.canary_size - tried)


def just_messaged(broadcast: Broadcast, addresses: list[str], people: People, now: datetime) -> set[str]:
    """Returns the addresses whose people another broadcast of the business is sending to, or has in these seconds."""
    elsewhere = Recipient.objects.filter(business=broadcast.business_id, address__in=people.every(addresses)).exclude(
        broadcast=broadcast
    )
    recent = elsewhere.filter(Q(accepted_at__gt=now - PAIR_GAP) | Q(status=RecipientStatus.SENDING))
    busy = {people.key(address) for address in recent.values_list("address", flat=True) if address}
    return {address for address in addresses if people.key(address) in busy}


def doubles(broadcast: Broadcast, rows: Mapping[int, str], people: People) -> set[int]:
    """Returns those of these rows (key: address) whose person has another row of the broadcast that comes first.

    The first is one that was tried; else the one with the smaller key. Rows of one person are found when the audience
    is frozen and when their addresses are tied; this is for what was tied between the two.
    """
    others = set(people.every(rows.values())) - set(rows.values())
    if not others:
        return _later_of_one_person(rows, people)
    found = Recipient.objects.filter(broadcast=broadcast, address__in=others)
    found = found.exclude(status__in=[RecipientStatus.SKIPPED, RecipientStatus.CANCELLED])
    first: dict[str, int] = {}
    for pk, address, status in found.values_list("pk", "address", "status"):
        person = people.key(address or "")
        first[person] = min(first.get(person, pk), -1 if status in TRIED else pk)
    late = {pk for pk, address in rows.items() if first.get(people.key(address), pk) < pk}
    return late | _later_of_one_person(rows, people)


def _later_of_one_person(rows: Mapping[int, str], people: People) -> set[int]:
    first: dict[str, int] = {}
    for pk in sorted(rows):
        first.setdefault(people.key(rows[pk]), pk)
    return {pk for pk, address in rows.items() if first[people.key(address)] != pk}
