"""With which event a call's conversation begins in a media stream."""

from __future__ import annotations

from calls.conversation.events import StreamOpened, StreamResumed
from calls.plan import CallPlan, settings_of
from calls.records.stream_settings import differing


def first_event(plan: CallPlan, levels: tuple[int, ...], *, at: float) -> StreamOpened | StreamResumed:
    """Returns that the stream has opened, or that the call goes on in it after another one broke.

    `levels`: of the cached greeting, as in `StreamOpened`.
    """
    past = plan.past
    if past is None:
        return StreamOpened(at, levels)
    return StreamResumed(
        at,
        levels,
        past.speakers,
        past.words,
        past.first_was_heard,
        past.was_busy,
        results=past.results,
        is_unreached=past.is_unreached,
        settings=differing(settings_of(dict(past.settings)), plan.settings) if past.settings else "",
    )
