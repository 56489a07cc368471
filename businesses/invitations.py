"""Inviting people to a business, and accepting invitations.

An invitation is a link with a random token, valid for a week and for one person, as long as whoever made it may
invite. The link alone proves nothing, since its maker sees it too: a new account, and one whose address nobody has
proved, also need a code that only the invited mailbox gets (`invitation_codes`). Otherwise an owner could invite a
stranger's address, open the link, and own the stranger's account before the stranger ever comes. An operator vouches
for the addresses that he invites; nobody needs a code there. Only hashes of token and code are stored. The token is
computed from the invitation by the installation's key, so that its link can be shown again (decision 0064).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from businesses import invitation_codes
from businesses.audit import AuditKind, record
from businesses.errors import AccountExists, InvitationInvalid, InvitationsUsedUp
from businesses.membership import add_member
from businesses.models import AuditEntry, Business, Invitation, Membership, Role, User
from businesses.tenancy import across_businesses, acting_for

LIFETIME = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, with the secret token of its link and the code for the mailbox, which are not stored.

    `replaced`: the person had been invited already, and the earlier link no longer works.
    """

    invitation: Invitation
    token: str
    code: str
    replaced: bool = False


@transaction.atomic
def invite(business: Business, *, email: str, role: Role, by: User | None, now: datetime) -> Invited:
    """Invite a person. Inviting them again invalidates the earlier link. Raises `ValidationError`.

    `by` is None for an operator's command. Owners may invite only so many people a day (`InvitationsUsedUp`):
    each invitation is a mail from us to somebody who didn't ask for it.
    """
    email = email.strip().lower()
    Business.objects.select_for_update(no_key=True).filter(pk=business.pk).values("pk").first()  # one at a time
    if business.memberships.filter(user__email=email).exists():
        raise ValidationError({"email": _("This person is already a member of the business.")})
    is_vouched = by is None or by.is_superuser
    if not is_vouched:
        _keep_to_the_limit(business, now)
    known = Invitation.objects.select_for_update().filter(business=business, email=email).first()
    replaced = known is not None and known.expires_at > now
    invitation = known or Invitation(business=business, email=email)
    invitation.role, invitation.invited_by, invitation.is_vouched = role, by, is_vouched
    invitation.created_at, invitation.expires_at = now, now + LIFETIME
    token, code = _token(invitation), invitation_codes.new_code()
    invitation.token_hash, invitation.code_hash = _hash(token), invitation_codes.hash_of(code, token)
    invitation.code_tries, invitation.codes_sent = 0, 1
    invitation.save()
    record(business, AuditKind.INVITED, email=email, role=role.value)
    return Invited(invitation, token, code, replaced)


def token_for(invitation: Invitation, reader: User) -> str | None:
    """Returns the token of an invitation's link, for showing it again; None if the reader may not see it.

    A link for which an operator vouches makes its opener the owner of the address: operators only. Links of an earlier
    key or release can't be shown either.
    """
    if invitation.is_vouched and not reader.is_superuser:
        return None
    token = _token(invitation)
    return token if _hash(token) == invitation.token_hash else None


def find(token: str, *, now: datetime) -> Invitation:
    """Returns the invitation of a link. Raises `InvitationInvalid`."""
    with across_businesses():  # the business is not known yet: the link's token identifies the invitation
        invitations = Invitation.objects.select_related("business", "invited_by")
        found = invitations.filter(token_hash=_hash(token)).first()
        if found is None or found.expires_at <= now or not _maker_may_invite(found):
            raise InvitationInvalid
    return found


def accept(token: str, user: User, *, code: str = "", now: datetime) -> Business:
    """Make the person a member; a link works once. Raises `CodeWrong` where a code is needed and isn't right.

    Raises `InvitationInvalid` for a link that is used, withdrawn or another person's, and for members: an invitation
    changes nobody's role.
    """
    invitation = find(token, now=now)
    if invitation.email != user.email.lower():
        raise InvitationInvalid
    if not invitation.is_vouched and user.email_proved_at is None:
        invitation_codes.check(invitation, code, token=token)
        user.email_proved_at = now
        user.save(update_fields=["email_proved_at"])
    _join(invitation, user)
    return invitation.business


def accept_as_new(token: str, *, first_name: str, last_name: str, password: str, code: str = "", now: datetime) -> User:
    """Create the invited person's account and membership.

    Raises `InvitationInvalid`, `CodeWrong` and `ValidationError`; after the right code also `AccountExists`, so that
    only the mailbox learns who has an account.
    """
    invitation = find(token, now=now)
    if not invitation.is_vouched:
        invitation_codes.check(invitation, code, token=token)
    if User.objects.filter(email=invitation.email).exists():
        raise AccountExists
    user = User(email=invitation.email, first_name=first_name, last_name=last_name, email_proved_at=now)
    user.set_password(password)
    user.full_clean()
    try:
        with transaction.atomic():
            user.save()
            _join(invitation, user)
    except IntegrityError:  # the account was made between our look and our insert
        raise AccountExists from None
    return user


def withdraw(invitation: Invitation) -> None:
    """Withdraw an invitation; its link stops working."""
    with transaction.atomic():
        record(invitation.business, AuditKind.INVITATION_WITHDRAWN, email=invitation.email)
        invitation.delete()


def _join(invitation: Invitation, user: User) -> None:
    """Use the invitation up. The lock keeps its maker's role until we are through, or finds it gone."""
    business = invitation.business
    with transaction.atomic(), acting_for(business):
        Business.objects.select_for_update(no_key=True).filter(pk=business.pk).values("pk").first()
        used, _by_model = Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).delete()
        is_member = Membership.objects.filter(business=business, user=user).exists()
        if not used or is_member or not _maker_may_invite(invitation):
            raise InvitationInvalid
        add_member(business, user, Role(invitation.role))


def _maker_may_invite(invitation: Invitation) -> bool:
    """Returns whether the invitation's maker is still an operator, or an owner of the business."""
    if invitation.invited_by_id is None:
        return invitation.is_vouched  # by an operator's command; other invitations end with their maker's account
    maker = User.objects.filter(pk=invitation.invited_by_id, is_active=True)
    if maker.filter(is_superuser=True).exists():
        return True
    owners = Membership.objects.filter(business=invitation.business_id, user__in=maker, role=Role.OWNER)
    return not invitation.is_vouched and owners.exists()


def _keep_to_the_limit(business: Business, now: datetime) -> None:
    """Raise `InvitationsUsedUp`. Counts the audit log, from which withdrawing an invitation takes nothing away."""
    with acting_for(business):
        made = AuditEntry.objects.filter(business=business, kind=AuditKind.INVITED, at__gt=now - DAY).count()
    if made >= settings.INVITATIONS_PER_DAY:
        raise InvitationsUsedUp


def _token(invitation: Invitation) -> str:
    """Returns the token: 256 bits that nobody can compute without the key. A newer invitation has another one."""
    what = f"{invitation.pk} {invitation.created_at.astimezone(UTC).isoformat()}"
    keyed = salted_hmac("businesses.invitations", what, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(keyed).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
