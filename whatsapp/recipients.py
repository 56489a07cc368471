"""The moves of a recipient: who takes a row from one state to another, and what changes with its state.

| from | to | who | when |
|---|---|---|---|
| (a new row) | pending, skipped | `audience.freeze` | the audience is frozen |
| pending, retry_wait | claimed | `claims.claim` | a process takes it, under a lease of 15 s |
| claimed | pending | `claims.release`, `sweeper.sweep` | the broadcast stopped, or the lease ran out: never sent |
| claimed | retry_wait | `claims.postpone` | the person must not be written to at this moment |
| claimed | skipped | `claims.skip` | the person opted out after the audience was frozen |
| claimed | sending | `claims.depart` | its attempt is committed; the message leaves |
| sending, unknown | accepted, held, failed, unknown | `results.record` | the provider answered, or nothing came |
| sending, unknown | pending, retry_wait, skipped | `results.record` | refused, and it may or must not be tried again |
| sending, unknown | cancelled | `results.record` | it proved unsent, and the broadcast was cancelled meanwhile |
| sending | unknown | `sweeper.sweep` | its process ended before it heard an answer |
| unknown | accepted | `doubts.believe` | the provider lists the message |
| unknown | assumed_sent | `doubts.assume_sent` | a person says that it arrived |
| unknown | pending, then cancelled if its broadcast is | `doubts.requeue` | it proved unsent, or a person asks for it |
| failed | pending, retry_wait | `retrying.retry` | a person asks for it, and the cause may have passed |
| pending, retry_wait, claimed | cancelled | `lifecycle.finish_cancelling` | the broadcast was cancelled |
| pending, retry_wait, claimed | skipped | `suppressions.suppress` | the person opts out |
| accepted, held, sent | expired | `sweeper.settle` | no report came for 30 days |
| any of a lower rank | accepted, sent, failed, delivered, read | `statuses.apply` | the provider reports it |

`states.RECIPIENT_MOVES` and `states.RECIPIENT_RANK` are the same table for the program. Nobody is sent a message
twice because only `pending` and `retry_wait` can be claimed, only a claimed row with a living lease can depart, and
what has departed goes back to `pending` only when it is known to be unsent.

A row is moved by one conditional UPDATE whose row count decides: `free` for every row that nobody holds afterwards.
Three writers move rows one by one, each with its own values, and take the common ones from `freed`: `claims` (its
fence is the lease), `results` and `statuses` (both hold the rows' locks).
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from whatsapp.models import Broadcast, Recipient
from whatsapp.states import RecipientStatus, recipient_states_before


def freed(to: RecipientStatus, **fields: Any) -> dict[str, Any]:
    """Returns the columns of a row that nobody holds any more: its new state, no lease, and only a given next try."""
    return {"status": to, "lease_token": None, "lease_until": None, "next_attempt_at": None, **fields}


def free(rows: QuerySet[Recipient], *, to: RecipientStatus, **fields: Any) -> int:
    """Move rows to a state in which no process holds them. `fields` are further columns.

    Returns the number of rows moved: rows from whose state `to` can't be reached stay as they are.
    """
    return rows.filter(status__in=recipient_states_before(to)).update(**freed(to, **fields))


def locked(broadcast: Broadcast) -> Broadcast:
    """Lock a broadcast until the transaction ends, and return it as it is now, with its sender and template.

    Whoever opens its rows again and whoever ends it takes this lock first, so that none is left open in a broadcast
    that has ended. It is a statement of its own: one that waits for a lock goes on with what it saw before.
    """
    return Broadcast.objects.select_for_update(of=("self",)).select_related("sender", "template").get(pk=broadcast.pk)
