"""Tokens of the API: making them, finding whose one is, taking them back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from businesses import audit
from businesses.audit import AuditKind
from businesses.errors import TooManyTokens
from businesses.models import ApiToken, Business, User
from businesses.tenancy import across_businesses

PREFIX: Final = "fd_"
"""So that people, and programs that look for secrets in the wrong places, know what it is."""
MOST: Final = 20
_HINT: Final = 8
_USED_EVERY: Final = timedelta(minutes=1)
"""How exact the time of the last use is: not every request writes."""


def make(business: Business, *, name: str, may_write: bool, by: User | None, now: datetime) -> tuple[ApiToken, str]:
    """Returns a new token's row, and the token, which can't be read again. Raises `TooManyTokens`."""
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        Business.every.select_for_update(no_key=True).get(pk=business.pk)  # two pages at once can't pass the limit
        if ApiToken.objects.filter(business=business).count() >= MOST:
            raise TooManyTokens(MOST)
        row = ApiToken.objects.create(
            business=business,
            name=name,
            token_hash=_hash(token),
            hint=token[:_HINT],
            may_write=may_write,
            made_by=by,
            made_at=now,
        )
        audit.record(business, AuditKind.API_TOKEN_MADE, name=name, step="writes" if may_write else "reads")
    return row, token


def revoke(row: ApiToken) -> None:
    """Take a token back: from now on nobody gets in with it."""
    with transaction.atomic():
        audit.record(row.business, AuditKind.API_TOKEN_REVOKED, name=row.name)
        row.delete()


def found(token: str, *, now: datetime) -> ApiToken | None:
    """Returns whose token it is, with the business; None for one that nobody made, or that was taken back."""
    if not token.startswith(PREFIX):
        return None
    with across_businesses():  # the token is all that says whose request this is; what follows acts for that business
        row = ApiToken.objects.select_related("business").filter(token_hash=_hash(token)).first()
        if row is not None:
            old = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
            ApiToken.objects.filter(old, pk=row.pk).update(last_used_at=now)
    return row


def _hash(token: str) -> str:
    """Returns what is stored of a token. It is random and long, so that a plain hash can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
