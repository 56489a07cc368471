"""Django's handler of HTTP requests, which also refuses what can't be made a request of: Django fails on some of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)


class HttpHandler(ASGIHandler):
    """Answers 400 to requests that are wrong before any view, and its middleware, can see them."""

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """Returns the request, or the refusal of it.

        The query is read here: more than a thousand fields fail wherever they are read first, and with `DEBUG` again
        in Django's page about that failure.
        """
        try:
            made = super().create_request(scope, body_file)
            if made[0] is not None:
                made[0].GET.keys()
            return made
        except (SuspiciousOperation, ValueError) as error:
            logger.warning("Bad request: %s", type(error).__name__)
            return None, HttpResponseBadRequest()
