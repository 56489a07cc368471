"""Learning from webhooks which addresses are one person's: only from news that may touch the number (`origin`).

| what a provider sends | ties |
|---|---|
| a message from a person | every address that it names for its sender |
| a message that quotes one of ours | its sender, and the address that ours went to |
| a `system` message: new number, new user id | the old addresses and the new ones |
| a person's choice about marketing | number and user id |
| a report about a message of ours | the address that it went to, and those that the report names |

It is done before the news are applied, so that an opt-out holds for the whole person, and for one business after the
other in the order of their keys, because each is locked (`people.ties`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from businesses.keeping.person import ERASED
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.models import Contact, DirectMessage, Recipient, Sender, TieSource, WebhookNews
from whatsapp.people import identity, ties
from whatsapp.people.ties import Tie
from whatsapp.providers.addresses import is_phone
from whatsapp.providers.events import Event, Inbound, Preference, StatusUpdate
from whatsapp.webhooks.origin import may_touch, sender_of

News = tuple[WebhookNews, Event]


def learn(told: Sequence[News], now: datetime) -> None:
    """Learn what these news say about addresses. Call it across businesses."""
    found: defaultdict[UUID, list[Tie]] = defaultdict(list)
    owners: dict[UUID, Business] = {}
    for business, tie in (*_of_people(told), *_of_reports(told)):
        owners[business.pk] = business
        found[business.pk].append(tie)
    for key in sorted(found):
        with acting_for(owners[key]):
            ties.learn(owners[key], found[key], now=now)


def _of_people(told: Iterable[News]) -> Iterator[tuple[Business, Tie]]:
    for news, event in told:
        if not isinstance(event, Inbound | Preference):
            continue
        sender = sender_of(news, event.number_id)
        if sender is not None:
            addresses = _addresses(event)
            made = _of_message(sender, event, addresses) if isinstance(event, Inbound) else _of_preference(event)
            yield from ((sender.business, tie) for tie in (*made, *_of_contacts(sender.business, addresses)))


def _addresses(event: Inbound | Preference) -> list[str]:
    aliases = event.aliases if isinstance(event, Inbound) else ()
    return list(filter(None, (event.phone, event.bsuid, *aliases)))


def _of_contacts(business: Business, addresses: list[str]) -> Iterator[Tie]:
    """Yields what contacts say who hold one of these addresses and another: somebody entered both."""
    both = Contact.objects.filter(phone__isnull=False, bsuid__isnull=False, business=business)
    held = both.filter(Q(phone__in=identity.in_every_form(addresses)) | Q(bsuid__in=addresses))
    for phone, bsuid in held.values_list("phone", "bsuid"):
        yield Tie(phone or "", bsuid or "", TieSource.CONTACT)


def _of_message(sender: Sender, event: Inbound, addresses: list[str]) -> Iterator[Tie]:
    if not addresses:
        return
    for address in addresses[1:]:
        source = TieSource.INBOUND
        if address in event.newer:
            source = TieSource.NEW_NUMBER if is_phone(address) else TieSource.NEW_USER_ID
        yield Tie(addresses[0], address, source, newer=address if address in event.newer else "")
    quoted = _quoted(sender, event.answers_message_id)
    if quoted:
        yield Tie(addresses[0], quoted, TieSource.QUOTE)


def _quoted(sender: Sender, message_id: str) -> str:
    """Returns the address to which this number sent a message; "" if it did not."""
    if not message_id:
        return ""
    this = {"business": sender.business_id, "provider": sender.provider, "provider_message_id": message_id}
    row = Recipient.objects.filter(**this, broadcast__sender=sender).values_list("address", flat=True).first()
    address = row or DirectMessage.objects.filter(**this, sender=sender).values_list("address", flat=True).first()
    return "" if not address or address.startswith(ERASED) else address


def _of_preference(event: Preference) -> Iterator[Tie]:
    yield Tie(event.phone, event.bsuid, TieSource.PREFERENCE)


def _of_reports(told: Iterable[News]) -> Iterator[tuple[Business, Tie]]:
    reports = [(news, event) for news, event in told if isinstance(event, StatusUpdate) and event.recipient]
    if not reports:
        return
    written: dict[UUID | tuple[str, str], tuple[str, Sender]] = {}
    _find(written, Recipient, {update.tracker for _news, update in reports if update.tracker}, "attempt_id")
    rest = [each for each in reports if each[1].tracker not in written]  # most are found by their attempts
    if rest:
        _find(written, DirectMessage, {update.tracker for _news, update in rest if update.tracker}, "pk")
        _find(written, Recipient, {update.message_id for _news, update in rest}, "provider_message_id")
    for news, update in reports:
        to = written.get(update.tracker) if update.tracker else None
        to = to or written.get((news.provider, update.message_id))
        if to and may_touch(news, to[1]):
            yield from ((to[1].business, Tie(to[0], each, TieSource.STATUS)) for each in update.recipient)


def _find(
    written: dict[UUID | tuple[str, str], tuple[str, Sender]],
    model: type[Recipient | DirectMessage],
    keys: set[UUID] | set[str],
    column: str,
) -> None:
    """Add address and sender of what was sent with these, by attempt or message id; erased addresses are left out."""
    if not keys:
        return
    sender = "broadcast__sender" if model is Recipient else "sender"
    rows = list(
        model._default_manager.filter(**{f"{column}__in": keys}).values_list(column, "address", sender, "provider")
    )
    senders = Sender.objects.select_related("business").in_bulk({row[2] for row in rows})
    for key, address, of, provider in rows:
        if address and not address.startswith(ERASED):
            written[(provider, key) if isinstance(key, str) else key] = (address, senders[of])
