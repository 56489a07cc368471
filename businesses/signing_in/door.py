"""The door that pages and admin share: allauth's, with sign-up closed, and with limits and links of our own.

Sign-up is closed: operators create owners, and owners invite members.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from businesses.mail import can_mail
from businesses.signing_in import news
from businesses.signing_in.sessions import was_here

logger = logging.getLogger(__name__)

TOTAL = "login_failed_total"
"""The limit of `ACCOUNT_RATE_LIMITS` for one account from all network addresses together."""


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """allauth's account adapter.

    Wrong passwords are counted by account *and* network address (`login_failed`): whoever guesses at somebody's
    password locks out only himself. A high total by account bounds guesses from many addresses; it does not hold
    where the person was signed in before, so that nobody can be locked out of their own office.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Returns False: accounts are created by invitations."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Returns whether `next` stays on this site. Only paths do; allauth would allow every host we answer to."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Returns the link of a mail, from `PUBLIC_URL`: the request's host is whatever its sender wrote."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.PUBLIC_URL}{path.replace('UID-KEY', quote(key))}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail. If it can't be sent, the page says the same, so that it doesn't tell who has an account."""
        if not can_mail():
            logger.warning("mail %s was not sent: EMAIL_HOST is not set", template_prefix)
            return
        try:
            super().send_mail(template_prefix, email, {**context, "public_url": settings.PUBLIC_URL})
        except OSError as error:  # SMTPException is a subclass
            logger.warning("mail %s could not be sent: %s", template_prefix, type(error).__name__)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt before the password is looked at. Raises `ValidationError` when there were too many.

        Only attempts that the first limit lets through count for the total: one address alone can't use it up.
        """
        super().pre_authenticate(request, **credentials)
        login = _login(credentials)
        usage = ratelimit.consume(request, app="allauth.account", action=TOTAL, key=login)
        if usage:
            self._login_failed_rl_usage.usage += usage.usage  # a right password takes all of them back
        elif not was_here(login, ratelimit.get_ip(request)):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note the wrong password for the owners of the person's businesses."""
        news.sign_in_failed(_login(credentials))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Returns whose attempts are counted together. allauth's own key holds the request's host, which is free."""
        return f"{_login(credentials)} {ratelimit.get_ip(request)}"


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()
