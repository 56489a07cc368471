"""Buttons on the page of one object: find the object, act, and show its page again with the result or the refusal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, TypeVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from businesses.models import Permission
from businesses.pages.access import PageRequest, business_page
from whatsapp.errors import WhatsappError

Thing = TypeVar("Thing")
Act = Callable[[PageRequest, Thing], str | HttpResponse]


def button(
    *,
    section: str,
    page: str,
    find: Callable[Concatenate[PageRequest, ...], Thing],
    needs: Permission | None = None,
) -> Callable[[Act[Thing]], Callable[..., HttpResponseBase]]:
    """Turn an act into the view of a button.

    The act returns what it did in words, or a response to show instead (a refused form). A `WhatsappError` means that
    it can't be done: its words are shown, and nothing has changed. `find` takes the values in the address, which are
    also those of `page`; the query of the address goes with them. `needs` is the permission that staff need
    (`business_page`).
    """

    def decorate(act: Act[Thing]) -> Callable[..., HttpResponseBase]:
        @business_page(section=section, needs=needs, action_of=page)
        @wraps(act)
        def view(request: PageRequest, **named: Any) -> HttpResponse:
            found: Thing = find(request, **named)
            try:
                done = act(request, found)
            except WhatsappError as error:
                messages.error(request, str(error))
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
            query = f"?{request.GET.urlencode()}" if request.GET else ""
            return HttpResponseRedirect(reverse(page, kwargs={"slug": request.business.slug, **named}) + query)

        return view

    return decorate
