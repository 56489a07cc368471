"""Sign-up is closed: operators create owners, and owners invite members."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """allauth's account adapter, with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Returns False: accounts are created by invitations."""
        return False
