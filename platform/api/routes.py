"""The API's addresses, below /api/v1/, and what it answers to errors. Loaded with the first request (`entry.py`)."""

from __future__ import annotations

import functools
import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer

from businesses.errors import NotPermitted
from frontdesk.api import appointments, broadcasts, calls, contacts
from frontdesk.api.problems import Refused, problem
from whatsapp.errors import IllegalChange, NotSendable, ReasonedError, WhatsappError


class AccessToken(HttpBearer):
    """An access token that an owner made on the page "Your systems". `entry.py` has checked it: this is for readers."""

    def __call__(self, request: HttpRequest) -> Any:
        """Returns the token that let the request in."""
        return getattr(request, "token", None)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Returns nothing: never asked."""


api = NinjaAPI(
    title="Frontdesk",
    version="1",
    description="Contacts, calls, appointments and broadcasts of one business. See docs/api.md.",
    auth=AccessToken(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api-v1",
)
api.add_router("/contacts", contacts.router, tags=["contacts"])
api.add_router("/calls", calls.router, tags=["calls"])
api.add_router("", appointments.router, tags=["appointments"])
api.add_router("/broadcasts", broadcasts.router, tags=["broadcasts"])


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    wrong = [{"where": list(each["loc"]), "what": each["msg"]} for each in error.errors]
    return problem(422, "Some fields are not right; errors says which.", errors=wrong)


@api.exception_handler(HttpError)
def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(Refused)
def _refused(_request: HttpRequest, error: Refused) -> HttpResponse:
    return problem(error.status, error.detail, **error.more)


@api.exception_handler(Http404)
def _missing(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return problem(404, "There is nothing of this id.")


@api.exception_handler(NotPermitted)
def _not_permitted(_request: HttpRequest, _error: NotPermitted) -> HttpResponse:
    return problem(403, "An access token may not do this.")


@api.exception_handler(ReasonedError)
@api.exception_handler(WhatsappError)
def _not_possible(_request: HttpRequest, error: Exception) -> HttpResponse:
    more = {"problems": error.problems} if isinstance(error, NotSendable) else {}
    return problem(409 if isinstance(error, IllegalChange) else 422, str(error), **more)


@functools.cache
def description() -> str:
    """Returns openapi.json."""
    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"))


urlpatterns = [path("", api.urls)]
