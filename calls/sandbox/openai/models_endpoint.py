"""`GET /v1/models` as OpenAI answers it: which models there are, and when they are shut down."""

from __future__ import annotations

from aiohttp import web

from calls.sandbox.openai.http_bodies import error, has_key
from calls.sandbox.openai.scenario import Scenario


class ModelsEndpoint:
    """Lists the models of a scenario; refuses every request where the scenario says so."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if self._scenario.refuses_key or not has_key(request):
            return error(401, "Incorrect API key provided.", code="invalid_api_key")
        models = [
            {"id": name, "object": "model", "created": 1_750_000_000, "owned_by": "openai", "shutdown_date": day}
            for name, day in self._scenario.models.items()
        ]
        return web.json_response({"object": "list", "data": models})
