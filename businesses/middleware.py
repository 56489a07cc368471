"""Sets whose data a web request may see, who acts for the audit log, and the time zone; says that a disk is full."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from businesses.audit import acting_person
from businesses.media_folder import NotStored
from businesses.models import User
from businesses.tenancy import across_businesses, acting_for


class ActingBusinessMiddleware:
    """Let a signed-in person act for the businesses they belong to, and an operator for all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request within `acting_for` the person's businesses."""
        user = request.user if isinstance(request.user, User) else None
        with acting_person(user, request):
            return self._handle(request, user)

    def _handle(self, request: HttpRequest, user: User | None) -> HttpResponse:
        if user is None:
            return self.get_response(request)
        if user.is_superuser:
            with across_businesses():  # operators run the installation and may see every business
                return self.get_response(request)
        businesses = [membership.business for membership in user.own_memberships]
        zones = {business.time_zone for business in businesses}
        zone = ZoneInfo(zones.pop()) if len(zones) == 1 else None  # with several time zones, none fits all rows
        with acting_for(*businesses), timezone.override(zone):
            return self.get_response(request)


class NotStoredMiddleware:
    """Tell somebody whose file could not be written so, instead of an error of ours with a traceback in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 507 when a file could not be written."""
        return HttpResponse(render_to_string("507.html"), status=507) if isinstance(exception, NotStored) else None
