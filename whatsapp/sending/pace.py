"""How fast a number may send: slots in time, one per message. Pure: time is an argument, in seconds.

Slots are handed out ahead of time at even intervals, so there is no burst to smooth. On throttling the rate halves,
and it grows back by 5 % per clean 10 s. That is a function of the time since then, so no timer is needed.

A number has two limits for its broadcasts: `most` while people chat on it, `most_alone` while nobody does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

RECOVERY = 1.05
RECOVERY_EVERY_S = 10.0
MARGIN = 0.97
"""Share of the limit that is handed out: answers, garbage collection and networks shift arrivals by milliseconds."""
CHANNEL_SHARE = 0.8
"""Share of the channel's throughput that broadcasts may use while people chat; the rest is for the chats."""
CHAT_S = 60.0
"""So long after a message of a chat, from or to a person, the number still counts as chatting. An answer takes time to
write: when it leaves, its room has long been there."""
NO_COMPLAINT_S = 3_600.0
"""A number that was told to be slower has no more than its share for so long: its limit may be less than we know."""
DEFAULT_CHANNEL_MPS = 80.0
"""Meta: every number, unless upgraded."""
LOWEST_MPS = 0.2
LOWEST_SHARE = 1 / 16
"""Share of a number's rate that is left after any number of complaints. Refused messages do no harm, each complaint
brings a rest already, and a fault that refuses now and then must not stop a broadcast for hours."""
SET_BACK_S = 1.0
"""A complaint noted so much later than now was noted by another clock: this one has been set back."""
HORIZON_S = 0.25
"""The furthest ahead that slots are handed out; `tempo` decides on less. Messages waiting for their slot become unknown
if their process dies, so it is short; a wave must be committed within it, so it can't be shorter."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The state of a number: its first free slot, the rate to which it was last reduced, and when that was.

    After that it rests until `rests_until`. `chatted_at`: when the last message of a chat on it was noted.
    """

    next_slot_at: float = 0.0
    slowed_rate: float | None = None
    slowed_at: float = 0.0
    rests_until: float = 0.0
    chatted_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Slots:
    """`count` moments, the first at `start`, `interval` seconds apart. With no slots: ask again after `wait_s`."""

    start: float
    interval: float
    count: int
    wait_s: float = 0.0

    def at(self, index: int) -> float:
        """Returns when the message with this index may leave."""
        return self.start + index * self.interval


def ceiling(owner_mps: float | None, channel_mps: float | None, *, share: float = CHANNEL_SHARE) -> float:
    """Returns a number's limit in messages per second: the owner's or a share of the channel's, whichever is smaller.

    If the channel's throughput is unknown the owner's limit counts; without one, Meta's usual level.
    """
    if channel_mps is None:
        return owner_mps or DEFAULT_CHANNEL_MPS * share
    return min(owner_mps, channel_mps * share) if owner_mps else channel_mps * share


def limit_at(pace: Pace, most: float, most_alone: float, now: float) -> float:
    """Returns the limit of this moment: `most_alone` while nobody chats, unless the number has been too fast lately.

    A message noted by a clock that is ahead counts as one of now: what is kept free in vain does no harm.
    """
    was_too_fast = pace.slowed_rate is not None and now - pace.slowed_at < NO_COMPLAINT_S
    return most if was_too_fast or now - pace.chatted_at < CHAT_S else max(most, most_alone)


def rate_at(pace: Pace, most: float, now: float) -> float:
    """Returns the rate at this moment, never above `most`."""
    if pace.slowed_rate is None:
        return most
    clean_s = max(0.0, now - pace.slowed_at)
    steps = min(int(clean_s / RECOVERY_EVERY_S), 500)  # 500: more than enough for any rate, and no overflow
    return float(min(most, pace.slowed_rate * RECOVERY**steps))


def free_from(pace: Pace, most: float, now: float) -> float:
    """Returns from when on there are free slots.

    Slots and rests that lie where none can be were noted by a clock that has been set back since, or by another
    machine's that is ahead: they count for nothing, as nobody would send before they have passed.
    """
    furthest = now + HORIZON_S + 1.0 / (MARGIN * max(min(LOWEST_MPS, most), most * LOWEST_SHARE))
    slot_at = pace.next_slot_at if pace.next_slot_at <= furthest else now
    rests_until = pace.rests_until if pace.slowed_at <= now + SET_BACK_S else now
    return max(slot_at, rests_until, now)


def reserve(
    pace: Pace, most: float, wanted: int, now: float, *, ahead_s: float = HORIZON_S, most_alone: float = 0.0
) -> tuple[Pace, Slots]:
    """Take `wanted` slots, or as many as `ahead_s` seconds can hold if that is less; none until so many are free.

    All or none, because otherwise waiting processes would take single slots, and waves would shrink to one message.
    """
    interval = 1.0 / (rate_at(pace, limit_at(pace, most, most_alone, now), now) * MARGIN)
    count = min(wanted, int(ahead_s / interval) + 1)
    start = free_from(pace, most, now)
    late_s = start + (count - 1) * interval - (now + ahead_s)
    if late_s > 0:
        return pace, Slots(start, interval, 0, wait_s=late_s)
    return replace(pace, next_slot_at=start + count * interval), Slots(start, interval, count)


def slow_down(pace: Pace, most: float, now: float, wait_s: float, *, most_alone: float = 0.0) -> Pace:
    """The provider says that the number sends too fast: halve the rate and hand out nothing for a while.

    Complaints about messages that were already under way don't count twice: at most once per recovery step.
    """
    rate = rate_at(pace, limit_at(pace, most, most_alone, now), now)
    rests_until = max(now + wait_s, pace.rests_until if pace.slowed_at <= now + SET_BACK_S else 0.0)
    if pace.slowed_rate is not None and -SET_BACK_S <= now - pace.slowed_at < wait_s:
        return replace(pace, rests_until=rests_until)
    slowed_rate = max(LOWEST_MPS, most * LOWEST_SHARE, rate / 2)
    return replace(pace, slowed_rate=slowed_rate, slowed_at=now, rests_until=rests_until)


def chat(pace: Pace, now: float) -> Pace:
    """A message of a chat comes or is about to leave: from here on broadcasts get no more than their share.

    The slots that they have reach `HORIZON_S` ahead, and `MARGIN` leaves room beside them.
    """
    return replace(pace, chatted_at=now)
