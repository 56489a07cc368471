"""Twilio's webhooks of the calls that we make. Each address names a row of the queue and has its secret."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from twilio.twiml.voice_response import VoiceResponse

from calls.outgoing import progress as outgoing
from calls.telephone import after_stream, answering, twilio
from calls.telephone.webhooks import from_twilio, next_twiml


@from_twilio
def answered(request: HttpRequest, row_id: UUID, secret: str) -> VoiceResponse:
    """Whom we have called has answered: connect them to the assistant."""
    told, found = twilio.fields(request), outgoing.find(row_id, secret)
    if found is None:
        return twilio.say({})
    if told.get("AnsweredBy"):
        answering.note_answerer(found, told["AnsweredBy"])
    return next_twiml(answering.take(found, call_sid=told["CallSid"], now=timezone.now()))


@from_twilio
def progress(request: HttpRequest, row_id: UUID, secret: str) -> None:
    """Keep how far a call has come."""
    told, now, found = twilio.fields(request), timezone.now(), outgoing.find(row_id, secret)
    if found is None:
        return
    status, call_sid = told.get("CallStatus", ""), told.get("CallSid", "")
    if found.call is not None and found.call.twilio_call_sid == call_sid:
        found.call.business = found.business
        after_stream.note_call_status(found.call, status, now=now)
    outgoing.note_status(found, status, call_sid=call_sid, now=now)


@from_twilio
def answerer(request: HttpRequest, row_id: UUID, secret: str) -> None:
    """Keep whether a person or a machine has answered."""
    found = outgoing.find(row_id, secret)
    if found is not None:
        answering.note_answerer(found, twilio.fields(request).get("AnsweredBy", ""))
