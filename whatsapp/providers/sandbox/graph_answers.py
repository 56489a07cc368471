"""Answers in the shape of Meta's Graph API."""

from __future__ import annotations

from aiohttp import web


def accepted(contact: dict[str, str], message_id: str, *, held: bool = False) -> web.Response:
    """Returns the answer to a message that was taken."""
    status = "held_for_quality_assessment" if held else "accepted"
    return web.json_response(
        {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message_id, "message_status": status}],
        }
    )


def error(status: int, code: int, text: str) -> web.Response:
    """Returns a refusal."""
    told = {"message": f"(#{code}) {text}", "type": "OAuthException", "code": code, "fbtrace_id": "A0"}
    return web.json_response({"error": told}, status=status)


def token_of(request: web.Request) -> str:
    """Returns the token that a request brings; "" for none."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def unseen(object_id: str) -> web.Response:
    """What Meta says about an object that the token may not see."""
    text = f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing"
    told = {"message": f"{text} permissions", "type": "GraphMethodException", "code": 100, "error_subcode": 33}
    return web.json_response({"error": told}, status=400)
