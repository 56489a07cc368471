"""The admin site: who may enter it. Whatever a person may not see answers 404."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.account.views import LoginView
from django.contrib import admin
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.sections import by_section
from businesses.models import Role, User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class FencedAdminSite(admin.AdminSite):
    """Answers 404 where Django would answer 403, so that nobody learns which rows exist beyond the fence."""

    site_title = _("Frontdesk")
    site_header = _("Frontdesk")
    index_title = _("Your front desk")
    site_url = None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap a view: it requires sign-in, and a refusal is a 404."""

        @wraps(view)
        def hide_refusals(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                raise Http404 from None

        return super().admin_view(hide_refusals, cacheable)  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show Django's form, but sign in by allauth, which limits attempts and asks for a second factor."""
        if request.method != "POST":
            return super().login(request, extra_context)
        if request.user.is_authenticated and not self.has_permission(request):
            logout(request)  # a person without access may sign in with another account
        form = request.POST.copy()
        form.setdefault("login", form.get("username", ""))
        if not form.get("next"):
            form["next"] = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        request.POST = form  # type: ignore[assignment] # a copy, with allauth's names of the fields
        answer: HttpResponse = LoginView.as_view()(request)
        return answer

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Returns the models grouped by `sections.by_section`."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else by_section(apps, self._registry)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the businesses that the person owns; with a single one, the heading shows its name."""
        memberships = request.user.own_memberships if isinstance(request.user, User) else ()
        owned = [membership.business for membership in memberships if membership.role == Role.OWNER]
        return {**super().each_context(request), "owned": owned}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Leave out "view on site": it finds objects of any model by id, past the fence."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) != "view_on_site"]
