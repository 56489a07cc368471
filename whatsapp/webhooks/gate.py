"""What a webhook passes besides the check of its signature: the form of its header, and one at a time if large."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse

LARGE: Final = 256_000
"""Bytes: more than some 500 updates."""

View = Callable[[HttpRequest], HttpResponse]
_one_at_a_time = threading.Lock()


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


@contextmanager
def large(body: bytes) -> Iterator[None]:
    """Split and store large bodies one after the other: each takes the interpreter that the calls share for a while."""
    if len(body) <= LARGE:
        yield
        return
    with _one_at_a_time:
        yield
