"""Files of messages at the stand-in for Meta: `GET /MEDIA_ID`, and the file server that it names."""

from __future__ import annotations

from aiohttp import web

from whatsapp.providers.sandbox.graph_answers import refusal, token_of, unseen
from whatsapp.providers.sandbox.shelf import Shelf, Trouble

_OF_IDS = frozenset({Trouble.GONE, Trouble.FORBIDDEN, Trouble.BUSY})


def told(shelf: Shelf, request: web.Request, token: str) -> web.Response:
    """Respond with the address of a file."""
    shelf.note(request)
    media_id = request.match_info["number_id"]
    if token_of(request) != token:
        return refusal(401, 190, "Invalid OAuth access token")
    match shelf.trouble_with(media_id, at=_OF_IDS):
        case Trouble.GONE:
            return unseen(media_id)
        case Trouble.FORBIDDEN:
            return refusal(403, 10, "Application does not have permission for this action")
        case Trouble.BUSY:
            return refusal(429, 80007, "Rate limit issues")
    return web.json_response(shelf.told(media_id, f"http://{request.host}/lookaside/{media_id}?ext=1"))


async def sent(shelf: Shelf, request: web.Request, token: str) -> web.StreamResponse:
    """Respond with a file, to whoever brings the token and says what they are."""
    shelf.note(request)
    if token_of(request) != token or not request.headers.get("User-Agent", "").startswith("Frontdesk"):
        return web.Response(status=401)
    return await shelf.send(request, request.match_info["media_id"])
