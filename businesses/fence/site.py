"""The admin site: who may come in, and that everything else does not exist."""

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
    """Answers 404 where Django would say 403, so that nobody learns what exists beyond the fence."""

    site_title = _("Frontdesk")
    site_header = _("Frontdesk")
    index_title = _("Your front desk")
    site_url = None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap a view: sign-in first, and a refusal reads like a page that was never there."""

        @wraps(view)
        def hide_refusals(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                raise Http404 from None

        return super().admin_view(hide_refusals, cacheable)  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show Django's form, but sign in as everywhere: wrong passwords are counted, and a second factor is asked."""
        if request.method != "POST":
            return super().login(request, extra_context)
        if request.user.is_authenticated and not self.has_permission(request):
            logout(request)  # somebody without access signs in as somebody else
        form = request.POST.copy()
        form.setdefault("login", form.get("username", ""))
        if not form.get("next"):
            form["next"] = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        request.POST = form  # type: ignore[assignment] # a copy, with allauth's names of the fields
        answer: HttpResponse = LoginView.as_view()(request)
        return answer

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Group what there is as owners think of it."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else by_section(apps, self._registry)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the businesses that the person owns: the heading names the only one."""
        memberships = request.user.own_memberships if isinstance(request.user, User) else ()
        owned = [membership.business for membership in memberships if membership.role == Role.OWNER]
        return {**super().each_context(request), "owned": owned}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Leave out "view on site": it finds objects of any model by id, past every fence."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) != "view_on_site"]
