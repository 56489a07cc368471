"""People who sign in."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from businesses.tenancy import across_businesses
from businesses.validators import one_line

if TYPE_CHECKING:
    from businesses.models.members import Membership, Role


class EmailUserManager(UserManager["User"]):
    """Creates users, who sign in by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:  # type: ignore[override]
        """Create a user for an operator, who vouches for the address; without a password they can't sign in yet."""
        fields.setdefault("email_proved_at", timezone.now())
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:  # type: ignore[override]
        """Create an operator, who sees every business."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Returns the user with this address, ignoring case."""
        return self.get(email=(username or "").lower())


class User(AbstractUser):
    """A person who signs in by email address. Operators are superusers; others act through memberships."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email address"), unique=True)
    email_proved_at = models.DateTimeField(
        _("address proved"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the person entered a code mailed to the address, or an operator vouched for it."),
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[EmailUserManager] = EmailUserManager()

    def clean(self) -> None:
        """Lower the case of the address, so that nobody has two accounts, and keep each name on one line."""
        super().clean()
        self.email = self.email.lower()
        self.first_name, self.last_name = one_line(self.first_name), one_line(self.last_name)

    @property
    def shown_name(self) -> str:
        """The name, or the email address of a person who has not given a name."""
        return self.get_full_name() or self.email

    @cached_property
    def own_memberships(self) -> tuple[Membership, ...]:
        """The person's memberships, read once per request."""
        with across_businesses():  # a person's own memberships in all their businesses
            return tuple(self.memberships.select_related("business"))

    def business_ids(self, roles: Collection[Role]) -> set[uuid.UUID]:
        """Returns the ids of the businesses in which the person has one of these roles."""
        return {membership.business_id for membership in self.own_memberships if membership.role in roles}
