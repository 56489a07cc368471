"""The mails of an invitation."""

from __future__ import annotations

from django.core.mail import send_mail
from django.utils.translation import gettext as _

from businesses.invitations import Invited
from businesses.mail import defused


def send(invited: Invited, *, url: str) -> None:
    """Mail the link and the code. Raises `OSError` (the base of `SMTPException`) when the mail can't be sent."""
    words = {"business": defused(invited.invitation.business.name), "url": url, "code": invited.code}
    send_mail(
        _("Join %(business)s on Frontdesk") % words,
        _(
            "You are invited to work with %(business)s on Frontdesk.\n\n"
            "Open this link to join: %(url)s\n\n"
            "If you don't have an account yet, you need this code: %(code)s\n"
            "It shows that this mailbox is yours. Give it to nobody, also not to whoever invited you.\n"
        )
        % words,
        None,
        [invited.invitation.email],
    )


def send_code(invited: Invited) -> None:
    """Mail a new code. Raises `OSError` when the mail can't be sent."""
    words = {"business": defused(invited.invitation.business.name), "code": invited.code}
    send_mail(
        _("Your code for joining %(business)s") % words,
        _(
            "Your code for joining %(business)s on Frontdesk: %(code)s\n\n"
            "It shows that this mailbox is yours. Give it to nobody, also not to whoever invited you.\n"
        )
        % words,
        None,
        [invited.invitation.email],
    )
