"""Twilio's error codes: what each means for the message, and what to tell the reader.

The same codes come in the answer to a POST and in a status callback. Source: Twilio, "Error and Warning Dictionary".
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.providers.base import ErrorRule, JsonObject, PauseScope, SendOutcome, SendResult

DAY_S = 86_400.0


def _permanent(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(SendOutcome.PERMANENT, explanation)


def _template(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(
        SendOutcome.TEMPLATE_WIDE,
        explanation,
        pause_reason="template",
        counts_against_broadcast=True,
        may_be_one_row=True,
    )


def _paused(explanation: str | Promise, resume_after_s: float | None = None) -> ErrorRule:
    return ErrorRule(SendOutcome.TEMPLATE_WIDE, explanation, pause_reason="template", resume_after_s=resume_after_s)


def _account(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(SendOutcome.CHANNEL_WIDE, explanation, pause_reason="account", scope=PauseScope.ACCOUNT)


_TOO_FAST = ErrorRule(
    SendOutcome.THROTTLED, _("Twilio asked us to send more slowly; the message follows."), retry_after_s=5.0, tries=0
)
_QUEUE_FULL = ErrorRule(
    SendOutcome.THROTTLED,
    _("Twilio's queue for this number is full; the message follows."),
    retry_after_s=60.0,
    tries=0,
)
_CONTENT = _template(_("Twilio rejected the template or its values. Sync the templates and compare the columns."))

RULES: Mapping[int, ErrorRule] = {
    20429: _TOO_FAST,
    63018: _TOO_FAST,
    21611: _QUEUE_FULL,
    30001: _QUEUE_FULL,
    63013: ErrorRule(
        SendOutcome.PERMANENT,
        _("The message breaks a WhatsApp policy, or a value is empty."),
        counts_against_broadcast=True,
    ),
    63021: _CONTENT,
    63027: _paused(_("The template does not exist in this language. Sync the templates and choose again.")),
    63028: _paused(
        _("WhatsApp expects another number of values: the template was changed. Sync the templates and compare.")
    ),
    63029: _CONTENT,
    63030: _CONTENT,
    21655: _CONTENT,
    21656: _CONTENT,
    50526: _CONTENT,
    63040: _paused(_("WhatsApp rejected the template. Change it and have it approved again.")),
    63041: _paused(_("WhatsApp paused the template for low quality; it is tried again when the pause ends."), 10_800.0),
    63042: _paused(_("WhatsApp disabled the template for low quality. Choose another one.")),
    63016: _template(_("WhatsApp takes only approved templates here. Sync the templates and choose again.")),
    63024: _permanent(_("Not a number that WhatsApp knows.")),
    63003: _permanent(_("Not reachable on WhatsApp.")),
    63014: _permanent(_("This person has blocked the business.")),
    63032: _permanent(_("Meta leaves this person out of marketing messages for an experiment.")),
    21610: ErrorRule(SendOutcome.SUPPRESS, _("This person asked not to receive messages.")),
    21211: _permanent(_("Not a phone number.")),
    63049: ErrorRule(
        SendOutcome.DEFERRED,
        _("Limited by Meta: this person is getting a lot of marketing at the moment, or lives in the United States."),
        retry_after_s=DAY_S,
        tries=2,
    ),
    63038: _account(_("The Twilio account has reached its daily limit. Raise it in the Twilio console.")),
    63062: _account(_("The terms of Meta's marketing messages are not accepted. Accept them in the WhatsApp Manager.")),
    63112: _account(_("Meta disabled the WhatsApp account of this sender. See the Meta Business Suite.")),
    20003: _account(_("Twilio refused the account's credentials. Connect the sender again.")),
    20005: _account(_("The Twilio account is not active. See the Twilio console.")),
    63007: _account(_("Twilio has no WhatsApp sender of this number. Check it and connect the sender again.")),
}


def rule_for(code: str) -> ErrorRule:
    """Returns the rule of a code. A code outside the table concerns this person only, and counts for the breaker."""
    known = RULES.get(int(code)) if code.isdigit() else None
    return known or ErrorRule(
        SendOutcome.PERMANENT, _("Twilio or WhatsApp refused the message."), counts_against_broadcast=True
    )


def refused(http_status: int, body: JsonObject | None, retry_after_s: float | None) -> SendResult:
    """Returns the meaning of an answer other than 2xx. `body` is Twilio's JSON, None if something else answered."""
    if http_status >= 500 or body is None:
        # Twilio, "20500": a POST that ended in an internal error may have been carried out.
        definite = http_status < 500
        rule = (
            ErrorRule(SendOutcome.RETRY, _("Something between us and Twilio refused the message."))
            if definite
            else None
        )
        return SendResult(
            rule.outcome if rule else SendOutcome.UNKNOWN, rule, "", http_status, text=f"HTTP {http_status}"
        )
    code = str(body.get("code", ""))
    rule = _TOO_FAST if http_status == 429 else rule_for(code)
    text = str(body.get("message", ""))[:500]
    return SendResult(rule.outcome, rule, "", http_status, code, text, retry_after_s=retry_after_s, error=body)
