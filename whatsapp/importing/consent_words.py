"""What a column of consents says, in the words of our own exports and in yes or no. No database, no clock."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils import translation

from whatsapp.errors import BadAudience
from whatsapp.models import Consent
from whatsapp.reasons import Cause

_YES = frozenset(
    {"yes", "y", "true", "1", "opted in", "opt-in", "subscribed", "agreed", "כן", "הסכים", "הסכימה", "אישר"}
)
_NO = frozenset(
    {"no", "n", "false", "0", "opted out", "opt-out", "unsubscribed", "לא", "סירב", "סירבה", "הוסר", "ביטל"}
)


def consent_in(text: str) -> Consent | None:
    """Returns the consent that a cell tells; None if it says nothing. Raises `BadAudience` if it is not clear."""
    word = text.casefold()
    if not word:
        return None
    found = _words().get(word)
    if found is None:
        raise BadAudience(Cause.CONSENT_UNCLEAR, text=f"“{text[:40]}”")
    return None if found == Consent.UNKNOWN else found


@cache
def _words() -> dict[str, Consent]:
    words = dict.fromkeys(_YES, Consent.GRANTED) | dict.fromkeys(_NO, Consent.WITHDRAWN)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words |= {str(consent.label).casefold(): consent for consent in Consent}
    return words | {consent.value: consent for consent in Consent}
