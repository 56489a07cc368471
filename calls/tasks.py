"""Background work of calls. Each task is a doorbell: it looks into the database for what there is to do."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from businesses.models import Business
from calls import model_checks
from calls.followups import news, rescue, whatsapp_choices, whatsapp_news
from calls.greetings import dictations, recordings
from calls.outgoing import placing, reminding
from calls.outgoing import progress as outgoing_progress
from calls.records import finishing, recording, summaries, timelines, tunings, voicemail_sound, voicemail_words, weeks
from calls.synthetic import runs
from calls.telephone import dialling_out, dictation_fetching, transferring, voicemail_fetching

logger = logging.getLogger(__name__)

TUNING_WORKERS = 4
"""Tasks that try settings on recorded calls at a time, where there are so many workers."""


@shared_task
def render_greeting(greeting_id: str) -> None:
    """Render one greeting, unless it is done."""
    recordings.render(UUID(greeting_id), now=timezone.now())


@shared_task
def render_due_greetings() -> None:
    """Render every greeting that waits: saved while no worker was reachable, or failed and due again."""
    for greeting_id in recordings.due(now=timezone.now()):
        recordings.render(greeting_id, now=timezone.now())


@shared_task
def remove_old_greetings() -> None:
    """Remove recordings that no business uses any more, and what is left of recording by telephone."""
    recordings.remove_old(now=timezone.now())
    dictations.remove_old(now=timezone.now())


@shared_task
def fetch_dictations() -> None:
    """Fetch what members have recorded by telephone, and have it listened to once they keep it."""
    for dictation_id in dictation_fetching.due(now=timezone.now()):
        dictation_fetching.work(dictation_id, now=timezone.now())


@shared_task
def remove_old_recordings() -> None:
    """Remove the recordings of deleted businesses, and take up those that no row knows of.

    `businesses.tasks.keep_days` then removes those that are too old.
    """
    recording.remove_folders_of_deleted()
    recording.take_up_forgotten(now=timezone.now())
    voicemail_sound.remove_forgotten(now=timezone.now())


@shared_task
def summarize_due_calls() -> None:
    """Write the summaries of calls that have ended."""
    for call_id in summaries.due(now=timezone.now()):
        summaries.summarize(call_id, now=timezone.now())


@shared_task
def make_due_timelines() -> None:
    """Make the time lines of calls that have ended."""
    rest = timelines.resting()
    for call_id in timelines.due(now=timezone.now()):
        timelines.make(call_id, now=timezone.now(), rest=rest)


@shared_task
def rescue_missed_calls() -> None:
    """Write to callers whom nobody served, for businesses that want it."""
    for call_id in rescue.due(now=timezone.now()):
        rescue.rescue(call_id, now=timezone.now())


@shared_task
def place_outgoing_calls() -> None:
    """Make the outgoing calls that are due, and settle those of which nothing was heard."""
    outgoing_progress.look_at_forgotten(now=timezone.now())
    for waiting in placing.due(now=timezone.now()):
        dialling_out.place(waiting, clock=timezone.now)


@shared_task
def call_unreached() -> None:
    """Ask for calls to people whom WhatsApp did not remind of their appointment, for businesses that want it."""
    if reminding.ask_for_due(now=timezone.now()):
        ring_for_outgoing_calls()


@shared_task
def fetch_voicemails() -> None:
    """Fetch the voice messages that callers left, have them written down, and tell the businesses."""
    for voicemail_id in voicemail_fetching.due(now=timezone.now()):
        voicemail_fetching.work(voicemail_id, clock=timezone.now)
    for voicemail_id in voicemail_words.due(now=timezone.now()):
        voicemail_words.work(voicemail_id, now=timezone.now())


@shared_task
def measure_ended_calls() -> None:
    """Count calls that have ended into the figures of their weeks."""
    for call_id in weeks.due(now=timezone.now()):
        weeks.count(call_id)


@shared_task
def send_news() -> None:
    """Mail members about calls, as they have chosen."""
    news.write_due(now=timezone.now())
    for news_id in news.due(now=timezone.now()):
        news.send(news_id, now=timezone.now())


@shared_task
def send_whatsapp_news() -> None:
    """Tell members of calls by WhatsApp, as they have chosen; note which numbers were proved, and what arrived."""
    for choice_id in whatsapp_choices.to_prove(now=timezone.now()):
        whatsapp_choices.prove(choice_id, now=timezone.now())
    for each in whatsapp_news.due(now=timezone.now()):
        whatsapp_news.tell(each, now=timezone.now())
    whatsapp_news.look(now=timezone.now())


@shared_task
def try_tunings() -> None:
    """Try other settings on some recorded calls, and ask for the next turn if more of them wait."""
    if tunings.work(now=timezone.now()) and tunings.waiting(now=timezone.now()):
        ring_for_tunings(workers=1)


@shared_task
def end_dead_calls() -> None:
    """End the calls whose process died."""
    now = timezone.now()
    finishing.end_dead_calls(now=now)
    transferring.close_forgotten(now=now)


@shared_task
def check_models() -> None:
    """Ask OpenAI whether the models that this installation uses are there, and for how long."""
    model_checks.check(now=timezone.now())


@shared_task
def place_synthetic_call() -> None:
    """Call this installation as Twilio would, if the setting says that it is time."""
    if settings.SYNTHETIC_CALL_MINUTES:
        runs.run(clock=timezone.now, every=timedelta(minutes=settings.SYNTHETIC_CALL_MINUTES))


def on_call_settings_changed(*, business: Business, **_: object) -> None:
    """Have the greetings rendered, also that of closed hours, when their words, voice or language are new."""
    for each in recordings.versions(business):
        for row in recordings.request_all(each, now=timezone.now()):
            if not row.rendered_at:
                ring_for(row.pk)


def ring_for_tunings(*, workers: int = TUNING_WORKERS) -> None:
    """Wake workers that try settings. Without a reachable broker the sweep does a few seconds later."""
    try:
        for _worker in range(workers):
            try_tunings.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken to try settings, the sweep will: %s", error)


def ring_for(greeting_id: UUID) -> None:
    """Wake a worker. Without a reachable broker the sweep finds the row a few seconds later."""
    try:
        render_greeting.apply_async(args=(str(greeting_id),), retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken for a greeting, the sweep will find it: %s", error)


def ring_for_outgoing_calls() -> None:
    """Wake a worker. Without a reachable broker the sweep finds the row a few seconds later."""
    try:
        place_outgoing_calls.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken for an outgoing call, the sweep will find it: %s", error)
