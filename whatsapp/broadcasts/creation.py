"""Creating a broadcast. Everything that can be wrong is found before anything is stored."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import BinaryIO
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import Business, User
from whatsapp import recipients
from whatsapp.audience.choice import PHONE, Choice, ContactsChoice, EarlierChoice, FileChoice, SegmentChoice, to_json
from whatsapp.audience.columns import understand
from whatsapp.audience.file_settling import settle
from whatsapp.audience.freeze import OvertakenFreeze, always
from whatsapp.audience.sources import as_of, contacts_of, earlier_chosen
from whatsapp.broadcasts import lifecycle, people_files
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.broadcasts.schedule import BadSchedule, instant_of
from whatsapp.errors import BadAudience, BadTemplate, WhatsappError
from whatsapp.models import AudienceKind, Broadcast, EventKind, MessageTemplate, Recipient, Sender, WindowZone
from whatsapp.people.messaging_settings import region_of, settings_of
from whatsapp.reasons import Cause
from whatsapp.states import BroadcastStatus, RecipientStatus
from whatsapp.tables.readings import NO_ANSWERS, Answers
from whatsapp.template_variables import TemplateVariable, UnsupportedTemplate, variables_of

DEFAULT_TRIAL = 50
"""Size of a trial that is a share of the people, until their number is known."""

LONGEST_DELAY = 366 * 24 * 60
"""Of a start, in minutes: a year."""

MOST_BUDGET = Decimal(1_000_000_000)

KINDS = {
    FileChoice: AudienceKind.FILE,
    ContactsChoice: AudienceKind.CONTACTS,
    SegmentChoice: AudienceKind.SEGMENT,
    EarlierChoice: AudienceKind.EARLIER,
}


@dataclass(frozen=True, slots=True)
class Timing:
    """When a broadcast starts and when its messages may go out. By default: now, and at any hour.

    `wall_time` is local time in `zone` (like 2026-11-30T09:00). A broadcast that is more than `late_after_minutes`
    late is missed instead (None: the business's setting). Messages go out from `send_from` to `send_until`, by the
    clock of `window_zone`.
    """

    wall_time: str = ""
    zone: str = ""
    late_after_minutes: int | None = None
    send_from: time | None = None
    send_until: time | None = None
    window_zone: WindowZone = WindowZone.BUSINESS


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """What a broadcast is created from.

    `file` is a `FileChoice`'s table, open for reading; the caller closes it. `answers` are what a person has said
    about it.
    """

    template: MessageTemplate
    sender: Sender
    choice: Choice
    name: str = ""
    file: BinaryIO | None = None
    answers: Answers = NO_ANSWERS
    timing: Timing = Timing()
    canary_size: int | None = None
    budget: Decimal | None = None


def create(business: Business, new: NewBroadcast, *, now: datetime, actor: User | None = None) -> Broadcast:
    """Store a broadcast as a draft; its people are read by `read_people`.

    Raises:
        BadTemplate: broadcasts can't send this template.
        FileQuestion: the file can be read in several ways.
        BadAudience: the file or choice as a whole can't be used.
        WhatsappError: a time or zone is not valid.
    """
    broadcast = Broadcast(business=business, created_by=actor)
    fill(broadcast, new, now=now)
    with people_files.deleted_on_failure() as stored, transaction.atomic():
        if new.file is not None:
            stored.append(keep_file(broadcast, new.file))
        broadcast.save()
        lifecycle.record(broadcast, EventKind.CREATED, now=now, actor=actor)
    return broadcast


def fill(broadcast: Broadcast, new: NewBroadcast, *, now: datetime, may_be_empty: bool = False) -> None:
    """Set everything that a broadcast is created from, but store nothing. Raises as `create` does.

    `may_be_empty`: no error if nobody is chosen at present.
    """
    business = broadcast.business
    variables = _variables(new.template)
    _check_constants(new.choice, variables)
    choice = as_of(business, _settled(business, new, variables, now, may_be_empty), now=now)
    if new.canary_size is not None and new.canary_size < 1:
        raise WhatsappError(_("A trial run needs at least one message."))
    use_template(broadcast, new.template, new.sender)
    broadcast.name = (new.name or usual_name(new.template))[:200]
    broadcast.audience_kind, broadcast.audience = KINDS[type(choice)], to_json(choice)
    broadcast.canary_size = new.canary_size
    broadcast.budget = None if new.budget is None else checked_budget(new.budget)
    _set_times(broadcast, business, new.timing, now)


def usual_name(template: MessageTemplate) -> str:
    """Returns the name of a broadcast that nobody has named."""
    return f"{template.name} ({template.language})"[:200]


def use_template(broadcast: Broadcast, template: MessageTemplate, sender: Sender) -> None:
    """Set what is sent, frozen as it is now, and the number that sends it."""
    broadcast.template, broadcast.sender = template, sender
    for name, value in template.kept().items():
        setattr(broadcast, name, value)


def keep_file(broadcast: Broadcast, file: BinaryIO) -> str:
    """Store a copy of a file of people, under a name that reveals nothing; the caller saves the broadcast.

    Returns the name, for `people_files.deleted_on_failure`.
    """
    file.seek(0)
    broadcast.audience_file.save(f"{uuid4()}", File(file), save=False)
    return broadcast.audience_file.name or ""


def read_people(broadcast: Broadcast, *, now: datetime, keep_going: Callable[[int], bool] = always) -> bool:
    """Freeze the people of a new draft, until the end or until `keep_going(rows so far)` is false.

    Returns whether nothing is left to read here: all people are rows, or another process has taken over.

    Raises:
        BadAudience: the source can't be read to its end. The draft is removed, as if it had never been created.
    """
    try:
        return freeze_audience(broadcast, now=now, keep_going=keep_going)
    except OvertakenFreeze:
        return True
    except BadAudience:
        with suppress(WhatsappError):  # started meanwhile: then it fails in preparation, with the same reason
            discard(broadcast)
        raise


def discard(broadcast: Broadcast) -> None:
    """Remove a draft with its people and its file, as if it had never been created.

    Raises:
        WhatsappError: it is not a draft any more; nothing has changed.
    """
    with transaction.atomic():
        current = recipients.locked(broadcast)
        if current.status != BroadcastStatus.DRAFT:
            raise WhatsappError(_("Only a draft can be removed. Cancel it instead."))
        file = current.audience_file.name
        current.delete()
    if file:
        default_storage.delete(file)


def set_trial_share(broadcast: Broadcast, share: float | None) -> None:
    """Set the trial to this share of the people who will be messaged, at least one. None changes nothing."""
    if share is None:
        return
    people = Recipient.objects.filter(broadcast=broadcast, status=RecipientStatus.PENDING).count()
    broadcast.canary_size = max(1, math.ceil(people * share))
    broadcast.save(update_fields=["canary_size"])


def _variables(template: MessageTemplate) -> tuple[TemplateVariable, ...]:
    try:
        return variables_of(template.components, template.parameter_format)
    except UnsupportedTemplate as error:
        raise BadTemplate(str(error)) from None


def _check_constants(choice: Choice, variables: tuple[TemplateVariable, ...]) -> None:
    keys = {variable.key for variable in variables}
    for key in choice.constants:
        if key not in keys:
            raise BadAudience(Cause.NO_SUCH_VARIABLE, variable=key, variables=", ".join(sorted(keys)) or "–")


def _settled(
    business: Business, new: NewBroadcast, variables: tuple[TemplateVariable, ...], now: datetime, may_be_empty: bool
) -> Choice:
    """Returns the choice with how its file is read. Raises `BadAudience`: it can't be used, or nobody is in it."""
    match new.choice:
        case FileChoice() as choice:
            if new.file is None:
                raise BadAudience(Cause.FILE_MISSING)
            return _settled_file(business, new.file, new.answers, choice, variables)
        case ContactsChoice() | SegmentChoice() as choice:
            if not contacts_of(business, choice, now=now).exists() and not may_be_empty:
                raise BadAudience(Cause.NOBODY_CHOSEN)
        case EarlierChoice() as choice:
            if not earlier_chosen(business, choice).exists():
                raise BadAudience(Cause.NOBODY_OF_EARLIER)
    return new.choice


def _settled_file(
    business: Business, file: BinaryIO, answers: Answers, choice: FileChoice, variables: tuple[TemplateVariable, ...]
) -> FileChoice:
    columns = dict(choice.columns)
    chosen = replace(answers, phone_column=columns.get(PHONE, "") or answers.phone_column)
    keys = [variable.key for variable in variables]
    settled = settle(file, of=business.pk, region=region_of(business), answers=chosen, expected=keys, check_rows=1)
    if settled.phone_name is not None:
        columns[PHONE] = settled.phone_name
    understand(settled.header, variables, list(choice.constants), columns)
    if not settled.rows:
        raise BadAudience(Cause.FILE_WITHOUT_ROWS)
    notes = [note.kept() for note in settled.notes]
    return replace(choice, columns=columns, reading={**settled.reading.kept(), "notes": notes})


def checked_budget(amount: Decimal) -> Decimal:
    """Returns a budget in whole hundredths. Raises `WhatsappError` for one that can't be."""
    if not amount.is_finite() or not Decimal("0.01") <= amount <= MOST_BUDGET:
        raise WhatsappError(_("A budget is an amount of at least 0.01, like 25 or 25.50."))
    return amount.quantize(Decimal("0.01"), ROUND_DOWN)


def set_budget(broadcast: Broadcast, amount: Decimal) -> None:
    """Change what a broadcast may cost, and say so in the business's audit log. Raises `WhatsappError`."""
    before, after = broadcast.budget, checked_budget(amount)
    if before == after:
        return
    with transaction.atomic():
        broadcast.budget = after
        broadcast.save(update_fields=["budget"])
        audit.record(
            broadcast.business,
            AuditKind.BROADCAST_STEERED,
            broadcast=str(broadcast.pk),
            name=broadcast.name,
            step="budget",
            before=None if before is None else str(before),
            after=str(after),
        )


def _set_times(broadcast: Broadcast, business: Business, timing: Timing, now: datetime) -> None:
    if (timing.send_from is None) != (timing.send_until is None):
        raise WhatsappError(_("Sending hours need both a start and an end."))
    broadcast.send_from, broadcast.send_until = timing.send_from, timing.send_until
    broadcast.window_zone = timing.window_zone
    broadcast.scheduled_wall_time, broadcast.scheduled_zone = "", ""
    broadcast.scheduled_at, broadcast.not_after = None, None
    if not timing.wall_time:
        return
    zone = timing.zone or business.time_zone
    try:
        starts = instant_of(timing.wall_time, zone)
    except BadSchedule as error:
        raise WhatsappError(str(error)) from None
    minutes = timing.late_after_minutes
    if minutes is not None and not 0 <= minutes <= LONGEST_DELAY:
        raise WhatsappError(
            _("The latest start can be at most %(most)s minutes later.") % {"most": f"{LONGEST_DELAY:,}"}
        )
    usual = min(settings_of(business).late_after_minutes, LONGEST_DELAY)
    late_after = timedelta(minutes=usual if minutes is None else minutes)
    if starts + late_after < now:
        raise WhatsappError(
            _("%(wall_time)s in %(zone)s has passed. Choose a later time.")
            % {"wall_time": timing.wall_time, "zone": zone}
        )
    broadcast.scheduled_wall_time, broadcast.scheduled_zone = timing.wall_time, zone
    broadcast.scheduled_at, broadcast.not_after = starts, starts + late_after
