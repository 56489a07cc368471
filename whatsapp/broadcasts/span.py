"""Where a broadcast's people stand in the table, for lists of some of them in its order.

The table is that of all broadcasts. A list by the key with a limit reads as PostgreSQL guesses: it may begin at the
first row there is, and walk through all other broadcasts'. Between the broadcast's first row and its last there are
few of others: those that were added in the same minutes.
"""

from __future__ import annotations

from django.db.models import Subquery
from django.db.models.functions import Coalesce, Greatest, Least

from whatsapp.models import Broadcast, Recipient
from whatsapp.states import RecipientStatus

_NONE = 2**62


def span_of(broadcast: Broadcast) -> tuple[int, int]:
    """Returns the keys of the first and the last of a broadcast's people, by one entry of an index for each state."""
    first, last = (
        [Coalesce(_key(broadcast, state, order), none) for state in RecipientStatus]
        for order, none in (("pk", _NONE), ("-pk", -1))
    )
    found = Broadcast.objects.filter(pk=broadcast.pk).values_list(Least(*first), Greatest(*last)).first()
    return found or (_NONE, -1)


def _key(broadcast: Broadcast, state: RecipientStatus, order: str) -> Subquery:
    rows = Recipient.objects.filter(broadcast=broadcast, status=state).order_by(order)
    return Subquery(rows.values("pk")[:1])
