"""When Celery beat runs each periodic task. In a checkout without a broker the embedded worker reads it, too.

What finds its work in the database is not sent every few seconds: the apps register what to look for
(`businesses.polls`), beat sends one task for each pace, and that sends those that have something to do.
"""

from celery.schedules import crontab

BEAT = "heartbeat"


def _look(every_s: int) -> dict[str, object]:
    # `expires`: wake-ups that piled up while no worker ran must not run by the hundred.
    look = {"task": "businesses.tasks.look_for_work", "args": [every_s]}
    return {**look, "schedule": float(every_s), "options": {"expires": float(every_s)}}


CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    BEAT: {
        "task": "businesses.tasks.heartbeat",
        "schedule": 10.0,
        "kwargs": {"by_beat": True},
        "options": {"expires": 30.0},
    },
    # The paces of `businesses.polls.table.Pace`, in seconds. Changes usually wake a worker sooner.
    "look-often": _look(3),
    "look-calmly": _look(20),
    "look-seldom": _look(60),
    "clear-sessions": {"task": "businesses.tasks.clear_sessions", "schedule": crontab(hour="3", minute="30")},
    "encrypt-second-factors": {"task": "businesses.tasks.encrypt_second_factors", "schedule": crontab(minute="40")},
    "keep-days": {"task": "businesses.tasks.keep_days", "schedule": crontab(hour="4", minute="40")},
    "old-uploads": {"task": "whatsapp.tasks.remove_old_uploads", "schedule": crontab(hour="4", minute="20")},
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
