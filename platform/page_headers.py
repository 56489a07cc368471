"""Response headers for which Django has no setting."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

PERMISSIONS_POLICY = "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)"
"""Of the device's features, our pages may use the microphone only, for trying the assistant."""
_WITH_SECRETS = re.compile(r"/(accounts|invitations|admin)/|/b/[^/]+/(members|settings|senders)/")
"""Pages with second factors, links that let people in, and credentials: no browser keeps a copy of them."""


def page_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Set the Permissions-Policy header of every response, and forbid storing pages with secrets."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if _WITH_SECRETS.match(request.path):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return answer
