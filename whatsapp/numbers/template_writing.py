"""Templates are written here and approved by the provider: handed over, corrected, copied and deleted.

Name and language are unique in an account, so handing over the same text twice (a double click, a repetition after a
killed process or a lost answer) ends with one template: the provider says that it exists, and it is ours if its text is
the one that was written. What becomes of it is told by webhooks and by asking (`numbers.refreshing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext as _

from businesses.audit import AuditKind, record
from businesses.models import Business
from whatsapp.errors import BadTemplate
from whatsapp.models import Broadcast, MessageTemplate, Sender, TemplateStatus
from whatsapp.numbers.asking import PAGE_TIMEOUT_S, ask
from whatsapp.numbers.connecting import proved_senders
from whatsapp.numbers.template_effects import follow
from whatsapp.numbers.template_sync import keep_one, without_examples
from whatsapp.providers.base import RemoteTemplate
from whatsapp.providers.registry import TEMPLATE_KEEPERS
from whatsapp.providers.template_keeping import NewTemplate, TemplateExists
from whatsapp.states import BroadcastStatus
from whatsapp.template_drafting import WrittenTemplate, components

EDITABLE = (TemplateStatus.REJECTED,)
"""Templates whose text may be replaced here. Another text for an approved one would stop its broadcasts."""
_USING = (BroadcastStatus.RUNNING, BroadcastStatus.PAUSED, BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED)


def accounts_to_write_in(business: Business) -> dict[str, Sender]:
    """Returns a number of each account in which templates can be written, by the number's key; the newest first."""
    found: dict[tuple[str, str], Sender] = {}
    for sender in proved_senders(business):
        if sender.provider in TEMPLATE_KEEPERS:
            found.setdefault((sender.provider, sender.account_id), sender)
    return {str(sender.pk): sender for sender in found.values()}


def account_of(template: MessageTemplate) -> Sender | None:
    """Returns a number through which the template can be changed; None if there is none."""
    senders = accounts_to_write_in(template.business).values()
    wanted = (template.provider, template.account_id)
    return next((sender for sender in senders if (sender.provider, sender.account_id) == wanted), None)


def submit(
    sender: Sender, written: WrittenTemplate, *, now: datetime, marks: Mapping[str, str] | None = None
) -> MessageTemplate:
    """Hand a new template over for approval. `marks`: what its quick replies do (`numbers.opt_out_buttons`).

    Raises:
        TemplateExists: another template has this name in this language.
        TemplateRefused: the provider does not take it.
        ProviderUnavailable: it did not answer; the template may have been taken, and handing it over again is safe.
    """
    new = _new(written)
    if known := _known(sender, new):
        return known
    keeper = TEMPLATE_KEEPERS[sender.provider]
    try:
        remote = ask(sender, lambda _p, http, account: keeper.create(http, account, new), timeout_s=PAGE_TIMEOUT_S)
    except TemplateExists as problem:
        remote = _ours_already(sender, new, problem)
    return _keep(sender, remote, marks or {}, now, what="made")


def resubmit(
    template: MessageTemplate,
    sender: Sender,
    written: WrittenTemplate,
    *,
    now: datetime,
    marks: Mapping[str, str] | None = None,
) -> MessageTemplate:
    """Hand another text over for a template that was rejected. Raises as `submit` does, and `BadTemplate`."""
    if template.status not in EDITABLE:
        raise BadTemplate(_("Only a rejected template can be changed. Duplicate this one instead."))
    new, keeper, key = _new(written), TEMPLATE_KEEPERS[sender.provider], template.provider_template_id
    remote = ask(sender, lambda _p, http, account: keeper.edit(http, account, key, new), timeout_s=PAGE_TIMEOUT_S)
    return _keep(sender, remote, marks or {}, now, what="changed")


def delete(template: MessageTemplate, sender: Sender, *, now: datetime) -> None:
    """Remove the template at the provider, in its language only. Its broadcasts that still send pause.

    Raises:
        ProviderUnavailable: the provider did not answer, or does not remove it.
    """
    keeper, key, name = TEMPLATE_KEEPERS[sender.provider], template.provider_template_id, template.name
    ask(sender, lambda _p, http, account: keeper.delete(http, account, key, name), timeout_s=PAGE_TIMEOUT_S)
    template.status, template.synced_at = TemplateStatus.DELETED, now
    template.save(update_fields=["status", "synced_at"])
    record(template.business, AuditKind.TEMPLATE_CHANGED, name=str(template), what="deleted")
    follow(template, now)


def broadcasts_using(template: MessageTemplate) -> list[Broadcast]:
    """Returns the broadcasts that still have something to send with it."""
    return list(Broadcast.objects.filter(template=template, status__in=_USING).order_by("-created_at"))


def _new(written: WrittenTemplate) -> NewTemplate:
    return NewTemplate(written.name, written.language, written.category, written.parameter_format, components(written))


def _known(sender: Sender, new: NewTemplate) -> MessageTemplate | None:
    """Returns the template of this name and language if we know it with this text; with another text, it raises."""
    ours = MessageTemplate.objects.filter(business=sender.business_id, name=new.name, language=new.language)
    known = ours.filter(provider=sender.provider, account_id=sender.account_id).exclude(status=TemplateStatus.DELETED)
    found = known.first()
    if found and without_examples(found.components) != without_examples(list(new.components)):
        raise TemplateExists("")
    return found


def _ours_already(sender: Sender, new: NewTemplate, problem: TemplateExists) -> RemoteTemplate:
    """Returns the template that stands in the way if it has the very text that was handed over; else raises."""
    listed = ask(sender, lambda provider, http, account: provider.list_templates(http, account))
    wanted = (new.name, new.language, without_examples(list(new.components)))
    for remote in listed:
        if (remote.name, remote.language, without_examples(list(remote.components))) == wanted:
            return remote
    raise problem


def _keep(
    sender: Sender, remote: RemoteTemplate, marks: Mapping[str, str], now: datetime, *, what: str
) -> MessageTemplate:
    try:
        template = keep_one(sender, remote, now=now)
    except IntegrityError:  # a sync stored it in the same moment
        template = keep_one(sender, remote, now=now)
    if marks:
        template.button_marks = {**template.button_marks, **marks}
        template.save(update_fields=["button_marks"])
    record(sender.business, AuditKind.TEMPLATE_CHANGED, name=str(template), what=what)
    return template
