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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from whatsapp.webhooks.reported_rows import Report, Rows

News = tuple[WebhookNews, Event]


def learn(told: Sequence[News], rows: Rows, now: datetime) -> None:
    """Learn what these news say about addresses; `rows`: those of the reports. Call it across businesses."""
    found: defaultdict[UUID, list[Tie]] = defaultdict(list)
    owners: dict[UUID, Business] = {}
    reports = [(news, event) for news, event in told if isinstance(event, StatusUpdate)]
    for business, tie in (*_of_people(told), *_of_reports(reports, rows)):
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


def _of_reports(reports: Iterable[Report], rows: Rows) -> Iterator[tuple[Business, Tie]]:
    naming = [(news, update) for news, update in reports if update.recipient]
    letters = _letters({update.tracker for _, update in naming if update.tracker} - rows.by_attempt.keys())
    for news, update in naming:
        to = _written_to(news, update, rows, letters)
        if to and may_touch(news, to[1]) and to[0] and not to[0].startswith(ERASED):
            others = (each for each in update.recipient if each != to[0])
            yield from ((to[1].business, Tie(to[0], each, TieSource.STATUS)) for each in others)


def _written_to(
    news: WebhookNews, update: StatusUpdate, rows: Rows, letters: Mapping[UUID, tuple[str, Sender]]
) -> tuple[str, Sender] | None:
    """Returns address and sender of the message of a report: of a broadcast's, or of one to this person alone."""
    if update.tracker and update.tracker in letters:
        return letters[update.tracker]
    row = rows.by_attempt.get(update.tracker) if update.tracker else None
    row = row or rows.by_message.get((news.provider, update.message_id))
    return (row.address, row.sender) if row else None


def _letters(keys: Collection[UUID]) -> dict[UUID, tuple[str, Sender]]:
    if not keys:
        return {}
    letters = DirectMessage.objects.filter(pk__in=keys).select_related("sender__business")
    return {letter.pk: (letter.address, letter.sender) for letter in letters.only("address", "sender")}
