"""Calls by the API: only to be read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router
from ninja.params.functions import Query

from calls.models import Call, Turn
from calls.records.telling import summary_of
from frontdesk.api.entry import token_of
from frontdesk.api.paging import MOST, USUAL, page
from frontdesk.api.shapes import CallOut, CallWithTurns, Page, Problem

router = Router()


@router.get("", response={200: Page[CallOut], 400: Problem}, operation_id="listCalls", by_alias=True)
def list_calls(request: HttpRequest, cursor: str | None = None, limit: int = Query(USUAL, ge=1, le=MOST)) -> Any:
    """List calls, newest first."""
    rows = Call.objects.filter(business=token_of(request).business)
    found, following = page(rows, cursor, limit, by="started_at")
    return {"items": [_shown(call) for call in found], "next": following}


@router.get("/{uuid:call_id}", response={200: CallWithTurns, 404: Problem}, operation_id="getCall")
def get_call(request: HttpRequest, call_id: UUID) -> Any:
    """Get one call with what was said."""
    call = get_object_or_404(Call, business=token_of(request).business, pk=call_id)
    turns = [
        {
            "speaker": turn.speaker,
            "text": turn.text,
            "heard": turn.heard_text if turn.speaker == "assistant" and turn.heard_text != turn.text else None,
            "started_ms": turn.started_ms,
        }
        for turn in Turn.objects.filter(call=call).order_by("position")
    ]
    return {**_shown(call), "turns": turns}


def _shown(call: Call) -> dict[str, Any]:
    return {**summary_of(call), "status": call.status}
