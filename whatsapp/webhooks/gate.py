"""What a webhook passes besides the check of its signature: the form of its header."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def posted_with(header: str, form: str) -> Callable[[View], View]:
    """Answer a POST with 401 unless it has a signature of this form (a regular expression), before anything is read."""
    pattern = re.compile(form)

    def decorate(view: View) -> View:
        @wraps(view)
        def check(request: HttpRequest) -> HttpResponse:
            if request.method == "POST" and not pattern.fullmatch(request.headers.get(header, "")):
                return unsigned()
            return view(request)

        return check

    return decorate


def unsigned() -> HttpResponse:
    """Returns the answer to a webhook that nobody we know has signed."""
    return HttpResponse("The signature is missing or wrong.", status=401, content_type="text/plain")
