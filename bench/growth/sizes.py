"""How large an installation is: all of it, its one large business, and each of the others."""

from __future__ import annotations

from dataclasses import dataclass

LARGE_SHARE = 0.2
"""Of all people, calls and messages, the part of the one large business."""
BROADCASTS_OF_LARGE, BROADCASTS_OF_SMALL = 20, 10


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of rows. Of each broadcast, everybody or half of the business's contacts are recipients."""

    businesses: int = 1_000
    contacts: int = 1_000_000
    calls: int = 100_000
    recipients: int = 10_000_000

    def part(self, share: float) -> Size:
        """Returns a smaller installation: fewer businesses of which the small ones are as large as before."""
        return Size(
            max(2, round(self.businesses * share)),
            round(self.contacts * share),
            round(self.calls * share),
            round(self.recipients * share),
        )

    @property
    def large(self) -> Rows:
        """Returns the rows of the large business."""
        return Rows(
            round(self.contacts * LARGE_SHARE),
            round(self.calls * LARGE_SHARE),
            BROADCASTS_OF_LARGE,
            round(self.recipients * LARGE_SHARE / BROADCASTS_OF_LARGE),
        )

    @property
    def small(self) -> Rows:
        """Returns the rows of each other business."""
        others = self.businesses - 1
        return Rows(
            round(self.contacts * (1 - LARGE_SHARE) / others),
            round(self.calls * (1 - LARGE_SHARE) / others),
            BROADCASTS_OF_SMALL,
            round(self.recipients * (1 - LARGE_SHARE) / others / BROADCASTS_OF_SMALL),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one business; `people` are the recipients of each of its broadcasts."""

    contacts: int
    calls: int
    broadcasts: int
    people: int
