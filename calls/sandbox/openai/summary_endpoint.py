"""`POST /v1/responses` as OpenAI answers it, for one purpose: a call's transcript in, a paragraph about it out.

By plain rules: what the caller said first and last, and the assistant's last words, in the language that is asked for.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiohttp import web

from calls.sandbox.openai.http_bodies import read

_SENTENCES = {
    "English": ("The caller said: “{first}”", "Later: “{last}”", "The assistant's last words: “{answer}”"),
    "Hebrew": ("המתקשרים אמרו: ”{first}“", "אחר כך: ”{last}“", "המילים האחרונות של העוזר: ”{answer}“"),
}


async def handle(request: web.Request) -> web.Response:
    """Answer one request."""
    wanted = await read(request, "model", "input")
    if isinstance(wanted, web.Response):
        return wanted
    return web.json_response(_response(wanted, summary(wanted["input"], str(wanted.get("instructions", "")))))


def summary(transcript: str, instructions: str = "") -> str:
    """Returns a paragraph about a transcript of lines `Caller: …` and `Assistant: …`."""
    about_caller, about_end, about_answer = _SENTENCES["Hebrew" if "in Hebrew" in instructions else "English"]
    lines = [line.partition(": ") for line in transcript.splitlines()]
    caller = [words for who, _, words in lines if who == "Caller"]
    assistant = [words for who, _, words in lines if who == "Assistant"]
    sentences = []
    if caller:
        sentences.append(about_caller.format(first=caller[0]))
    if len(caller) > 1:
        sentences.append(about_end.format(last=caller[-1]))
    if assistant:
        sentences.append(about_answer.format(answer=assistant[-1]))
    return " ".join(sentences)


def _response(wanted: dict[str, Any], text: str) -> dict[str, Any]:
    content = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [content],
    }
    words_in, words_out = len(wanted["input"].split()), len(text.split())
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": wanted["model"],
        "instructions": wanted.get("instructions"),
        "output": [message],
        "error": None,
        "incomplete_details": None,
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
