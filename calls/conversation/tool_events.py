"""What a conversation is told about the functions that the model may call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The model asks for a function. `arguments`: JSON, as the model wrote it.

    `is_complete`: OpenAI says that the request was written to its end.
    """

    at: float
    response_id: str
    tool_call_id: str
    name: str
    arguments: str = ""
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A function that was begun (`RunTool`) has come to its end. `output`: JSON, for the model.

    `has_failed`: nothing was done, or nobody knows. `must_be_told`: the caller is told what came of it even if they
    have gone on to something else meanwhile; not so for a look-up, whose question is then out of date.
    """

    at: float
    tool_call_id: str
    output: str
    has_failed: bool = False
    must_be_told: bool = True
