"""The database's part of opening a media stream, in few threads of its own: requests and streams don't wait in line."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from asgiref.sync import sync_to_async

from calls.conversation.end_reasons import EndReason
from calls.line import admission
from calls.plan import CallPlan
from calls.records.endings import Ending
from calls.short_waits import own_connection, waits_for_locks_at_most
from calls.telephone import from_memory

_threads = ThreadPoolExecutor(3, thread_name_prefix="opening")


@sync_to_async(thread_sensitive=False, executor=_threads)
def read_plan(token: str, call_sid: str, stream_sid: str) -> CallPlan:
    """Claim a call's stream; its plan. Raises `StreamRefused`, and `DatabaseError` soon: the caller hears nothing."""
    opened_ns = time.time_ns()
    with own_connection(), waits_for_locks_at_most():
        plan = admission.open_stream(token=token, call_sid=call_sid, stream_sid=stream_sid, now=datetime.now(UTC))
    return replace(plan, opened_ns=opened_ns)


@sync_to_async(thread_sensitive=False, executor=_threads)
def end_without_room(plan: CallPlan) -> None:
    """End a call that found this process full."""
    with own_connection():
        admission.end_without_room(plan, now=datetime.now(UTC))


@sync_to_async(thread_sensitive=False, executor=_threads)
def end_before_it_began(plan: CallPlan, *, has_left: bool) -> EndReason:
    """End a call whose stream closed meanwhile. Returns why."""
    with own_connection():
        return admission.end_before_it_began(plan, has_left=has_left, now=datetime.now(UTC))


async def keep_next_step(call_sid: str, ending: Ending) -> None:
    """Remember what comes after a call whose end is not in the database: Twilio asks for it now."""
    await asyncio.to_thread(from_memory.keep_next_step, call_sid, ending.next_step)
