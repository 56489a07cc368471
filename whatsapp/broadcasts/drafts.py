"""Making a broadcast step by step, and editing it: every step is a change of a stored draft.

What was entered is in the row from the first step on, so it can be left, found again and edited in several windows.
Each change locks the row, finds it to be a draft still, and raises its `edition`. A change made from a page of an
earlier edition is refused: it would mix what two windows say. Reading people and starting mean one edition, too
(`audience.freeze`, `lifecycle`), so neither can meet a draft that is half changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import Business, User
from whatsapp import recipients
from whatsapp.audience.choice import PHONE, Choice, ContactsChoice, EarlierChoice, FileChoice, SegmentChoice, to_json
from whatsapp.audience.sources import choice_of
from whatsapp.broadcasts import lifecycle, people_files
from whatsapp.broadcasts.creation import KINDS, NewBroadcast, fill, keep_file, use_template, usual_name
from whatsapp.errors import EditedElsewhere, IllegalChange
from whatsapp.models import AudienceKind, Broadcast, DirectMessage, EventKind, MessageTemplate, Recipient, Sender
from whatsapp.reasons import NO_REASON
from whatsapp.states import BroadcastStatus, FileMatter, NextStep
from whatsapp.tables.readings import NO_ANSWERS, Answers

_FILLED = (
    *("sender", "template", "name", "template_name", "template_language", "template_category", "template_format"),
    *("template_components", "template_hash", "audience_kind", "audience", "canary_size", "budget"),
    *("scheduled_wall_time", "scheduled_zone", "scheduled_at", "not_after", "send_from", "send_until", "window_zone"),
)
"""The fields that `creation.fill` sets."""
_NO_PEOPLE: Mapping[str, Any] = {"audience_cursor": "", "audience_ready_at": None, "total": None, **NO_REASON}


def begin(business: Business, template: MessageTemplate, sender: Sender, *, actor: User | None = None) -> Broadcast:
    """Store a draft of which only the template is known."""
    draft = Broadcast(business=business, name=usual_name(template), next_step=NextStep.PEOPLE, created_by=actor)
    use_template(draft, template, sender)
    draft.save()
    return draft


def choose_template(draft: Broadcast, template: MessageTemplate, sender: Sender, *, edition: int) -> None:
    """Send another template. Its values are asked for again. Raises `EditedElsewhere` or `IllegalChange`."""
    with transaction.atomic():
        current = locked(draft, edition)
        if current.name == usual_name(current.template):
            current.name = usual_name(template)
        use_template(current, template, sender)
        kept = {name: getattr(current, name) for name in ("name", "sender", "template", *template.kept())}
        step = NextStep.DETAILS if current.audience_kind else NextStep.PEOPLE
        _remove_people(current, next_step=step, **kept)
    draft.refresh_from_db()


def choose_people(
    draft: Broadcast,
    choice: Choice,
    *,
    edition: int,
    file: BinaryIO | None = None,
    file_name: str = "",
    answers: Answers = NO_ANSWERS,
) -> None:
    """Choose who gets it; `file` is a `FileChoice`'s table, of which a copy is stored.

    Where the values come from stays as far as it fits the new people. Raises `EditedElsewhere` or `IllegalChange`.
    """
    with people_files.deleted_on_failure() as stored, transaction.atomic():
        current = locked(draft, edition)
        people_files.delete_on_commit(current.audience_file.name or "")
        current.audience_file = ""
        if file is not None:
            stored.append(keep_file(current, file))
        _remove_people(
            current,
            next_step=NextStep.DETAILS,
            audience_kind=KINDS[type(choice)],
            audience=to_json(_with_known_values(choice, current)),
            audience_file=current.audience_file.name,
            file_name=file_name[:120],
            file_answers=answers.kept(),
        )
    draft.refresh_from_db()


def answer(draft: Broadcast, matter: FileMatter, said: str, *, edition: int) -> None:
    """Store what a person says about the draft's file. Raises `EditedElsewhere` or `IllegalChange`."""
    with transaction.atomic():
        current = locked(draft, edition)
        answers = Answers.from_kept(current.file_answers).plus(matter, said)
        _remove_people(current, next_step=NextStep.DETAILS, file_answers=answers.kept())
    draft.refresh_from_db()


def complete(draft: Broadcast, new: NewBroadcast, *, edition: int, now: datetime, actor: User | None = None) -> None:
    """Store the values, the name and the times: it can be started now. Its people are read by `read_people`.

    People of a file who were read already stay as they are if nothing of what they get has changed; others are
    chosen anew.

    Raises:
        EditedElsewhere, IllegalChange: nothing has changed.
        BadTemplate, BadAudience, WhatsappError: as `creation.create`; nothing has changed.
    """
    filled = Broadcast.objects.select_related("business").get(pk=draft.pk)
    before = _people_and_values(filled)
    fill(filled, new, now=now)
    values = {name: getattr(filled, name) for name in _FILLED}
    with transaction.atomic():
        current = locked(draft, edition)
        is_read = current.audience_kind == AudienceKind.FILE and not current.next_step and not current.cause
        if is_read and before == _people_and_values(filled):
            _change(current, **values)
        else:
            _remove_people(current, next_step="", **values)
        is_new = not current.events.filter(kind=EventKind.CREATED).exists()
        lifecycle.record(current, EventKind.CREATED if is_new else EventKind.EDITED, now=now, actor=actor)
    draft.refresh_from_db()


def duplicate(broadcast: Broadcast, *, actor: User | None = None) -> Broadcast:
    """Store a draft like this broadcast, with the template as it is now. Returns it.

    People of a file have to be given again, unless the file is still there: it is deleted when its broadcast starts.
    """
    copy = Broadcast(
        business=broadcast.business,
        name=(_("Copy of %(name)s") % {"name": broadcast.name})[:200],
        audience_kind=broadcast.audience_kind,
        audience=without_series(broadcast.audience),
        file_name=broadcast.file_name,
        file_answers=broadcast.file_answers,
        canary_size=broadcast.canary_size,
        budget=broadcast.budget,
        send_from=broadcast.send_from,
        send_until=broadcast.send_until,
        window_zone=broadcast.window_zone,
        created_by=actor,
    )
    use_template(copy, broadcast.template, broadcast.sender)
    with people_files.deleted_on_failure() as stored:
        if broadcast.audience_kind == AudienceKind.FILE:
            stored.extend(_copied_file(broadcast, copy))
        has_people = bool(stored) or broadcast.audience_kind not in {"", AudienceKind.FILE}
        copy.next_step = NextStep.DETAILS if has_people else NextStep.PEOPLE
        copy.save()
    return copy


def note_test(broadcast: Broadcast, message: DirectMessage, *, now: datetime, actor: User | None) -> None:
    """Write into the history and the audit log that a test message was sent: once, however often it was asked for."""
    known = {"message": str(message.pk)}
    with transaction.atomic():
        current = recipients.locked(broadcast)
        if current.events.filter(kind=EventKind.TESTED, data=known).exists():
            return
        lifecycle.record(current, EventKind.TESTED, now=now, data=known, actor=actor)
        details = {"broadcast": str(broadcast.pk), "name": broadcast.name, "step": EventKind.TESTED.value}
        audit.record(broadcast.business, AuditKind.BROADCAST_STEERED, person=actor, **details)


def _copied_file(broadcast: Broadcast, copy: Broadcast) -> list[str]:
    """Returns the name of the copy; none if the file is gone."""
    if not broadcast.audience_file:
        return []
    try:
        with broadcast.audience_file.open("rb") as file:
            return [keep_file(copy, cast("BinaryIO", file))]
    except OSError:
        return []


def locked(draft: Broadcast, edition: int) -> Broadcast:
    """Lock the draft and return it as it is now. Raises `IllegalChange` or `EditedElsewhere`."""
    current = recipients.locked(draft)
    if current.status != BroadcastStatus.DRAFT:
        raise IllegalChange(BroadcastStatus(current.status), BroadcastStatus.DRAFT)
    if current.edition != edition:
        raise EditedElsewhere
    return current


def without_series(audience: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a stored choice that leaves nobody out for having had a recurring broadcast."""
    return dict(audience) | {name: "" for name in ("new_to", "besides") if name in audience}


def _remove_people(locked: Broadcast, **fields: Any) -> None:
    """Remove what was read of its people, and change fields. A draft has no attempts: its rows are named nowhere."""
    rows = Recipient.objects.filter(broadcast=locked)
    rows._raw_delete(using=rows.db)
    _change(locked, **_NO_PEOPLE, **fields)


def _change(locked: Broadcast, **fields: Any) -> None:
    Broadcast.objects.filter(pk=locked.pk).update(edition=F("edition") + 1, **fields)


def _with_known_values(choice: Choice, draft: Broadcast) -> Choice:
    """Returns the choice with the sources of values of the draft's last one, if that was of the same kind."""
    if not draft.audience_kind:
        return choice
    last = choice_of(draft)
    choice = replace(choice, constants=last.constants, defaults=last.defaults)
    if isinstance(choice, FileChoice) and isinstance(last, FileChoice):
        return replace(choice, columns={key: name for key, name in last.columns.items() if key != PHONE})
    if isinstance(choice, ContactsChoice | SegmentChoice) and isinstance(last, ContactsChoice | SegmentChoice):
        return replace(choice, values=last.values)
    if isinstance(choice, EarlierChoice) and isinstance(last, EarlierChoice):
        return replace(choice, values=last.values)
    return choice


def _people_and_values(draft: Broadcast) -> tuple[Any, ...]:
    return draft.audience_kind, to_json(choice_of(draft)), draft.template_hash, draft.template_category
