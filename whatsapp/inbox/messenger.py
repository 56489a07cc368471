"""What `businesses.messenger` offers to other apps, by the rules of messages to one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from businesses.credentials import CredentialsUnreadable
from businesses.messenger import MessageRefused, Refusal, Standing, TemplateChoice
from businesses.models import Business
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.errors import BadAudience, BadTemplate, NotConnected, OptedOut, WhatsappError, WindowClosed
from whatsapp.inbox import direct_messages
from whatsapp.models import (
    AGREED_IN_CALL,
    Consent,
    ConsentStep,
    Contact,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    Sender,
    SenderHealth,
    TemplateCategory,
)
from whatsapp.people import consent, identity
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, to_e164
from whatsapp.people.suppressions import blocked
from whatsapp.providers.events import NO_MESSAGES
from whatsapp.states import SENDABLE_TEMPLATES, RecipientStatus
from whatsapp.template_variables import UnsupportedTemplate, ValueKind, body_text, variables_of

_WHY: tuple[tuple[type[Exception], Refusal], ...] = (
    (NotConnected, Refusal.NO_WHATSAPP),
    (OptedOut, Refusal.OPTED_OUT),
    (CredentialsUnreadable, Refusal.OPTED_OUT),  # nobody can tell whether this is an erased person
    (BadTemplate, Refusal.NO_TEMPLATE),
    (WindowClosed, Refusal.NO_WINDOW),
    (BadAudience, Refusal.BAD_VALUES),
    (WhatsappError, Refusal.BAD_VALUES),
)
_FAILED = (RecipientStatus.FAILED, RecipientStatus.EXPIRED, RecipientStatus.SKIPPED, RecipientStatus.CANCELLED)
_ARRIVED = (RecipientStatus.DELIVERED, RecipientStatus.READ)


class WhatsappMessenger:
    """Messages to one person over the business's WhatsApp numbers."""

    def may_message(self, business: Business, number: str) -> Refusal | None:
        """Returns why the person can be sent no template; a marketing opt-out lets other templates through."""
        try:
            address = _address(business, number)
            if not _senders(business):
                return Refusal.NO_WHATSAPP
            refused = blocked(business, [address], TemplateCategory.UTILITY)
        except MessageRefused as refusal:
            return refusal.why
        except CredentialsUnreadable:
            return Refusal.OPTED_OUT
        return Refusal.OPTED_OUT if refused else None

    def has_opted_out(self, business: Business, number: str) -> bool:
        """Returns whether the person opted out, if only of marketing, or was erased; True if nobody can tell."""
        try:
            return bool(blocked(business, [_address(business, number)], TemplateCategory.MARKETING))
        except MessageRefused:  # no WhatsApp is behind such a number
            return False
        except CredentialsUnreadable:
            return True

    def has_agreed(self, business: Business, number: str, *, now: datetime) -> bool:
        """Returns whether there is a consent, not taken back since, or a message of the last 24 hours."""
        try:
            known = identity.addresses_of(business, _address(business, number))
        except MessageRefused:
            return False
        said = set(identity.contacts_with(business, known).values_list("consent", flat=True))
        if Consent.WITHDRAWN in said:
            return False
        if Consent.GRANTED in said:
            return True
        written = InboundMessage.objects.filter(
            business=business, address__in=known, received_at__gt=now - direct_messages.WINDOW
        )
        return written.exclude(kind__in=NO_MESSAGES).exists()

    def agree(self, business: Business, number: str, *, name: str, now: datetime) -> None:
        """Record a consent given on the telephone."""
        address = _address(business, number)
        known = identity.addresses_of(business, address)
        contacts = identity.contacts_with(business, known)
        try:
            if blocked(business, [address], TemplateCategory.UTILITY) or contacts.filter(consent=Consent.WITHDRAWN):
                raise MessageRefused(Refusal.OPTED_OUT)
        except CredentialsUnreadable:
            raise MessageRefused(Refusal.OPTED_OUT) from None
        if not contacts.exists():
            Contact.objects.bulk_create(
                [Contact(business=business, phone=address, name=" ".join(name.split())[:200])], ignore_conflicts=True
            )
        granted = {"consent": Consent.GRANTED, "consent_source": AGREED_IN_CALL, "consent_changed_at": now}
        if contacts.exclude(consent=Consent.GRANTED).update(**granted):
            consent.note(business, [address], ConsentStep.AGREED, source=AGREED_IN_CALL, now=now)

    def has_written(self, business: Business, number: str, text: str, *, since: datetime) -> bool:
        """Returns whether there is such a message. One that its sender has deleted or changed counts for what it is."""
        try:
            known = identity.addresses_of(business, _address(business, number))
        except MessageRefused:
            return False
        written = InboundMessage.objects.filter(business=business, address__in=known, received_at__gte=since)
        return written.filter(text__contains=text, deleted_at=None).exclude(kind__in=NO_MESSAGES).exists()

    def is_ready(self, business: Business) -> bool:
        """Returns whether a number of the business can send."""
        return bool(_senders(business))

    def own_number(self, business: Business) -> str:
        """Returns the number of the newest sender that has one."""
        numbers = (each.phone or each.number_id for each in _senders(business))
        return next((number for number in numbers if number.startswith("+")), "")

    def templates(self, business: Business) -> list[TemplateChoice]:
        """Returns one template for each name that can be sent and filled."""
        found = []
        sendable = _sendable(business)
        for name in dict.fromkeys(each.name for each in sendable):
            template = _of_name(sendable, name, business)
            try:
                variables = variables_of(template.components, template.parameter_format)
            except UnsupportedTemplate:
                continue
            found.append(
                TemplateChoice(
                    name,
                    template.language,
                    body_text(template.components, {}),
                    tuple(each.key for each in variables),
                    tuple(each.key for each in variables if each.kind is not ValueKind.TEXT),
                    is_marketing=template.category == TemplateCategory.MARKETING,
                )
            )
        return found

    def standings(self, business: Business, keys: Collection[UUID]) -> dict[UUID, Standing]:
        """Returns the states of these messages, with the reasons of those that failed."""
        rows = DirectMessage.objects.filter(business=business, key__in=keys)
        return {
            row.key: Standing(
                str(RecipientStatus(row.status).label),
                reason_of(row),
                has_failed=row.status in _FAILED,
                has_arrived=row.status in _ARRIVED,
            )
            for row in rows
        }

    def forget(self, business: Business, keys: Collection[UUID]) -> None:
        """Remove the messages; of one that is on its way only the words, as its answer is still to be recorded."""
        rows = DirectMessage.objects.filter(business=business, key__in=keys)
        rows.filter(status=RecipientStatus.SENDING).update(text="", params={})
        rows.exclude(status=RecipientStatus.SENDING).delete()

    def send_template(
        self, business: Business, number: str, name: str, values: Mapping[str, str], *, key: UUID, now: datetime
    ) -> None:
        """Store a template to one person, or raise `MessageRefused`."""
        if _is_written(business, key):
            return
        address = _address(business, number)
        template = _template(business, name)
        account = (template.provider, template.account_id)
        sender = next((each for each in _senders(business) if (each.provider, each.account_id) == account), None)
        if sender is None:
            raise MessageRefused(Refusal.NO_WHATSAPP)
        try:
            direct_messages.send_template(sender, template, to=address, params=values, key=key, now=now)
        except (WhatsappError, CredentialsUnreadable) as error:
            raise _refused(error) from None

    def send_text(self, business: Business, number: str, text: str, *, key: UUID, now: datetime) -> None:
        """Store a free text as an answer to the person's last message, or raise `MessageRefused`."""
        if _is_written(business, key):
            return
        known = identity.addresses_of(business, _address(business, number))
        written = InboundMessage.objects.filter(business=business, address__in=known).exclude(kind__in=NO_MESSAGES)
        last = written.select_related("sender__business", "business").order_by("-received_at").first()
        if last is None:
            raise MessageRefused(Refusal.NO_WINDOW)
        try:
            direct_messages.reply(last, text, key=key, now=now)
        except (WhatsappError, CredentialsUnreadable) as error:
            raise _refused(error) from None


def _is_written(business: Business, key: UUID) -> bool:
    """Returns whether there is a message with this key: it is not refused for what has changed since."""
    return DirectMessage.objects.filter(business=business, key=key).exists()


def _refused(error: Exception) -> MessageRefused:
    return MessageRefused(next(why for kind, why in _WHY if isinstance(error, kind)))


def _address(business: Business, number: str) -> str:
    try:
        return to_e164(number, region_of(business)).e164
    except NotANumber:
        raise MessageRefused(Refusal.NO_NUMBER) from None


def _senders(business: Business) -> list[Sender]:
    """Returns the numbers that can send, the newest first."""
    able = Sender.objects.filter(business=business).exclude(health=SenderHealth.BLOCKED)
    return list(able.select_related("business").order_by("-created_at"))


def _sendable(business: Business) -> list[MessageTemplate]:
    found = MessageTemplate.objects.filter(business=business, status__in=SENDABLE_TEMPLATES)
    accounts = {(each.provider, each.account_id) for each in _senders(business)}
    return [each for each in found.order_by("name", "language", "pk") if (each.provider, each.account_id) in accounts]


def _template(business: Business, name: str) -> MessageTemplate:
    """Returns the template of this name, in the language of the business's calls if there is one.

    Raises `MessageRefused` without one that can be sent.
    """
    return _of_name(_sendable(business), name, business)


def _of_name(templates: list[MessageTemplate], name: str, business: Business) -> MessageTemplate:
    named = [each for each in templates if each.name == name]
    if not named:
        raise MessageRefused(Refusal.NO_TEMPLATE)
    return next((each for each in named if each.language.partition("_")[0] == business.language), named[0])
