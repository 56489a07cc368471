"""Keeping the templates of an account in step with the provider, and finding one of them."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from businesses.models import Business
from whatsapp.errors import BadTemplate
from whatsapp.models import (
    MessageTemplate,
    ParameterFormat,
    Quality,
    Sender,
    TemplateCategory,
    TemplateStatus,
)
from whatsapp.numbers.asking import ASK_TIMEOUT_S, ask
from whatsapp.numbers.connecting import senders_of
from whatsapp.numbers.template_effects import follow
from whatsapp.providers.base import RemoteTemplate
from whatsapp.providers.registry import TEMPLATE_KEEPERS
from whatsapp.states import SENDABLE_TEMPLATES

PACED_AFTER_PAUSE = timedelta(days=7)


BESIDE = "beside_content"
"""The key of a part of stored components that is not in the provider's list of them."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """Number of templates that were new, changed, unchanged, or gone at the provider."""

    added: int
    changed: int
    unchanged: int
    gone: int


def sync(sender: Sender, *, now: datetime, timeout_s: float = ASK_TIMEOUT_S) -> SyncResult:
    """Fetch and store every template of the sender's account; one that is gone is marked as deleted.

    Broadcasts that can't go on with their template as it is now are paused.

    Raises:
        ProviderUnavailable: the provider did not answer; nothing has changed.
    """
    listed = ask(sender, lambda provider, http, account: provider.list_templates(http, account), timeout_s=timeout_s)
    return keep(sender, [*listed, *_forgotten(sender)], now=now)


def _forgotten(sender: Sender) -> list[RemoteTemplate]:
    """Returns the written templates of a provider that lists none of them (the stand-in), as it has reviewed them."""
    keeper = TEMPLATE_KEEPERS.get(sender.provider)
    if keeper is None or not keeper.forgets:
        return []
    stored = _ours(sender).exclude(status=TemplateStatus.DELETED)
    return [each for template in stored if (each := keeper.reviewed(as_remote(template)))]


def as_remote(template: MessageTemplate) -> RemoteTemplate:
    """Returns a stored template as its provider lists it."""
    return RemoteTemplate(
        external_id=template.provider_template_id,
        name=template.name,
        language=template.language,
        category=template.category,
        status=template.status,
        parameter_format=template.parameter_format,
        quality=template.quality,
        components=template.components,
    )


def keep_one(sender: Sender, remote: RemoteTemplate, *, now: datetime) -> MessageTemplate:
    """Store one template as the provider has it now. Returns the row."""
    with transaction.atomic():
        template = _ours(sender).select_for_update().filter(name=remote.name, language=remote.language).first() or _new(
            sender, remote
        )
        _fill(template, remote, now).save()
        follow(template, now)
    return template


def keep(sender: Sender, listed: Sequence[RemoteTemplate], *, now: datetime) -> SyncResult:
    """Make the stored templates of the account match those that were listed."""
    with transaction.atomic():
        ours = _ours(sender)
        kept = {(template.name, template.language): template for template in ours.select_for_update()}
        added, changed = 0, 0
        for remote in {(remote.name, remote.language): remote for remote in listed}.values():
            template = kept.pop((remote.name, remote.language), None)
            if template is None:
                _fill(_new(sender, remote), remote, now).save()
                added += 1
            else:
                is_other = _has_changed(template, remote)
                changed += is_other
                _fill(template, remote, now).save()
                if is_other:
                    follow(template, now)
        gone = ours.filter(pk__in=[template.pk for template in kept.values()]).exclude(status=TemplateStatus.DELETED)
        lost = list(gone)
        removed = gone.update(status=TemplateStatus.DELETED, synced_at=now)
        for template in lost:
            template.status = TemplateStatus.DELETED
            follow(template, now)
        unchanged = len({(remote.name, remote.language) for remote in listed}) - added - changed
    return SyncResult(added, changed, unchanged, removed)


def find(business: Business, name: str, language: str) -> tuple[MessageTemplate, Sender]:
    """Returns a template that one of the business's numbers can send, and the newest such number.

    Raises:
        NotConnected: the business has no number.
        BadTemplate: there is no such template, or not in this language; the text lists what there is.
    """
    senders = senders_of(business)
    known = MessageTemplate.objects.filter(business=business).exclude(status=TemplateStatus.DELETED)
    for sender in senders:
        template = known.filter(
            provider=sender.provider, account_id=sender.account_id, name=name, language=language
        ).first()
        if template:
            return template, sender
    languages = sorted(set(known.filter(name=name).values_list("language", flat=True)))
    if languages:
        raise BadTemplate(
            _("The template “%(name)s” has no language “%(language)s”. It has: %(choices)s.")
            % {"name": name, "language": language, "choices": ", ".join(languages)}
        )
    names = sorted(set(known.values_list("name", flat=True)))
    if not names:
        raise BadTemplate(
            _("No templates are known yet. Fetch them: manage.py sync_templates %(slug)s") % {"slug": business.slug}
        )
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:5]
    raise BadTemplate(
        _("There is no template “%(name)s”. Did you mean: %(choices)s?") % {"name": name, "choices": ", ".join(close)}
    )


def note_quality(template: MessageTemplate, quality: str, status: str, now: datetime) -> None:
    """Set the quality, if it is known, and until when messages may have been held; the caller saves.

    `status` is the new one. Meta also paces a template for seven days after a pause, whatever its quality.
    """
    if status == TemplateStatus.PAUSED:
        template.paced_until = now + PACED_AFTER_PAUSE
    elif quality == Quality.GREEN != template.quality:
        template.paced_until = max(now, template.paced_until or now)
    if quality in Quality:
        template.quality = quality


def content_hash(remote: RemoteTemplate) -> str:
    """Returns a hash that changes only when the template's content changes."""
    content = [remote.parameter_format, without_examples(list(remote.components))]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _ours(sender: Sender) -> models.QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(
        business=sender.business, provider=sender.provider, account_id=sender.account_id
    )


def _new(sender: Sender, remote: RemoteTemplate) -> MessageTemplate:
    return MessageTemplate(
        business_id=sender.business_id,
        provider=sender.provider,
        account_id=sender.account_id,
        name=remote.name,
        language=remote.language,
        content_hash=content_hash(remote),
    )


def _has_changed(template: MessageTemplate, remote: RemoteTemplate) -> bool:
    return _has_other_content(template, remote) or (template.status, template.category) != (
        remote.status,
        remote.category,
    )


def _has_other_content(template: MessageTemplate, remote: RemoteTemplate) -> bool:
    """Returns whether something else would be sent. Meta gives examples of media new addresses at every question."""
    listed = [part for part in template.components if not part.get(BESIDE)]
    known = [template.parameter_format, without_examples(listed)]
    return known != [remote.parameter_format, without_examples(list(remote.components))]


def without_examples(part: Any) -> Any:
    """Returns components without what they hold as examples for Meta's reviewers."""
    if isinstance(part, Mapping):
        return {name: without_examples(value) for name, value in part.items() if name != "example"}
    return [without_examples(each) for each in part] if isinstance(part, list | tuple) else part


def _fill(template: MessageTemplate, remote: RemoteTemplate, now: datetime) -> MessageTemplate:
    if _has_other_content(template, remote) and not template._state.adding:
        template.version += 1
        template.content_hash = content_hash(remote)
    if remote.status in SENDABLE_TEMPLATES or remote.status == TemplateStatus.PENDING:
        template.status_detail, template.paused_until = "", None
    if remote.rejected_for and remote.status == TemplateStatus.REJECTED:
        template.status_detail = template.status_detail or remote.rejected_for
    template.provider_template_id = remote.external_id
    template.category = remote.category if remote.category in TemplateCategory else TemplateCategory.MARKETING
    template.status = remote.status if remote.status in TemplateStatus else TemplateStatus.PENDING
    note_quality(template, remote.quality if remote.quality in Quality else Quality.UNKNOWN, template.status, now)
    template.parameter_format = (
        remote.parameter_format if remote.parameter_format in ParameterFormat else ParameterFormat.POSITIONAL
    )
    template.components = [*remote.components, *_buttons(remote)]
    template.synced_at = now
    return template


def _buttons(remote: RemoteTemplate) -> list[dict[str, Any]]:
    """Returns the part for quick replies that the provider tells beside the content: they change no hash."""
    buttons = [{"type": "QUICK_REPLY", "text": text} for text in remote.quick_replies]
    return [{"type": "BUTTONS", "buttons": buttons, BESIDE: True}] if buttons else []
