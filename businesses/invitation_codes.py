"""The code that proves a mailbox: mailed to the invited address, and never shown to whoever made the invitation."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.db import transaction
from django.db.models import F

from businesses.audit import AuditKind, record
from businesses.errors import CodesUsedUp, CodeWrong
from businesses.models import Invitation
from businesses.tenancy import acting_for

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""RFC 8628, 6.1: without vowels (no words), and without signs that look like another."""
LENGTH = 8
TRIES = 5
"""Wrong codes after which a code is spent: with the codes below, 25 guesses at one of 25,600,000,000."""
MOST_CODES = 5
"""Codes that are mailed for one invitation."""


def new_code() -> str:
    """Returns a code, like `BDHK-WQXZ`."""
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def hash_of(code: str, token: str) -> str:
    """Returns what is stored of a code. With the link's token in it, a reader of the database can't try all codes."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(f"{token}:{plain}".encode()).hexdigest()


def renew(invitation: Invitation, *, token: str) -> str:
    """Returns a new code in place of the earlier one. Raises `CodesUsedUp`."""
    code = new_code()
    with acting_for(invitation.business):
        renewed = Invitation.objects.filter(pk=invitation.pk, codes_sent__lt=MOST_CODES).update(
            code_hash=hash_of(code, token), code_tries=0, codes_sent=F("codes_sent") + 1
        )
    if not renewed:
        raise CodesUsedUp
    return code


def check(invitation: Invitation, code: str, *, token: str) -> None:
    """Raise `CodeWrong` unless it is the code. Counts the try first, so that many at once gain nothing."""
    if not code.strip():
        raise CodeWrong
    with transaction.atomic(), acting_for(invitation.business):
        mine = Invitation.objects.filter(pk=invitation.pk)
        if not mine.filter(code_tries__lt=TRIES).update(code_tries=F("code_tries") + 1):
            raise CodeWrong(spent=True)
        tries, stored = mine.values_list("code_tries", "code_hash").get()
        is_right = bool(stored) and hmac.compare_digest(stored, hash_of(code, token))
        if not is_right and tries == TRIES:
            record(invitation.business, AuditKind.INVITATION_SPENT, email=invitation.email)
    if not is_right:
        raise CodeWrong(spent=tries == TRIES)
