"""What is looked for in the tables of calls."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from businesses.mail import can_mail
from businesses.polls import table
from businesses.polls.table import Pace
from calls.followups import news, rescue, whatsapp_choices, whatsapp_news
from calls.greetings import recordings
from calls.models import Call
from calls.outgoing import placing, progress, reminding
from calls.records import finishing, summaries, timelines, tunings, voicemail_words, weeks
from calls.telephone import dictation_fetching, transferring, voicemail_fetching


def register() -> None:
    """Register every question."""
    table.register("calls.tasks.render_due_greetings", Pace.OFTEN, recordings.due_rows)
    table.register("calls.tasks.fetch_dictations", Pace.OFTEN, dictation_fetching.due_rows)
    table.register("calls.tasks.summarize_due_calls", Pace.OFTEN, summaries.due_rows)
    table.register("calls.tasks.make_due_timelines", Pace.OFTEN, timelines.due_rows)
    table.register("calls.tasks.rescue_missed_calls", Pace.OFTEN, rescue.due_rows)
    table.register("calls.tasks.place_outgoing_calls", Pace.OFTEN, placing.due_rows, progress.forgotten)
    table.register("calls.tasks.call_unreached", Pace.SELDOM, lambda _now: reminding.wanting())
    voicemails = voicemail_fetching.due_rows, voicemail_words.due_rows
    table.register("calls.tasks.fetch_voicemails", Pace.OFTEN, *voicemails)
    table.register("calls.tasks.measure_ended_calls", Pace.OFTEN, weeks.due_rows)
    told = news.just_ended, news.digests_due, news.weeks_to_tell_of
    table.register("calls.tasks.send_news", Pace.OFTEN, *told, when=can_mail)
    table.register("calls.tasks.send_news", Pace.SELDOM, news.calls_to_tell_of, when=can_mail)
    table.register("calls.tasks.send_news", Pace.OFTEN, news.due_rows)
    members = whatsapp_choices.waiting_for_code, whatsapp_news.days_due, whatsapp_news.just_ended
    table.register("calls.tasks.send_whatsapp_news", Pace.OFTEN, *members, whatsapp_news.to_look_at)
    table.register("calls.tasks.send_whatsapp_news", Pace.SELDOM, whatsapp_news.calls_to_tell_of)
    table.register("calls.tasks.try_tunings", Pace.OFTEN, tunings.claimable)
    table.register("calls.tasks.end_dead_calls", Pace.CALMLY, _dead_calls, transferring.forgotten)


def _dead_calls(now: datetime) -> QuerySet[Call]:
    return Call.objects.filter(finishing.dead_calls(now=now))
