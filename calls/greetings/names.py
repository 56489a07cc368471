"""The names that a transcription should spell right."""

from __future__ import annotations

from businesses.models import Business, Membership

MOST_NAMES = 20
LONGEST_NAME = 60
"""Characters. Few and short names help a transcription; many would be heard where nobody said them."""


def names_of(business: Business) -> tuple[str, ...]:
    """Returns the names that transcripts should spell right, the business's first."""
    members = Membership.objects.filter(business=business).select_related("user").order_by("pk")[:MOST_NAMES]
    names = [business.name, *(member.user.get_full_name() for member in members)]
    plain = (" ".join(name.split())[:LONGEST_NAME] for name in names)
    return tuple(dict.fromkeys(name for name in plain if name))[:MOST_NAMES]
