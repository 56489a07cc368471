"""Whose data a web request may see."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from businesses.models import User
from businesses.tenancy import across_businesses, acting_for


class ActingBusinessMiddleware:
    """Let a signed-in person act for the businesses they belong to, and an operator for all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with its person's businesses as the businesses of the moment."""
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        if user.is_superuser:
            with across_businesses():  # operators run the installation and see every business
                return self.get_response(request)
        with acting_for(*(membership.business for membership in user.own_memberships)):
            return self.get_response(request)
