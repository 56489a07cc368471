"""A button on the page of one thing: find the thing, act, and show its page again with what was done or why not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, TypeVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST

from businesses.pages.access import PageRequest, business_page
from whatsapp.errors import WhatsappError

Thing = TypeVar("Thing")
Act = Callable[[PageRequest, Thing], str | HttpResponse]


def button(
    *, section: str, page: str, find: Callable[Concatenate[PageRequest, ...], Thing]
) -> Callable[[Act[Thing]], Callable[..., HttpResponseBase]]:
    """Make the view of a button of an act.

    The act says in words what it did, or gives another answer than the page (a form that was refused). What can't be
    done is a `WhatsappError`: its words are shown, and nothing has changed. `find` takes the values in the address,
    which are those of `page`, too.
    """

    def decorate(act: Act[Thing]) -> Callable[..., HttpResponseBase]:
        @require_POST
        @business_page(section=section)
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
            return HttpResponseRedirect(reverse(page, kwargs={"slug": request.business.slug, **named}))

        return view

    return decorate
