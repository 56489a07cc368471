"""What calls leave behind: what tools did, tasks, voice messages, calls back, mails, time lines and weeks' figures."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from bench.growth.copying import copies, made_or_found, sample
from bench.growth.fleet import NEW, OTHERS

CALL = "md5('call' || g.n || '-' || i)::uuid"
BEGAN = "now() - i * interval '7 minutes'"
NUMBER = "'+97255' || lpad((i * 7 % g.contacts)::text, 7, '0')"
WEEKS = 60
_OURS = {"business_id": "g.id"}


def _calls(*, each: int) -> str:
    return f"{NEW} g, generate_series(1, g.calls, {each}) i"


def add_what_was_done() -> None:
    """Two uses of tools in each call, and a time line; a tenth was put through, a tenth left a message."""
    from calls.models import Call, CallTimeline, ToolRun, Transfer, Voicemail  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415

    call = Call.objects.get(pk=sample(Call, outcome="completed", business__slug=demo.SLUG))
    of_call = _OURS | {"call_id": CALL}
    run = made_or_found(ToolRun, business=call.business, call=call, tool="search_knowledge", code="found", at=_now())
    runs = f"{_calls(each=1)}, generate_series(1, 2) u"
    copies(ToolRun, run, runs, of_call | {"tool_call_id": "'call_' || u", "at": BEGAN})
    copies(CallTimeline, sample(CallTimeline, due_at=None), _calls(each=1), of_call)
    copies(Transfer, sample(Transfer), _calls(each=10), of_call | {"asked_at": BEGAN, "ended_at": BEGAN})
    left = {"recording_sid": "'REgrowth' || g.n || '-' || i", "offered_at": BEGAN, "settled_at": BEGAN}
    nothing_due = {"task_id": "NULL", "due_at": "NULL", "transcript_due_at": "NULL"}
    message = sample(Voicemail, state="kept", transcript_state="done")
    copies(Voicemail, message, _calls(each=10), of_call | left | nothing_due)


def add_what_is_to_do() -> None:
    """A task of each second call, a tenth of them open; each fifth was called back, each tenth written to."""
    from calls.models import Call, OutgoingCall, OutgoingState, Rescue, RescueResult, Task, TaskState  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415

    task = {
        "id": "md5('task' || g.n || '-' || i)::uuid",
        "call_id": CALL,
        "number": NUMBER,
        "state": "CASE WHEN i % 20 = 1 THEN 'open' ELSE 'done' END",
        "created_at": BEGAN,
        "done_at": f"CASE WHEN i % 20 <> 1 THEN {BEGAN} + interval '1 hour' END",
        "assigned_to_id": "NULL",
    }
    copies(Task, sample(Task, state=TaskState.DONE), _calls(each=2), _OURS | task)
    back = {"call_id": "NULL", "number": NUMBER, "due_at": "NULL", "appointment_id": "NULL", "appointment_at": "NULL"}
    back |= dict.fromkeys(("asked_at", "dialled_at", "ended_at"), BEGAN)
    copies(OutgoingCall, sample(OutgoingCall, state=OutgoingState.TALKED), _calls(each=5), _OURS | back)
    call = Call.objects.get(pk=sample(Call, outcome="abandoned", business__slug=demo.SLUG))
    decided = {"result": RescueResult.NOT_AGREED, "day": _now().date(), "at": _now()}
    rescue = made_or_found(Rescue, business=call.business, call=call, **decided)
    written = {"call_id": CALL, "number": NUMBER, "at": BEGAN, "day": f"({BEGAN})::date"}
    copies(Rescue, rescue, _calls(each=10), _OURS | written)


def add_choices() -> None:
    """The other businesses have switched on what can be: their owners get mails, of each call or once a day."""
    from businesses.models import Membership  # noqa: PLC0415
    from calls.models import (  # noqa: PLC0415
        AfterCalls,
        News,
        NewsChoice,
        NewsState,
        NewsWhen,
        OutgoingChoices,
        VoicemailChoices,
        WeekOfCalls,
    )
    from frontdesk import demo  # noqa: PLC0415

    member = Membership.objects.get(pk=sample(Membership, business__slug=demo.SLUG, role="owner"))
    business, now = member.business, _now()
    after = made_or_found(AfterCalls, business=business, rescue_enabled=True, rescue_template="callback")
    copies(AfterCalls, after, OTHERS, _OURS)
    copies(OutgoingChoices, sample(OutgoingChoices), OTHERS, _OURS)
    copies(VoicemailChoices, sample(VoicemailChoices), OTHERS, _OURS)
    weeks = {"monday": "date_trunc('week', now())::date - w * 7"}
    copies(WeekOfCalls, sample(WeekOfCalls), f"{OTHERS}, generate_series(0, {WEEKS} - 1) w", _OURS | weeks)
    choice = made_or_found(
        NewsChoice, business=business, membership=member, mail=NewsWhen.AT_ONCE, language="en", since=now
    )
    members = f"{OTHERS} JOIN businesses_membership m ON m.business_id = g.id"
    chosen = {
        "membership_id": "m.id",
        "mail": "CASE WHEN g.n % 2 = 0 THEN 'at_once' ELSE 'daily' END",
        "since": "now() - interval '1 year'",
        "next_digest_at": "CASE WHEN g.n % 2 = 1 THEN now() + interval '1 day' END",
    }
    copies(NewsChoice, choice, members, _OURS | chosen)
    told = made_or_found(News, business=business, choice_id=choice, state=NewsState.SENT, created_at=now)
    choices = f"{OTHERS} JOIN calls_newschoice n ON n.business_id = g.id, generate_series(1, g.calls) i"
    copies(News, told, choices, _OURS | {"choice_id": "n.id", "call_id": CALL, "created_at": BEGAN})


def _now() -> datetime:
    return timezone.now()
