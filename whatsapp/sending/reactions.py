"""What failures change beyond their own rows, whether they are answered at once or reported later: one rule for both.

A failure that would meet everybody pauses what it concerns. Others are counted by the breaker (`breaker.verdict_of`):
answers in the process that sends, reports from the rows in which they are kept, since any process may apply them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from whatsapp.broadcasts import lifecycle
from whatsapp.models import Attempt, Broadcast, Recipient
from whatsapp.providers.base import ErrorRule, SendOutcome, SendResult
from whatsapp.providers.registry import provider_for
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.sending import consequences
from whatsapp.sending.breaker import WINDOW, Breaker, Verdict, codes_to_blame, is_burst, verdict_of
from whatsapp.sending.outcomes import concerns_one_row
from whatsapp.sending.results import Landing
from whatsapp.states import REACHED_PROVIDER, PauseReason, RecipientStatus

_PAUSING = (SendOutcome.THROTTLED, SendOutcome.TEMPLATE_WIDE, SendOutcome.CHANNEL_WIDE)
_ARRIVED = (RecipientStatus.SENT, RecipientStatus.DELIVERED, RecipientStatus.READ)


def to_answers(
    broadcast: Broadcast, breaker: Breaker, landings: Sequence[Landing], *, others_succeed: bool, now: datetime
) -> None:
    """Act on the answers of a wave, once per kind of refusal, because its messages were refused together."""
    for landing in landings:
        _note(breaker, landing)
    worst = {landing.result.outcome: landing.result for landing in landings}
    for outcome in _PAUSING:
        result = worst.get(outcome)
        if result and result.rule:
            act(broadcast, result.rule, result, others_succeed=others_succeed, now=now)
    if breaker.is_open:
        _pause_for_burst(broadcast, _last_refusal(broadcast, landings), now)


def to_reports(broadcast: Broadcast, failures: Sequence[tuple[ErrorRule, SendResult]], now: datetime) -> None:
    """Act on failures that were reported, once they are in their rows. `failures`: those since it last began to run."""
    worst = {rule.outcome: (rule, result) for rule, result in failures}
    arrived = Recipient.objects.filter(broadcast=broadcast, status__in=_ARRIVED)
    for outcome in _PAUSING:
        if outcome in worst:
            rule, result = worst[outcome]
            act(broadcast, rule, result, others_succeed=not rule.may_be_one_row or arrived.exists(), now=now)
    counted = [result for rule, result in failures if verdict_of(rule, is_final=True)]
    if counted and is_burst(_verdicts_in_rows(broadcast)):
        _pause_for_burst(broadcast, _told(broadcast, counted[-1]), now)


def act(broadcast: Broadcast, rule: ErrorRule, result: SendResult, *, others_succeed: bool, now: datetime) -> None:
    """Do what a rule says beyond its own message. `others_succeed`: messages of the same broadcast got through."""
    if rule.outcome is SendOutcome.THROTTLED:
        consequences.slow_down(broadcast.sender, rule, retry_after_s=result.retry_after_s, now=now)
    elif not concerns_one_row(rule, others_succeed=others_succeed):
        if rule.outcome is SendOutcome.TEMPLATE_WIDE:
            blame(broadcast, [result.code])
        consequences.pause_for(broadcast, rule, code=result.code, words=result.text, now=now)


def blame(broadcast: Broadcast, codes: Sequence[str]) -> None:
    """Note that these errors are no fault of the people whom they met: they can be retried."""
    known = Broadcast.objects.filter(pk=broadcast.pk).values_list("burst_codes", flat=True).first() or []
    if new := sorted({code for code in codes if code} - set(known)):
        Broadcast.objects.filter(pk=broadcast.pk).update(burst_codes=[*known, *new])


def succeeds(broadcast: Broadcast, landings: Sequence[Landing]) -> bool:
    """Returns whether another message of this broadcast was accepted; queried only when it matters."""
    if not any(landing.result.outcome is SendOutcome.TEMPLATE_WIDE for landing in landings):
        return True
    return any(is_accepted(landing.result) for landing in landings) or (
        Recipient.objects.filter(broadcast=broadcast, status__in=REACHED_PROVIDER).exists()
    )


def is_accepted(result: SendResult) -> bool:
    """Returns whether an answer took the message."""
    return result.outcome in {SendOutcome.ACCEPTED, SendOutcome.HELD}


def _note(breaker: Breaker, landing: Landing) -> None:
    result, refusals = landing.result, landing.departure.row.refusals + 1
    if is_accepted(result):
        breaker.note(failed=False)
        return
    rule = result.rule
    verdict = verdict_of(rule, is_final=bool(rule and rule.tries and refusals >= rule.tries))
    if verdict:
        breaker.note(failed=True, for_its_person=verdict is Verdict.PERSON)


def _verdicts_in_rows(broadcast: Broadcast) -> list[Verdict]:
    """Returns what the rows tell of the messages that left last and since the broadcast last began to run."""
    rule_for = provider_for(broadcast.sender.provider).rule_for
    rows = left_since(Recipient.objects.filter(broadcast=broadcast), lifecycle.running_since(broadcast))
    last: list[tuple[int, str, str]] = []
    for status in (*_ARRIVED, RecipientStatus.FAILED):  # one query for each: so the index gives them in their order
        last += rows.filter(status=status).order_by("-pk").values_list("pk", "status", "error_code")[:WINDOW]
    told = (
        verdict_of(rule_for(code), is_final=True) if status == RecipientStatus.FAILED else Verdict.FINE
        for _pk, status, code in sorted(last)[-WINDOW:]
    )
    return [verdict for verdict in told if verdict]


def left_since(rows: QuerySet[Recipient], since: datetime | None) -> QuerySet[Recipient]:
    """Returns those of the rows whose message did not leave before this time, by our clock."""
    if since is None:
        return rows
    return rows.exclude(Exists(Attempt.objects.filter(pk=OuterRef("attempt_id"), started_at__lt=since)))


def _pause_for_burst(broadcast: Broadcast, because: Reason | None, now: datetime) -> None:
    rule_for = provider_for(broadcast.sender.provider).rule_for
    failed = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.FAILED, error_code__gt="")
    codes = failed.order_by("-pk").values_list("error_code", flat=True)[:WINDOW]
    blame(broadcast, codes_to_blame(code for code in codes if verdict_of(rule_for(code), is_final=True)))
    consequences.pause(broadcast, PauseReason.ERROR_BURST, because, now=now)


def _last_refusal(broadcast: Broadcast, landings: Sequence[Landing]) -> Reason | None:
    """Returns why the last refused message was refused; None if no rule says."""
    refused = [landing.result for landing in landings if landing.result.rule and not is_accepted(landing.result)]
    return _told(broadcast, refused[-1]) if refused else None


def _told(broadcast: Broadcast, result: SendResult) -> Reason:
    return reason(Cause.PROVIDER_ERROR, provider=broadcast.sender.provider, code=result.code, words=result.text)
