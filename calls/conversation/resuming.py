"""Going on with a call whose media stream broke, perhaps because the process that carried it was killed.

the first utterance   somebody spoke or waited   what the caller hears
was not heard whole   either                     it, whole; then the answer to what they have said
was heard             no                         nothing: nothing was lost
was heard             yes                        that the line was interrupted, and the answer or the rest of it

A caller who was put through and comes back, as nobody took the call, is told that in place of the last line.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.commands import Command, Log, ResponseKind, Speaker
from calls.conversation.events import StreamResumed
from calls.conversation.first_utterance import End
from calls.conversation.settings import ConversationSettings
from calls.conversation.turns import Turns


def resume(turns: Turns, event: StreamResumed, settings: ConversationSettings, emit: Callable[[Command], None]) -> None:
    """Take over what was said before the break, and owe what was lost."""
    opens = not event.first_was_heard and bool(settings.greeting_text or settings.assistant_speaks_first)
    words = [
        "" if opens and speaker == Speaker.ASSISTANT else said
        for speaker, said in zip(event.speakers, event.words, strict=True)
    ]
    turns.dialogue.restore(event.speakers, words)
    turns.tool_runs.restore(event.results)
    turns.turns_spoken = event.speakers.count(Speaker.CALLER)
    why = "as nobody took the call" if event.is_unreached else "after a break"
    emit(Log("[STREAM]", f"goes on {why}; the caller had {turns.turns_spoken} turns"))
    if event.first_was_heard:
        turns.first_utterance.end(End.HEARD)
    else:
        turns.open(event.at, event.greeting_levels)
    if event.is_unreached:
        turns.owe(ResponseKind.UNREACHED, event.at)
    elif opens and turns.turns_spoken:
        turns.owe(ResponseKind.ANSWER, event.at)
    elif event.was_busy and not opens:
        turns.owe(ResponseKind.RESUMPTION, event.at)
