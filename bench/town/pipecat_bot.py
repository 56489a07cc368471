"""pipecat as its own examples have it: Twilio's serializer, OpenAI Realtime, and OpenAI's detection of turns.

    var/pipecat/bin/python bench/town/pipecat_bot.py PORT ws://127.0.0.1:9000/v1/realtime

It runs in a virtual environment of its own, so nothing of Frontdesk is imported here. The audio is decoded and brought
to OpenAI's other format, so the name of the model says which call a session is for.
"""

from __future__ import annotations

import json
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport

PORT, OPENAI = int(sys.argv[1]), sys.argv[2]
application = FastAPI()


@application.websocket("/calls/twilio/media/")
async def media(websocket: WebSocket) -> None:
    """One call."""
    await websocket.accept()
    await websocket.receive_text()
    start = json.loads(await websocket.receive_text())["start"]
    serializer = TwilioFrameSerializer(
        stream_sid=start["streamSid"],
        call_sid=start["callSid"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    params = FastAPIWebsocketParams(
        audio_in_enabled=True, audio_out_enabled=True, add_wav_header=False, serializer=serializer
    )
    transport = FastAPIWebsocketTransport(websocket=websocket, params=params)
    turns = events.TurnDetection(type="server_vad", silence_duration_ms=500)
    properties = events.SessionProperties(
        instructions="You answer the telephone.",
        audio=events.AudioConfiguration(input=events.AudioInput(turn_detection=turns)),
    )
    settings = OpenAIRealtimeLLMService.Settings(
        model=f"call-{start['customParameters']['call']}", session_properties=properties
    )
    model = OpenAIRealtimeLLMService(api_key="not-a-key", base_url=OPENAI, settings=settings)
    context = LLMContextAggregatorPair(LLMContext(), realtime_service_mode=True)
    steps = [transport.input(), context.user(), model, transport.output(), context.assistant()]
    rates = PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000)
    task = PipelineTask(Pipeline(steps), params=rates)

    @transport.event_handler("on_client_disconnected")
    async def left(_transport: object, _client: object) -> None:
        await task.cancel()

    await PipelineRunner(handle_sigint=False, force_gc=False).run(task)


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    uvicorn.run(application, host="127.0.0.1", port=PORT, log_level="warning", ws="websockets")
