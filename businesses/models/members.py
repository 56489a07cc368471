"""Who belongs to a business, and who was invited to."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.models.people import User
from businesses.tenancy import BusinessManager


class Role(models.TextChoices):
    """What a member may do: staff read calls and send broadcasts; owners also edit settings and see members."""

    OWNER = "owner", _("Owner")
    STAFF = "staff", _("Staff")


class Permission(models.TextChoices):
    """What owners may allow staff; the values are the names of the membership's fields."""

    EXPORT_CONTACTS = "may_export_contacts", _("Download lists of people")
    LIFT_OPT_OUTS = "may_lift_opt_outs", _("Allow messages again after an opt-out")
    TRANSFER_ANYWHERE = "may_transfer_anywhere", _("Put calls through to any number")


class Membership(models.Model):
    """A person's role in a business, and what staff may do beyond it (owners may do everything)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("person"), related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.STAFF)
    may_export_contacts = models.BooleanField(
        Permission.EXPORT_CONTACTS.label,
        default=False,
        db_default=False,
        help_text=_("Contacts, people of a broadcast and people who opted out, as a file with all their numbers."),
    )
    may_lift_opt_outs = models.BooleanField(
        Permission.LIFT_OPT_OUTS.label,
        default=False,
        db_default=False,
        help_text=_("For people who opted out and ask for messages again without replying START themselves."),
    )
    may_transfer_anywhere = models.BooleanField(
        Permission.TRANSFER_ANYWHERE.label,
        default=False,
        db_default=False,
        help_text=_("Without it, a live call can be put through only to the number in the settings."),
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "user"], name="one_membership_per_business")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def permissions(self) -> list[Permission]:
        """What is switched on here. It counts for staff only; ask `businesses.permissions`."""
        return [each for each in Permission if getattr(self, each.value)]


class Invitation(models.Model):
    """An invitation to join a business by a link. Of the link's token and of the mailed code, hashes are stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="invitations")
    email = models.EmailField(_("email address"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.STAFF)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by"))
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("valid until"))
    is_vouched = models.BooleanField(
        _("an operator vouches for the address"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("A new person joins without a code from their mailbox."),
    )
    code_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    codes_sent = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "email"], name="one_invitation_per_address")
        ]

    def __str__(self) -> str:
        return self.email
