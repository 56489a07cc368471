"""Answers in the words of Meta's Graph API."""

from __future__ import annotations

from typing import Any

from aiohttp import web


def refusal(status: int, code: int, text: str, *, subcode: int = 0, **more: Any) -> web.Response:
    """Returns an error. `more`: what else Meta writes into it, like `error_user_msg`."""
    error = {"message": f"(#{code}) {text}", "type": "OAuthException", "code": code, "fbtrace_id": "A0", **more}
    return web.json_response({"error": error | ({"error_subcode": subcode} if subcode else {})}, status=status)


def unseen(object_id: str) -> web.Response:
    """What Meta says about an object that the token may not see."""
    text = f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing"
    error = {"message": f"{text} permissions", "type": "GraphMethodException", "code": 100, "error_subcode": 33}
    return web.json_response({"error": error}, status=400)


def token_of(request: web.Request) -> str:
    """Returns the request's access token."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
