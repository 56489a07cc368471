"""`POST /v1/responses` as OpenAI answers it, for one purpose: a call's transcript in, what it was about out.

A paragraph, or, where JSON by a schema is asked for, an object of that form. By plain rules: what the caller said first
and last, the assistant's last words, and `plain_gist.py` for the rest, in the language that is asked for.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from itertools import count
from typing import Any

from aiohttp import web

from calls.sandbox.openai.http_bodies import error, read
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.strict_schemas import problem_of
from calls.sandbox.openai.text_faults import CutText, NoJsonSchema, OtherText, RefuseToWrite, SlowText
from calls.sandbox.receptionist.plain_gist import gist_of, said_by

_SENTENCES = {
    "English": ("The caller said: “{first}”", "Later: “{last}”", "The assistant's last words: “{answer}”"),
    "Hebrew": ("המתקשרים אמרו: ”{first}“", "אחר כך: ”{last}“", "המילים האחרונות של העוזר: ”{answer}“"),
}


class SummaryEndpoint:
    """Answers requests for texts, with the faults of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._ordinals = count()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        wanted = await read(request, "model", "input")
        if isinstance(wanted, web.Response):
            return wanted
        ordinal = next(self._ordinals)
        if slow := self._scenario.striking(SlowText, ordinal):
            await asyncio.sleep(slow.seconds)
        form = (wanted.get("text") or {}).get("format") or {"type": "text"}
        if form["type"] != "text" and (refusal := self._refusal(form, wanted["model"], ordinal)):
            return refusal
        words = summary(wanted["input"], str(wanted.get("instructions", "")))
        text = words if form["type"] == "text" else json.dumps(gist_of(wanted["input"], words), ensure_ascii=False)
        if other := self._scenario.striking(OtherText, ordinal):
            text = other.text
        if self._scenario.striking(RefuseToWrite, ordinal):
            return web.json_response(_response(wanted, {"type": "refusal", "refusal": "I'm sorry, I can't help."}))
        if cut := self._scenario.striking(CutText, ordinal):
            return web.json_response(_response(wanted, _text(text[: len(text) // 2]), ended_early=cut.reason))
        return web.json_response(_response(wanted, _text(text)))

    def _refusal(self, form: dict[str, Any], model: str, ordinal: int) -> web.Response | None:
        """Returns why JSON by this schema is refused; None if it is not."""
        if form["type"] != "json_schema" or self._scenario.striking(NoJsonSchema, ordinal):
            said = f"Invalid parameter: 'text.format' of type '{form['type']}' is not supported with model `{model}`."
            return error(400, said, param="text.format")
        for name in ("name", "schema"):
            if not form.get(name):
                param = f"text.format.{name}"
                return error(400, f"Missing required parameter: '{param}'.", code="missing_required_parameter")
        if form.get("strict") and (problem := problem_of(form["schema"])):
            said = f"Invalid schema for response_format '{form['name']}': {problem}"
            return error(400, said, code="invalid_json_schema", param="text.format.schema")
        return None


def summary(transcript: str, instructions: str = "") -> str:
    """Returns a paragraph about a transcript of lines `Caller: …` and `Assistant: …`."""
    about_caller, about_end, about_answer = _SENTENCES["Hebrew" if "in Hebrew" in instructions else "English"]
    caller, assistant = said_by("Caller", transcript), said_by("Assistant", transcript)
    sentences = []
    if caller:
        sentences.append(about_caller.format(first=caller[0]))
    if len(caller) > 1:
        sentences.append(about_end.format(last=caller[-1]))
    if assistant:
        sentences.append(about_answer.format(answer=assistant[-1]))
    return " ".join(sentences)


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _response(wanted: dict[str, Any], content: dict[str, Any], *, ended_early: str = "") -> dict[str, Any]:
    status = "incomplete" if ended_early else "completed"
    message = {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [content],
    }
    words_in, words_out = len(wanted["input"].split()), len(content.get("text", "").split())
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "model": wanted["model"],
        "instructions": wanted.get("instructions"),
        "max_output_tokens": wanted.get("max_output_tokens"),
        "text": wanted.get("text") or {"format": {"type": "text"}},
        "output": [message],
        "error": None,
        "incomplete_details": {"reason": ended_early} if ended_early else None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": words_in,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": words_out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": words_in + words_out,
        },
    }
