"""Access to a business's pages. Pages of other businesses answer 404, like pages that don't exist.

    @business_page(roles=OWNERS, section="settings")
    def settings(request: PageRequest) -> HttpResponse: ...

The view runs for that one business, in its time zone, with `request.business`, `request.role` and `request.may` set.
`needs=` names a permission that owners give to staff; without it the answer is a page that says why. Views must
render their answer before they return (`render`, not `TemplateResponse`): afterwards no tenant data can be read.

`action_of=` makes the view an action: it takes POST only. A GET of its address, as after a sign-in or from the
browser's history, leads to the page of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from businesses.errors import NotPermitted
from businesses.fence.fenced_admin import MEMBERS, OWNERS, Roles
from businesses.models import Business, Permission, Role, User
from businesses.permissions import REFUSALS, Allowed, demand, permissions_of
from businesses.tenancy import acting_for

__all__ = ["MEMBERS", "OWNERS", "PageRequest", "business_page"]


class PageRequest(HttpRequest):
    """The request that a business page's view gets. `role` is None for operators, who may do everything."""

    user: User
    business: Business
    role: Role | None
    is_owner: bool
    may: Allowed
    section: str
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]


def business_page(
    *, section: str, roles: Roles = MEMBERS, needs: Permission | None = None, action_of: str = ""
) -> Callable[[View], View]:
    """Decorate a view as a page of a business, or as an action of one; `section` is its entry in the navigation."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(asked: HttpRequest, slug: str, **named: Any) -> HttpResponseBase:
            if not isinstance(asked.user, User):
                return _to_sign_in(asked)
            request = cast("PageRequest", asked)
            request.business, request.role = _place_of(asked.user, slug)
            if request.role is not None and request.role not in roles:
                raise Http404
            if action_of and request.method != "POST":
                return _to_page_of_action(request, action_of, {"slug": slug, **named})
            request.is_owner, request.section = request.role in {None, Role.OWNER}, section
            request.may = permissions_of(request.user, request.business)
            with acting_for(request.business), timezone.override(ZoneInfo(request.business.time_zone)):
                try:
                    if needs is not None:
                        demand(request.user, request.business, needs)
                    answer = view(request, **named)
                except NotPermitted as refused:
                    answer = _refusal(request, Permission(refused.permission))
            patch_cache_control(answer, private=True, no_cache=True)
            return answer

        guarded.roles = roles  # type: ignore[attr-defined] # for the sweep of all addresses
        guarded.needs = needs  # type: ignore[attr-defined]
        return guarded

    return decorate


def _refusal(request: PageRequest, permission: Permission) -> HttpResponseBase:
    """Returns the page that says why a member of staff can't do this, and who can change that."""
    return render(request, "pages/not_permitted.html", {"reason": REFUSALS[permission]}, status=403)


def _to_page_of_action(request: HttpRequest, page: str, named: dict[str, Any]) -> HttpResponseBase:
    """Returns a redirect to the page of an action: with the row in the address if the page has one, or without."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["POST"])
    try:
        return HttpResponseRedirect(reverse(page, kwargs=named))
    except NoReverseMatch:
        return HttpResponseRedirect(reverse(page, kwargs={"slug": named["slug"]}))


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Returns a redirect to the sign-in, and from there back to the page that the person was looking at.

    An open page that asks for news by htmx is led there as a whole: 401, and htmx follows `HX-Redirect`.
    """
    if "HX-Request" in request.headers:
        page = _on_this_site(request, request.headers.get("HX-Current-URL", "")) or reverse("start")
        answer = HttpResponseClientRedirect(redirect_to_login(page).url)
        answer.status_code = 401
        return answer
    page = request.get_full_path()
    if request.method == "POST":
        page = _on_this_site(request, request.headers.get("Referer", "")) or page
    return redirect_to_login(page)


def _on_this_site(request: HttpRequest, url: str) -> str | None:
    """Returns the path and query of an address of ours, or None: another site must not decide where we lead to."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    is_ours = parts.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours else None


def _place_of(user: User, slug: str) -> tuple[Business, Role | None]:
    """Returns the business of a slug and the person's role in it. Raises `Http404` for anybody else."""
    for membership in user.own_memberships:
        if membership.business.slug == slug:
            return membership.business, Role(membership.role)
    business = Business.objects.filter(slug=slug).first() if user.is_superuser else None
    if business is None:
        raise Http404
    return business, None
