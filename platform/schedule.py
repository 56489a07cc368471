"""When Celery beat runs each periodic task. In a checkout without a broker the embedded worker reads it, too."""

from celery.schedules import crontab

BEAT = "heartbeat"

CELERY_BEAT_SCHEDULE = {
    BEAT: {
        "task": "businesses.tasks.heartbeat",
        "schedule": 10.0,
        "kwargs": {"by_beat": True},
        "options": {"expires": 30.0},
    },
    "clear-sessions": {"task": "businesses.tasks.clear_sessions", "schedule": crontab(hour="3", minute="30")},
    "encrypt-second-factors": {"task": "businesses.tasks.encrypt_second_factors", "schedule": crontab(minute="40")},
    "keep-days": {"task": "businesses.tasks.keep_days", "schedule": crontab(hour="4", minute="40")},
    "erasures": {"task": "businesses.tasks.erase_waiting", "schedule": 60.0, "options": {"expires": 60.0}},
    "webhooks": {"task": "businesses.tasks.send_webhooks", "schedule": 5.0, "options": {"expires": 5.0}},
    "reminders": {"task": "businesses.tasks.send_reminders", "schedule": 20.0, "options": {"expires": 20.0}},
    "calendars": {"task": "businesses.tasks.fetch_calendars", "schedule": 30.0, "options": {"expires": 30.0}},
    "calendar-mails": {"task": "businesses.tasks.mail_calendars", "schedule": 10.0, "options": {"expires": 10.0}},
    # Seconds. Changes usually wake a worker sooner; this finds work for which no wake-up arrived.
    "send-broadcasts": {"task": "whatsapp.tasks.drive", "schedule": 5.0, "options": {"expires": 5.0}},
    "occurrences": {"task": "whatsapp.tasks.make_occurrences", "schedule": 20.0, "options": {"expires": 20.0}},
    "apply-webhooks": {"task": "whatsapp.tasks.apply_webhooks", "schedule": 5.0, "options": {"expires": 5.0}},
    # `expires`: wake-ups that piled up while no worker ran must not run by the hundred.
    "greetings": {"task": "calls.tasks.render_due_greetings", "schedule": 3.0, "options": {"expires": 3.0}},
    "dictations": {"task": "calls.tasks.fetch_dictations", "schedule": 3.0, "options": {"expires": 3.0}},
    "dead-calls": {"task": "calls.tasks.end_dead_calls", "schedule": 20.0, "options": {"expires": 20.0}},
    "imports": {"task": "whatsapp.tasks.ring_for_imports", "schedule": 5.0, "options": {"expires": 5.0}},
    "media": {"task": "whatsapp.tasks.fetch_media", "schedule": 5.0, "options": {"expires": 5.0}},
    "templates": {"task": "whatsapp.tasks.refresh_templates", "schedule": 60.0, "options": {"expires": 60.0}},
    "old-uploads": {"task": "whatsapp.tasks.remove_old_uploads", "schedule": crontab(hour="4", minute="20")},
    "summaries": {"task": "calls.tasks.summarize_due_calls", "schedule": 5.0, "options": {"expires": 5.0}},
    "timelines": {"task": "calls.tasks.make_due_timelines", "schedule": 5.0, "options": {"expires": 5.0}},
    "news": {"task": "calls.tasks.send_news", "schedule": 10.0, "options": {"expires": 10.0}},
    "missed-calls": {"task": "calls.tasks.rescue_missed_calls", "schedule": 5.0, "options": {"expires": 5.0}},
    "outgoing-calls": {"task": "calls.tasks.place_outgoing_calls", "schedule": 5.0, "options": {"expires": 5.0}},
    "unreached": {"task": "calls.tasks.call_unreached", "schedule": 60.0, "options": {"expires": 60.0}},
    "voicemails": {"task": "calls.tasks.fetch_voicemails", "schedule": 5.0, "options": {"expires": 5.0}},
    "tunings": {"task": "calls.tasks.try_tunings", "schedule": 5.0, "options": {"expires": 5.0}},
    "weeks": {"task": "calls.tasks.measure_ended_calls", "schedule": 10.0, "options": {"expires": 10.0}},
    "old-greetings": {"task": "calls.tasks.remove_old_greetings", "schedule": crontab(hour="4", minute="10")},
    "check-models": {
        "task": "calls.tasks.check_models",
        "schedule": crontab(minute="25"),
        "options": {"expires": 600.0},
    },
    "old-recordings": {"task": "calls.tasks.remove_old_recordings", "schedule": crontab(hour="4", minute="20")},
}

SYNTHETIC_CALL = {"task": "calls.tasks.place_synthetic_call", "schedule": 10.0, "options": {"expires": 10.0}}
"""Only where `SYNTHETIC_CALL_MINUTES` is set: it looks whether it is time for a call."""
