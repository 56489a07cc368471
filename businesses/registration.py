"""Creating a business, and saving its settings so that everything that depends on them is notified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.errors import AddressUnproved, MissingDetail, NumberTaken
from businesses.membership import add_member
from businesses.models import Business, PhoneNumber, Role, User
from businesses.signals import call_settings_changed


@dataclass(frozen=True, slots=True)
class OwnerLogin:
    """The person to make an owner. Without a password the person must exist, and keeps their password."""

    email: str
    password: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """The result of `create_or_update_business`."""

    business: Business
    created: bool


def save_business(business: Business, *, changed: Collection[str] | None = None) -> None:
    """Save a validated business, note what has changed, and announce it when the transaction is committed.

    `changed`: the fields to write; None means all. A call that ends meanwhile lowers `minutes_left` in the
    database, and writing a stale value would undo that.
    """

    def announce() -> None:  # Django logs a failing robust callback by its `__qualname__`, which a partial doesn't have
        call_settings_changed.send(sender=Business, business=business)

    with transaction.atomic():
        before = Business.objects.select_for_update(no_key=True).filter(pk=business.pk).first()
        business.save(update_fields=changed)
        if before is not None and (differences := changes(before, business, changed)):
            record(business, AuditKind.SETTINGS_CHANGED, of="businesses.Business", changes=differences)
        transaction.on_commit(announce, robust=True)  # a failing receiver must not look like a failed save


def assign_number(number: PhoneNumber) -> None:
    """Save a number of a business; the audit logs of the business that it joins, and of one that it leaves, say so."""
    with transaction.atomic():
        before = PhoneNumber.objects.select_related("business").filter(pk=number.pk).first()
        number.save()
        if before is not None and (before.business_id, before.number) == (number.business_id, number.number):
            return
        if before is not None:
            record(before.business, AuditKind.NUMBER_REMOVED, number=before.number)
        record(number.business, AuditKind.NUMBER_ADDED, number=number.number)


def remove_number(number: PhoneNumber) -> None:
    """Delete a number of a business."""
    with transaction.atomic():
        record(number.business, AuditKind.NUMBER_REMOVED, number=number.number)
        number.delete()


def create_or_update_business(
    slug: str, *, values: Mapping[str, object], numbers: Sequence[str] = (), owner: OwnerLogin | None = None
) -> Registration:
    """Create the business or change the given settings; `numbers` (E.164) are added to its existing ones.

    All or nothing, and safe to run twice or at once. Raises `ValidationError` by field, `NumberTaken`,
    `AddressUnproved` and `MissingDetail`.
    """
    try:
        return _register(slug, values, numbers, owner)
    except IntegrityError:
        # Another run stored the same slug, number or address between our read and our write. Its row is
        # committed now, so the second look finds it.
        return _register(slug, values, numbers, owner)


@transaction.atomic
def _register(
    slug: str, values: Mapping[str, object], numbers: Sequence[str], owner: OwnerLogin | None
) -> Registration:
    business = Business.objects.select_for_update(no_key=True).filter(slug=slug).first()
    created = business is None
    if business is None:
        business = Business(slug=slug)
        if not values.get("name"):
            raise MissingDetail("name", f"there is no business {slug!r} yet, and a new one needs a name")
        if not numbers:
            raise MissingDetail("number", f"there is no business {slug!r} yet, and a new one needs a phone number")
    for name, value in values.items():
        setattr(business, name, value)
    if created:
        business.full_clean(validate_unique=False)  # unique constraints do that, also for two runs at once
        business.save()
    for number in numbers:
        _assign_number(business, number)
    # After its numbers: their countries decide which fallback number may be dialled.
    business.full_clean(validate_unique=False)
    save_business(business)
    if owner is not None:
        add_member(business, _person(owner, business), Role.OWNER)
    return Registration(business, created)


def _assign_number(business: Business, number: str) -> None:
    known = PhoneNumber.objects.select_for_update(of=("self",)).select_related("business").filter(number=number).first()
    if known is None:
        new = PhoneNumber(business=business, number=number)
        new.full_clean(validate_unique=False)
        assign_number(new)
    elif known.business_id != business.pk:
        raise NumberTaken(number, known.business.slug)
    elif not known.is_active:
        known.is_active = True
        known.save(update_fields=["is_active"])


def _person(owner: OwnerLogin, business: Business) -> User:
    email = owner.email.lower()
    person = User.objects.select_for_update().filter(email=email).first()
    if person is None:
        if not owner.password:
            raise MissingDetail("password", f"nobody signs in as {email} yet, and a new person needs a password")
        person = User(email=email, email_proved_at=timezone.now())  # an operator vouches for it
        person.set_password(owner.password)
        person.full_clean(validate_unique=False)
        person.save()
    elif person.email_proved_at is None and not _owns(person, business):
        raise AddressUnproved(email)  # it may be somebody who was invited by its link before the owner of the mailbox
    elif owner.password and not person.check_password(owner.password):  # a new hash would end the person's sessions
        person.set_password(owner.password)
        person.save(update_fields=["password"])
    return person


def _owns(person: User, business: Business) -> bool:
    return business.pk in person.business_ids({Role.OWNER})
