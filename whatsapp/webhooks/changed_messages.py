"""Messages that their sender edited or took back, and reports of the same message in any order.

    what comes first        what is stored
    the message, an edit    the message with the new text; the old one is in `earlier`
    an edit, the message    the same: the edit stands in the message's place until the message comes
    a revoke, the message   the message, marked as deleted

An edit or a revoke that repeats changes nothing: what it would change is already so.
"""

from __future__ import annotations

from operator import itemgetter

from whatsapp.models import InboundMessage, Recipient
from whatsapp.providers.events import EDIT, REVOKE, Inbound
from whatsapp.webhooks.words import Choice


def note(message: InboundMessage, event: Inbound, choice: Choice | None, answered: Recipient | None) -> bool:
    """Bring a stored message up to date with what was reported. Returns whether that added words to a known message.

    `choice` is what the words decide, and `answered` the row of a broadcast that they reply to.
    """
    is_late = message.kind in {EDIT, REVOKE} and event.kind not in {EDIT, REVOKE}
    if event.kind not in {EDIT, REVOKE} and not is_late:
        return False
    message = InboundMessage.objects.select_for_update().get(pk=message.pk)
    if event.kind == REVOKE:
        message.deleted_at = min(message.deleted_at or event.at, event.at)
        message.save(update_fields=["deleted_at"])
        return False
    return _put_under(message, event, choice, answered) if is_late else _edit(message, event, choice)


def _edit(message: InboundMessage, event: Inbound, choice: Choice | None) -> bool:
    if message.edited_at is None and message.kind == EDIT:  # it stands in the place of a message that is still to come
        message.edited_at = event.at
        message.save(update_fields=["edited_at"])
        return False
    new = {"at": event.at.isoformat(), "text": event.text}
    now = {"at": (message.edited_at or message.received_at).isoformat(), "text": message.text}
    if new in [*message.earlier, now]:
        return False  # a repetition
    known = message.earlier if message.kind == REVOKE and not message.edited_at else [*message.earlier, now]
    *message.earlier, last = sorted([*known, new], key=itemgetter("at"))
    message.text, message.edited_at = last["text"], max(message.edited_at or event.at, event.at)
    if choice and (last == new or not message.action):
        _decide(message, choice)
    message.save(update_fields=["earlier", "text", "edited_at", "action", "confirmed_at"])
    return True


def _put_under(message: InboundMessage, event: Inbound, choice: Choice | None, answered: Recipient | None) -> bool:
    """The message itself comes after an edit or a revoke of it."""
    if message.edited_at:
        message.earlier = [{"at": event.at.isoformat(), "text": event.text}, *message.earlier]
    else:
        message.text = event.text
    message.kind, message.received_at, message.recipient = event.kind[:20], event.at, answered
    message.reply_to_message_id = message.reply_to_message_id or event.answers_message_id
    if not message.action:
        _decide(message, choice)
    message.save()
    return True


def _decide(message: InboundMessage, choice: Choice | None) -> None:
    if choice:
        message.action, message.confirmed_at = choice, None
