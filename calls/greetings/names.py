"""The names that a transcription should spell right."""

from __future__ import annotations

from typing import Final

from businesses.models import Business, Membership
from businesses.prepared import Prepared
from businesses.tenancy import acting_for

MOST_NAMES = 20
LONGEST_NAME = 60
"""Characters. Few and short names help a transcription; many would be heard where nobody said them."""

members: Final = Prepared(
    lambda: Membership.objects.order_by("pk").values_list("user__first_name", "user__last_name")[:MOST_NAMES]
)
"""What `names_of` asks."""


def names_of(business: Business) -> tuple[str, ...]:
    """Returns the names that transcripts should spell right, the business's first."""
    with acting_for(business):
        names = [business.name, *(f"{first} {last}" for first, last in members.rows())]
    plain = (" ".join(name.split())[:LONGEST_NAME] for name in names)
    return tuple(dict.fromkeys(name for name in plain if name))[:MOST_NAMES]
