"""Inviting people to a business, and accepting invitations.

An invitation is a link with a random token, valid for a week and for one person. Only the token's hash is stored, so
a reader of the database can't accept invitations.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from businesses.errors import InvitationInvalid
from businesses.membership import add_member
from businesses.models import Business, Invitation, Role, User
from businesses.tenancy import across_businesses, acting_for

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and the secret token of its link, which is not stored."""

    invitation: Invitation
    token: str


def invite(business: Business, *, email: str, role: Role, by: User, now: datetime) -> Invited:
    """Invite a person. Inviting them again invalidates the earlier link. Raises `ValidationError`."""
    email = email.strip().lower()
    if business.memberships.filter(user__email=email).exists():
        raise ValidationError({"email": _("This person is already a member of the business.")})
    token = secrets.token_urlsafe(32)
    invitation, _created = Invitation.objects.update_or_create(
        business=business,
        email=email,
        defaults={
            "role": role,
            "token_hash": _hash(token),
            "invited_by": by,
            "created_at": now,
            "expires_at": now + LIFETIME,
        },
    )
    return Invited(invitation, token)


def send(invited: Invited, *, url: str) -> None:
    """Send the link by mail. Raises `OSError` (the base of `SMTPException`) when the mail can't be sent."""
    business = invited.invitation.business
    send_mail(
        _("Join %(business)s on Frontdesk") % {"business": business.name},
        _("You are invited to work with %(business)s on Frontdesk.\n\nOpen this link to join: %(url)s\n")
        % {"business": business.name, "url": url},
        None,
        [invited.invitation.email],
    )


def find(token: str, *, now: datetime) -> Invitation:
    """Returns the invitation of a link. Raises `InvitationInvalid`."""
    with across_businesses():  # the business is not known yet: the link's token identifies the invitation
        found = Invitation.objects.select_related("business").filter(token_hash=_hash(token)).first()
    if found is None or found.expires_at <= now:
        raise InvitationInvalid
    return found


def accept(token: str, user: User, *, now: datetime) -> Business:
    """Make the person a member; a link works once. Raises `InvitationInvalid`, also for another person's link."""
    invitation = find(token, now=now)
    if invitation.email != user.email.lower():
        raise InvitationInvalid
    business = invitation.business
    with transaction.atomic(), acting_for(business):
        used, _by_model = Invitation.objects.filter(pk=invitation.pk, token_hash=_hash(token)).delete()
        if not used:
            raise InvitationInvalid
        add_member(business, user, Role(invitation.role))
    return business


def accept_as_new(token: str, *, first_name: str, last_name: str, password: str, now: datetime) -> User:
    """Create the invited person's account and membership. Raises `InvitationInvalid` and `ValidationError`."""
    invitation = find(token, now=now)
    with transaction.atomic():
        if User.objects.filter(email=invitation.email).exists():
            raise InvitationInvalid  # a person with an account signs in with it instead
        user = User(email=invitation.email, first_name=first_name, last_name=last_name)
        user.set_password(password)
        user.full_clean()
        user.save()
        accept(token, user, now=now)
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
