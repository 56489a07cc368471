"""Creating a business, and saving its settings so that everything that depends on them is notified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from businesses.errors import MissingDetail, NumberTaken
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
    """Save a validated business, and send `business_saved` when the transaction is committed.

    `changed`: the fields to write; None means all. A call that ends meanwhile lowers `minutes_left` in the
    database, and writing a stale value would undo that.
    """

    def announce() -> None:  # Django logs a failing robust callback by its `__qualname__`, which a partial doesn't have
        call_settings_changed.send(sender=Business, business=business)

    with transaction.atomic():
        business.save(update_fields=changed)
        transaction.on_commit(announce, robust=True)  # a failing receiver must not look like a failed save


def create_or_update_business(
    slug: str, *, values: Mapping[str, object], numbers: Sequence[str] = (), owner: OwnerLogin | None = None
) -> Registration:
    """Create the business or change the given settings; `numbers` (E.164) are added to its existing ones.

    All or nothing, and safe to run twice or at once. Raises `ValidationError` by field, `NumberTaken`
    and `MissingDetail`.
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
    business = Business.objects.select_for_update().filter(slug=slug).first()
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
        add_member(business, _person(owner), Role.OWNER)
    return Registration(business, created)


def _assign_number(business: Business, number: str) -> None:
    known = PhoneNumber.objects.select_for_update(of=("self",)).select_related("business").filter(number=number).first()
    if known is None:
        new = PhoneNumber(business=business, number=number)
        new.full_clean(validate_unique=False)
        new.save()
    elif known.business_id != business.pk:
        raise NumberTaken(number, known.business.slug)
    elif not known.is_active:
        known.is_active = True
        known.save(update_fields=["is_active"])


def _person(owner: OwnerLogin) -> User:
    email = owner.email.lower()
    person = User.objects.select_for_update().filter(email=email).first()
    if person is None:
        if not owner.password:
            raise MissingDetail("password", f"nobody signs in as {email} yet, and a new person needs a password")
        person = User(email=email)
        person.set_password(owner.password)
        person.full_clean(validate_unique=False)
        person.save()
    elif owner.password and not person.check_password(owner.password):  # a new hash would end the person's sessions
        person.set_password(owner.password)
        person.save(update_fields=["password"])
    return person
