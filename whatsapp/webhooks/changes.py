"""What a provider decides about templates, numbers and accounts, and its effect on running broadcasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from businesses.tenancy import acting_for
from whatsapp.models import MessageTemplate, Sender, SenderHealth, TemplateCategory, TemplateStatus, WebhookNews
from whatsapp.numbers import template_effects
from whatsapp.numbers.template_sync import note_quality
from whatsapp.providers.base import PauseScope
from whatsapp.providers.events import AccountChange, NumberChange, TemplateChange, limit_after
from whatsapp.reasons import NO_REASON, Cause, reason
from whatsapp.sending import consequences
from whatsapp.states import PauseReason
from whatsapp.webhooks.origin import account_of

FIRST_PAUSE = timedelta(hours=3)
"""Meta pauses a template for 3 h, then for 6 h, then disables it. It reports the end of a pause only when it comes."""

_CHANGED = (
    *("quality", "paced_until", "category", "announced_category", "announced_for"),
    *("status", "status_detail", "paused_until"),
)


def change_template(news: WebhookNews, event: TemplateChange, now: datetime) -> bool:
    """Store the change, and pause or resume its broadcasts. Returns whether the template is known."""
    templates = _templates(news, event)
    for template in templates.select_related("business"):
        note_quality(template, event.quality, event.status, now)
        if event.category in TemplateCategory:
            template.category = event.category
            is_announced = event.announced in TemplateCategory and event.announced != event.category
            template.announced_category = event.announced if is_announced else ""
            template.announced_for = event.announced_for if is_announced else None
        if event.status in TemplateStatus.values:
            template.status, template.status_detail = event.status, event.reason[:300]
            template.paused_until = now + FIRST_PAUSE if event.status == TemplateStatus.PAUSED else None
        template.save(update_fields=_CHANGED)
        with acting_for(template.business):
            template_effects.follow(template, now)
    return templates.exists()


def _templates(news: WebhookNews, event: TemplateChange) -> QuerySet[MessageTemplate]:
    owners = account_of(news, event.account_id).values("business")
    known = MessageTemplate.objects.filter(business__in=owners, provider=news.provider, account_id=event.account_id)
    language = event.language.replace("-", "_")  # webhooks write en-US where templates are listed as en_US
    return known.filter(Q(provider_template_id=event.external_id) | Q(name=event.name, language=language, name__gt=""))


def change_number(news: WebhookNews, event: NumberChange) -> bool:
    """Store a number's new throughput or limit. Returns whether the account is known."""
    numbers = account_of(news, event.account_id)
    if event.phone and event.throughput_mps:
        numbers.filter(phone=event.phone).update(throughput_mps=event.throughput_mps)
    if event.daily_limit is not None:
        numbers.update(messaging_limit=limit_after(event.daily_limit, None))
    return numbers.exists()


def change_account(news: WebhookNews, event: AccountChange, now: datetime) -> bool:
    """Pause everything of a restricted account. Returns whether it is known. Lifting a restriction resumes nothing."""
    numbers = account_of(news, event.account_id)
    for sender in numbers:
        with acting_for(sender.business):
            if event.restricted:
                because = reason(Cause.ACCOUNT_RESTRICTED, event=event.reason)
                consequences.stop_sender(sender, PauseReason.ACCOUNT, because, scope=PauseScope.SENDER, now=now)
            else:
                Sender.objects.filter(pk=sender.pk).update(health=SenderHealth.READY, **NO_REASON)
    return numbers.exists()
