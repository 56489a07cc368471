"""Second factors: who must have one, and how their secrets are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from businesses import credentials
from businesses.models import Business, Role, SecondFactor, User

OPEN_WITHOUT = {"mfa_activate_totp", "account_reauthenticate", "account_logout", "set_language"}
"""Names of the addresses that somebody reaches who must set up a second factor first."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """allauth's adapter of second factors. Secrets are encrypted like the credentials of businesses."""

    def encrypt(self, text: str) -> str:
        """Returns a secret as it is stored."""
        return credentials.encrypt_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Returns a stored secret; those of earlier releases are still in the clear until they are rotated."""
        return credentials.decrypt_text(encrypted_text) if credentials.is_encrypted(encrypted_text) else encrypted_text

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Returns False where the person must have one."""
        return not must_have(authenticator.user)


def must_have(user: User) -> bool:
    """Returns whether a business or the operator requires a second factor of this person."""
    if user.is_superuser and settings.REQUIRE_SECOND_FACTOR:
        return True
    return any(_demands(each.business, Role(each.role)) for each in user.own_memberships)


def is_due(user: User) -> bool:
    """Returns whether the person must set up a second factor before anything else."""
    return must_have(user) and not get_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP])


def _demands(business: Business, role: Role) -> bool:
    demanded = SecondFactor(business.second_factor)
    return demanded is SecondFactor.EVERYBODY or (demanded is SecondFactor.OWNERS and role is Role.OWNER)


class SecondFactorMiddleware:
    """Lead people who must have a second factor to setting it up, whatever they ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; `process_view` decides when it is known which page is asked for."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, named: Any
    ) -> HttpResponseBase | None:
        """Returns a redirect instead of the page, or None if it may be shown."""
        if not isinstance(request.user, User) or not is_due(request.user):
            return None
        if request.resolver_match is not None and request.resolver_match.view_name in OPEN_WITHOUT:
            request.second_factor_is_due = True  # type: ignore[attr-defined] # the page says why it is shown
            return None
        setting_up = reverse("mfa_activate_totp")
        return HttpResponseClientRedirect(setting_up) if request.headers.get("HX-Request") else redirect(setting_up)
