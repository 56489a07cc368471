"""Mail of the installation: whether it can be sent, and what of others' words may stand in it."""

from __future__ import annotations

import re
import smtplib
import socket
import unicodedata
from typing import Final

from django.conf import settings

NOT_SENT: Final = (
    ConnectionRefusedError,
    socket.gaierror,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
)
"""Errors after which a mail has certainly not left."""
LONGEST_NAME = 60
"""Letters of a business's name in a mail."""


def can_mail() -> bool:
    """Returns whether mails reach people: by a server, or in development on the console."""
    return bool(settings.EMAIL_HOST) or bool(settings.DEBUG)


def defused(name: str) -> str:
    """Returns a business's name as it may stand in a mail to somebody who didn't ask for it.

    Whoever owns a business names it, and we send the mail: a name must not become a header, an address that can be
    clicked, or a letter of its own. Line breaks and invisible signs go, addresses fall apart, and it is cut.
    """
    seen = "".join(" " if unicodedata.category(sign) in {"Zl", "Zp", "Cc"} else sign for sign in name)
    seen = "".join(sign for sign in seen if unicodedata.category(sign) not in {"Cf", "Co", "Cs", "Cn"})
    seen = re.sub(r"[/\\:@<>]+", " ", seen)
    seen = re.sub(r"\.(?=\S)", " ", seen)  # "evil.example" is made a link by many mail programs, "Dr. Levi" is not
    seen = " ".join(seen.split())
    return seen if len(seen) <= LONGEST_NAME else f"{seen[: LONGEST_NAME - 1].rstrip()}…"
