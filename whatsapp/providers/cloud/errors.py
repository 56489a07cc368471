"""Meta's error codes: what each means for the message, and what to tell the reader.

The same codes come in the answer to a POST and in a `failed` status. Source: Cloud API, "Error codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.providers.base import ErrorRule, PauseScope, SendOutcome, SendResult

DAY_S = 86_400.0


def _permanent(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(SendOutcome.PERMANENT, explanation)


def _bad_parameter(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(SendOutcome.PERMANENT, explanation, counts_against_broadcast=True)


def _template(explanation: str | Promise, resume_after_s: float | None = None) -> ErrorRule:
    return ErrorRule(SendOutcome.TEMPLATE_WIDE, explanation, pause_reason="template", resume_after_s=resume_after_s)


def _values(explanation: str | Promise) -> ErrorRule:
    return ErrorRule(
        SendOutcome.TEMPLATE_WIDE,
        explanation,
        pause_reason="template",
        counts_against_broadcast=True,
        may_be_one_row=True,
    )


def _account(explanation: str | Promise, scope: PauseScope = PauseScope.SENDER) -> ErrorRule:
    return ErrorRule(SendOutcome.CHANNEL_WIDE, explanation, pause_reason="account", scope=scope)


_TOO_FAST = ErrorRule(
    SendOutcome.THROTTLED, _("WhatsApp asked us to send more slowly; the message follows."), retry_after_s=5.0, tries=0
)
_PASSING = ErrorRule(SendOutcome.RETRY, _("A temporary problem at WhatsApp."), retry_after_s=30.0)
_RECONNECT = _account(_("WhatsApp refused the access token. Connect the number again with a valid token."))
_LOCKED = _account(
    _("WhatsApp restricted or locked the account. See Account Quality in the Meta Business Suite."), PauseScope.ACCOUNT
)
_PARAMETERS = _values(_("The values don't fit the template's variables. Compare the template with the columns."))
_UNKNOWN_NUMBER = _account(_("Meta doesn't know this phone number id. Check it and connect the number again."))
_MEDIA = ErrorRule(
    SendOutcome.RETRY,
    _("WhatsApp could not take the template's picture, video or document."),
    tries=2,
    counts_against_broadcast=True,
)

RULES: Mapping[int, ErrorRule] = {
    # Too fast
    4: _TOO_FAST,
    80007: _TOO_FAST,
    130429: _TOO_FAST,
    131057: ErrorRule(
        SendOutcome.THROTTLED, _("WhatsApp is upgrading the number; the message follows."), retry_after_s=60.0, tries=0
    ),
    131056: ErrorRule(
        SendOutcome.RETRY, _("This person got several messages within seconds; the message follows."), retry_after_s=6.0
    ),
    131048: _account(_("People reported messages of this number as spam. Wait until its quality is better.")),
    # Temporary
    1: _PASSING,
    2: _PASSING,
    131000: _PASSING,
    131016: _PASSING,
    133004: _PASSING,
    131052: _MEDIA,
    131053: _MEDIA,
    # This person
    131026: _permanent(_("Not reachable on WhatsApp: no account, an old version, or terms not accepted.")),
    131021: _permanent(_("This is the business's own number.")),
    131030: _permanent(_("A test number only sends to the numbers on its list at Meta.")),
    131051: _permanent(_("This kind of message is not supported.")),
    131062: _permanent(_("This template needs a phone number, and only a user id is known.")),
    131047: _permanent(_("The person's last message is more than 24 hours old.")),
    131049: ErrorRule(
        SendOutcome.DEFERRED,
        _("Limited by Meta: this person is getting a lot of marketing at the moment."),
        retry_after_s=DAY_S,
        tries=2,
    ),
    131050: ErrorRule(SendOutcome.SUPPRESS, _("This person stopped marketing messages of the business.")),
    130472: _permanent(_("Meta leaves this person out of marketing messages for an experiment.")),
    130403: _permanent(_("The business has blocked this person.")),
    130497: _permanent(_("The business may not message people in this country.")),
    # This template
    # Every message of a broadcast brings the same number of values: this is never one person's fault.
    132000: _template(
        _("WhatsApp expects another number of values: the template was changed. Sync the templates and compare.")
    ),
    132012: _PARAMETERS,
    132018: _PARAMETERS,
    132001: _template(_("The template does not exist in this language. Sync the templates and choose again.")),
    132005: _values(_("The filled-in text is too long for the template.")),
    132007: _template(_("The template breaks a WhatsApp policy. Change it and have it approved again.")),
    132008: _PARAMETERS,
    132068: _template(_("The template's form (flow) is blocked.")),
    132069: _template(_("The template's form (flow) is throttled. Resume in an hour."), 3600.0),
    132015: _template(
        _("WhatsApp paused the template for low quality; it is tried again when the pause ends."), 10_800.0
    ),
    132016: _template(_("WhatsApp disabled the template for low quality. Choose another one.")),
    # A value
    100: _bad_parameter(_("WhatsApp rejected a value of this message.")),
    131008: _bad_parameter(_("A value of this message is missing.")),
    131009: _bad_parameter(_("A value of this message is not valid.")),
    # This number or account
    0: _RECONNECT,
    3: _RECONNECT,
    10: _RECONNECT,
    190: _RECONNECT,
    368: _LOCKED,
    131031: _LOCKED,
    131064: _LOCKED,
    131042: ErrorRule(
        SendOutcome.CHANNEL_WIDE,
        _("WhatsApp could not charge the account. Check the payment method in the Meta billing centre."),
        pause_reason="payment",
        scope=PauseScope.ACCOUNT,
    ),
    131005: _account(_("The token lacks the permission to send. Grant whatsapp_business_messaging and reconnect.")),
    131037: _account(_("The number's display name is not approved. Set it in the WhatsApp Manager.")),
    131045: _account(_("The number is not registered. Register it in the WhatsApp Manager.")),
    133010: _account(_("The number is not registered. Register it in the WhatsApp Manager.")),
    141010: _account(_("The number may not send. See its state in the WhatsApp Manager.")),
    33: _UNKNOWN_NUMBER,
}


NUMBER_GONE = "100/33"
"""Code and subcode of an object that the token can't see: the number is lost to us, whatever the message was."""


def code_of(error: Mapping[str, Any]) -> str:
    """Returns the code under which an error is known here: with its subcode, where that changes its meaning."""
    code = str(error.get("code", ""))
    whole = f"{code}/{error.get('error_subcode', '')}"
    return whole if whole == NUMBER_GONE else code


def rule_for(code: str) -> ErrorRule:
    """Returns the rule of a code. A code outside the table concerns this person only, and counts for the breaker."""
    if code == NUMBER_GONE:
        return _UNKNOWN_NUMBER
    number = int(code) if code.isdigit() else -1
    if 200 <= number <= 299:
        return _RECONNECT
    return RULES.get(number) or _bad_parameter(_("WhatsApp refused the message."))


def refused(http_status: int, error: Mapping[str, Any] | None, retry_after_s: float | None = None) -> SendResult:
    """Returns the meaning of an answer other than 200. `error` is Graph's error object, None if there is none."""
    if error is None:
        return _refused_by_a_stranger(http_status, retry_after_s)
    code = code_of(error)
    rule = _TOO_FAST if http_status == 429 else rule_for(code)
    known = code == NUMBER_GONE or (code.isdigit() and (int(code) in RULES or rule is _RECONNECT))
    if http_status >= 500 and not known:
        return SendResult(
            SendOutcome.UNKNOWN, None, http_status=http_status, code=code, text=text_of(error), error=error
        )
    return SendResult(
        rule.outcome, rule, "", http_status, code, text_of(error), retry_after_s=retry_after_s, error=error
    )


def text_of(error: Mapping[str, Any]) -> str:
    """Returns Meta's own words, the most specific first."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else None
    return str(details or error.get("message") or error.get("title") or "")[:500]


def _refused_by_a_stranger(http_status: int, retry_after_s: float | None) -> SendResult:
    """A load balancer or proxy answered instead of Graph: only below 500 is it certain that nothing was accepted."""
    if http_status == 429:
        rule: ErrorRule | None = _TOO_FAST
    elif 400 <= http_status < 500 and http_status != 408:
        rule = ErrorRule(
            SendOutcome.RETRY,
            _("Something between us and WhatsApp refused the message."),
            counts_against_broadcast=True,
        )
    else:
        rule = None
    outcome = rule.outcome if rule else SendOutcome.UNKNOWN
    return SendResult(outcome, rule, "", http_status, "", f"HTTP {http_status}", retry_after_s=retry_after_s)
