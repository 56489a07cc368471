"""Requests as Daphne hands them over, answered by Django without a thread for each, so that transactions are shared."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import unquote

from asgiref.sync import async_to_sync
from django.core.handlers.base import BaseHandler
from django.http import HttpResponseBase, StreamingHttpResponse

from frontdesk.http_handler import HttpHandler
from testing.fuzz.requests import Request

SERVER, CLIENT = ("127.0.0.1", 8000), ("127.0.0.1", 50_000)


class Handler(HttpHandler):
    """The handler without its event loop. Forms need no token of ours: their values are what is tried."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)

    def answer(self, request: Request, cookie: str) -> HttpResponseBase:
        """Returns the answer. An exception of a view is raised here, if `DEBUG_PROPAGATE_EXCEPTIONS` says so."""
        path, _mark, query = request.target.partition("?")
        headers = {"host": "127.0.0.1", "cookie": cookie} | {name.lower(): value for name, value in request.headers}
        if request.body:
            headers["content-length"] = str(len(request.body))
        scope = {
            "type": "http",
            "method": request.method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in headers.items()],
            "server": SERVER,
            "client": CLIENT,
            "scheme": "http",
        }
        made, refusal = self.create_request(scope, BytesIO(request.body))
        if made is None:
            assert refusal is not None
            return refusal
        made._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        answer: HttpResponseBase = self.get_response(made)
        if isinstance(answer, StreamingHttpResponse):
            _read(answer)
        made.close()
        return answer


def _read(answer: StreamingHttpResponse) -> None:
    """Read an answer to its end, whichever way it is written."""

    async def read() -> None:
        async for _piece in answer:
            pass

    if answer.is_async:
        async_to_sync(read)()
    else:
        list(answer)
