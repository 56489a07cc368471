"""The moves of a recipient: who takes a row from one state to another, and what else changes with it.

| from | to | who | when |
|---|---|---|---|
| (a new row) | pending, skipped | `audience.freeze` | the audience is frozen |
| pending, retry_wait | claimed | `claims.claim` | a process takes it, under a lease of 15 s |
| claimed | pending | `claims.release`, `sweeper.sweep` | the broadcast stopped, or the lease ran out: never sent |
| claimed | retry_wait | `claims.postpone` | the person must not be written to at this moment |
| claimed | skipped | `claims.skip` | the person opted out since, or has another row of the broadcast |
| claimed | sending | `claims.depart` | its attempt is committed; the message leaves |
| sending, unknown | accepted, held, failed, unknown | `results.record` | the provider answered, or nothing came |
| sending, unknown | pending, retry_wait, skipped | `results.record` | refused, and it may or must not be tried again |
| sending, unknown | cancelled | `results.record` | it proved unsent, and the broadcast was cancelled meanwhile |
| sending, unknown | pending, cancelled, accepted, held | `heirs.settle` | its dead process noted how far it was |
| sending | unknown | `sweeper.sweep` | its process ended before it heard an answer |
| unknown | accepted | `doubts.believe` | the provider lists the message |
| unknown | assumed_sent | `doubts.assume_sent` | a person says that it arrived |
| unknown | pending, then cancelled if its broadcast is | `doubts.requeue` | it proved unsent, or a person asks for it |
| failed | pending, retry_wait | `retrying.retry` | a person asks for it, and the cause may have passed |
| retry_wait | failed | `giving_up.give_up` | a person doesn't want to wait for another try |
| pending, retry_wait, claimed | cancelled | `lifecycle.finish_cancelling` | the broadcast was cancelled |
| pending, retry_wait, claimed | skipped | `suppressions.suppress` | the person opts out |
| pending, retry_wait, claimed | skipped | `ties.skip_doubles` | another row turns out to be the same person's |
| accepted, held, sent | expired | `sweeper.settle` | no report came for 30 days |
| any of a lower rank | accepted, sent, failed, delivered, read | `statuses.apply` | the provider reports it |

`states.RECIPIENT_MOVES` and `states.RECIPIENT_RANK` are the same table in code. Nobody is sent a message twice,
because only `pending` and `retry_wait` can be claimed, only a claimed row with a valid lease can depart, and a
departed row goes back to `pending` only when it is known to be unsent, or when a person asks for it.

A row is moved by one conditional UPDATE whose row count decides: `free` for every row that no process holds
afterwards. Three writers move rows one by one, each with its own values, and take the common ones from `freed`:
`claims` (its fence is the lease), `results` and `statuses` (both hold the rows' locks).
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from whatsapp.models import Broadcast, Recipient
from whatsapp.states import RecipientStatus, recipient_states_before


def freed(to: RecipientStatus, **fields: Any) -> dict[str, Any]:
    """Returns the columns of a row that no process holds: its new state, no lease, and no next try unless given."""
    return {"status": to, "lease_token": None, "lease_until": None, "next_attempt_at": None, **fields}


def free(rows: QuerySet[Recipient], *, to: RecipientStatus, **fields: Any) -> int:
    """Move rows to a state in which no process holds them. `fields` are additional columns.

    Returns the number of rows moved: rows from whose state `to` can't be reached stay as they are.
    """
    return rows.filter(status__in=recipient_states_before(to)).update(**freed(to, **fields))


def locked(broadcast: Broadcast) -> Broadcast:
    """Lock a broadcast until the transaction ends, and return it as it is now, with its sender and template.

    Whoever reopens its rows and whoever ends it takes this lock first, so that no row is left open in a broadcast
    that has ended. It is a separate statement, because one that waits for a lock continues with what it saw before.
    """
    return Broadcast.objects.select_for_update(of=("self",)).select_related("sender", "template").get(pk=broadcast.pk)
