"""Reasons in plain words, in the language of whoever reads them, with the provider's own words where there are any."""

from __future__ import annotations

from typing import Self

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from whatsapp.models import Broadcast, DirectMessage, Recipient
from whatsapp.providers.registry import provider_for
from whatsapp.reasons import Cause, HasReason, Reason, reason_in
from whatsapp.states import ErrorClass, PauseReason, RecipientStatus, SkipReason, TemplateStatus

_EXPLAINED = (RecipientStatus.FAILED, RecipientStatus.RETRY_WAIT)


class InWords(str):
    """A sentence of ours that may contain other people's words. On a page those are marked with their language.

    In plain text (CSV or JSON) they stand between invisible marks (UAX 9: FSI, PDI), so that English inside a Hebrew
    sentence keeps its own direction.
    """

    _html: SafeString

    def __new__(cls, template: str, **parts: str) -> Self:
        """`template` is filled as by `%`."""
        made = super().__new__(cls, template % parts if parts else template)
        escaped = {name: conditional_escape(part) for name, part in parts.items()}
        made._html = mark_safe(conditional_escape(template) % escaped if parts else conditional_escape(template))  # noqa: S308 - both are escaped
        return made

    def __html__(self) -> SafeString:
        return self._html


class ProvidersWords(InWords):
    """What a provider said. All providers answer in English."""

    def __new__(cls, words: str) -> Self:
        """`words` as the provider sent them."""
        made = super().__new__(cls, f"\u2068{words}\u2069")
        made._html = format_html('<bdi lang="en">{}</bdi>', words)
        return made


def reason_of(row: Recipient | DirectMessage) -> str:
    """Returns what happened to a message and what it means; "" for one that is fine."""
    if isinstance(row, Recipient) and row.status == RecipientStatus.SKIPPED:
        return reason_words(row) or _refusal(row) or str(SkipReason(row.skip_reason).label)
    if row.status == RecipientStatus.UNKNOWN:
        return _("WhatsApp's answer was lost: a report of the message will tell whether it was taken.")
    if row.status not in _EXPLAINED:
        return ""
    error, ours = _error(row), reason_words(row)
    return InWords("%(error)s %(ours)s", error=error, ours=ours) if error and ours else error or ours or row.error_text


def _error(row: Recipient | DirectMessage) -> str:
    """Returns what the provider answered or reported, explained; "" if nothing is kept."""
    if row.error_code:
        return explained(row.provider, row.error_code, row.error_text)
    if row.error_class and row.error_text:
        return _with(str(ErrorClass(row.error_class).label), row.error_text)
    return ""


def _refusal(row: Recipient) -> str:
    """Returns what a provider's refusal means, for a person whom it made us skip; "" for others."""
    return meaning_of(row.provider, row.error_code) if row.error_code else ""


def why_it_stands(broadcast: Broadcast) -> str:
    """Returns why a broadcast is paused or has failed, as exactly as it is known; "" when there is nothing to tell."""
    return reason_words(broadcast) or (
        str(PauseReason(broadcast.pause_reason).label) if broadcast.pause_reason in PauseReason.values else ""
    )


def reason_words(row: HasReason) -> str:
    """Returns the reason that a row keeps, in words; "" for none."""
    kept = reason_in(row)
    return in_words(kept) if kept else ""


def in_words(reason: Reason) -> str:
    """Returns a reason in words. A provider's error says what is known about its code; other words stay."""
    data = {name: str(value) for name, value in reason.data.items()}
    match reason.cause:
        case Cause.PROVIDER_ERROR:
            return explained(data["provider"], data["code"], data["words"])
        case Cause.TEMPLATE_STATUS if data["words"]:
            return _with(str(reason), data["words"]) if data["status"] in TemplateStatus else str(reason)
        case Cause.PROOF_REFUSED:
            return InWords(str(reason.cause.label), code=data["code"], words=ProvidersWords(data["words"]))
        case Cause.OTHER:
            return ProvidersWords(data["text"])
        case _:
            return str(reason)


def explained(provider: str, code: str, words: str) -> str:
    """Returns a provider's error in our words, followed by the provider's own words and code for its support."""
    meaning = meaning_of(provider, code)
    if not words or words in meaning:
        return f"{meaning} ({code})" if code else meaning
    return _with(meaning, f"{code}: {words}" if code else words)


def meaning_of(provider: str, code: str) -> str:
    """Returns what a provider's error means, in our words alone."""
    return str(provider_for(provider).rule_for(code).explanation)


def _with(ours: str, theirs: str) -> str:
    return InWords("%(ours)s (%(theirs)s)", ours=ours, theirs=ProvidersWords(theirs))
