"""Bodies of OpenAI's HTTP endpoints: reads requests, and refuses invalid ones with OpenAI's errors."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

_REFUSALS = {
    401: ("Incorrect API key provided.", "invalid_api_key"),
    429: ("Rate limit reached for requests.", "rate_limit_exceeded"),
}


def error(status: int, message: str, *, code: str | None = None, param: str | None = None) -> web.Response:
    """Returns an error as OpenAI's HTTP endpoints shape it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return web.json_response({"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status)


def refused(status: int) -> web.Response:
    """Returns the error with which OpenAI refuses a request by this status, whatever the request says."""
    message, code = _REFUSALS.get(status, ("The server had an error.", "server_error"))
    return error(status, message, code=code)


def has_key(request: web.Request) -> bool:
    """Returns whether a request has an API key; any key is accepted."""
    return bool(request.headers.get("Authorization", "").removeprefix("Bearer").strip())


async def read(request: web.Request, *required: str) -> dict[str, Any] | web.Response:
    """Returns a request's JSON object, or an error response if a required text is missing."""
    if not has_key(request):
        return error(401, "You didn't provide an API key.")
    try:
        wanted = json.loads(await request.read())
    except ValueError:
        return error(400, "We could not parse the JSON body of your request.")
    if not isinstance(wanted, dict):
        return error(400, "The body must be a JSON object.")
    for name in required:
        if not isinstance(wanted.get(name), str) or not wanted[name].strip():
            return error(400, f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name)
    return wanted
