"""How many messages leave together, and how early: by a number's rate and by how long a commit takes. Pure.

A killed process leaves its waves unknown, also the messages that still waited for their slots. So a wave is a handful
of messages, committed just before its first slot: about five wait for theirs, at 64 messages a second as at 150. A wave
costs the same however small it is, so it isn't smaller than that, and a quick number's is larger: what its waves cost
is then most of what its messages cost, and a killed process has noted which of them it had not begun (`logbook`). Where
the database is slow, or many numbers share this process's connection to it, waves grow and are committed earlier, or
slots would be missed.
"""

from __future__ import annotations

from dataclasses import dataclass

from whatsapp.sending.pace import HORIZON_S, Slots

A_HANDFUL = 5
SHORTEST_WAVE_S = 0.03
LONG_WAVE_S = 0.1
"""Shares of a second's messages in one wave. A number for which the longer one is no message sends one at a time."""
QUICK_MPS = 160.0
"""A number of this rate has the shorter waves; those of a quicker one are longer in proportion."""
LONGEST_WAVE_S = 0.15
LARGEST_WAVE = 150
"""The most in one wave of the quickest number: with more, `HORIZON_S` would leave too little for a slow commit."""
SPARE_S = 0.005
SPREADS = 4
"""A wave is committed this long before its first slot, and this many times by how much commits differ (as RFC 6298, 2
waits for TCP's answers), besides the time of a commit."""
_WEIGHT = 0.2
"""Of the newest commit in the averages."""
_LONGEST_COMMIT_S = 1.0
"""A longer one counts as this long: a database that was away for a minute says nothing about the next wave."""


@dataclass(slots=True)
class Tempo:
    """What one process knows about the time that its waves take.

    `commit_s`: average seconds from the decision to a wave to its commit. `spread_s`: average difference from that.
    """

    commit_s: float = 0.02
    spread_s: float = 0.005

    def note(self, seconds: float) -> None:
        """Take the time of another wave into the averages."""
        off = min(seconds, _LONGEST_COMMIT_S) - self.commit_s
        self.spread_s += _WEIGHT * (abs(off) - self.spread_s)
        self.commit_s += _WEIGHT * off

    def size(self, rate: float) -> int:
        """Returns how many messages leave together, at `rate` messages a second."""
        quickness = max(1.0, rate / QUICK_MPS)
        least_s = max(SHORTEST_WAVE_S * quickness, 2 * self.commit_s)
        most = min(LARGEST_WAVE, round(rate * min(LONG_WAVE_S * quickness, LONGEST_WAVE_S)))
        return max(1, min(most, max(A_HANDFUL, round(rate * least_s))))

    def next_s(self, slots: Slots, rate: float) -> float:
        """Returns how many seconds after a wave with these slots the slots of the next one can be had."""
        return slots.at(slots.count) + (self.size(rate) - 1) * slots.interval - self.ahead_s(rate)

    def ahead_s(self, rate: float) -> float:
        """Returns how far ahead the slots of a wave may reach, in seconds."""
        return min(HORIZON_S, self.size(rate) / rate + self.commit_s + SPREADS * self.spread_s + SPARE_S)
