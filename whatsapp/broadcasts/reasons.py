"""Why a person was not reached, in plain words, in the language of whoever reads it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from whatsapp.models import DirectMessage, Recipient
from whatsapp.providers.registry import provider_for
from whatsapp.states import RecipientStatus, SkipReason

_EXPLAINED = (RecipientStatus.FAILED, RecipientStatus.RETRY_WAIT)


def reason_of(row: Recipient | DirectMessage) -> str:
    """What happened and what it means; "" for a message that is fine. The provider's own words follow in brackets."""
    if isinstance(row, Recipient) and row.status == RecipientStatus.SKIPPED:
        return row.error_text or str(SkipReason(row.skip_reason).label)
    if row.status == RecipientStatus.UNKNOWN:
        return _("WhatsApp's answer was lost: a report of the message will tell whether it was taken.")
    if row.status in _EXPLAINED and row.error_code:
        return explained(row.provider, row.error_code, row.error_text)
    return row.error_text if row.status in _EXPLAINED else ""


def explained(provider: str, code: str, words: str) -> str:
    """An error of a provider in our words, with its own and its number for whoever asks its support."""
    meaning = str(provider_for(provider).rule_for(code).explanation)
    if not words or words in meaning or meaning in words:
        return f"{max(meaning, words, key=len)} ({code})"
    return f"{meaning} (\u2068{code}: {words}\u2069)"  # isolated (UAX 9): English in a Hebrew sentence
