"""Remarks that a web process logs at its start: what suits one machine and not several, and doubtful secrets."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection

from frontdesk import secret_forms
from whatsapp.audience import rates

logger = logging.getLogger(__name__)


def log_remarks() -> None:
    """Log every remark, once per process."""
    for remark in remarks():
        logger.warning("%s", remark)


def remarks() -> list[str]:
    """Returns sentences that the operator should know about this configuration."""
    found = rates.problems()
    if not settings.DEBUG and connection.vendor == "sqlite":
        found.append("The database is SQLite: run one web process only, or set DATABASE_URL to a PostgreSQL server.")
    if not settings.DEBUG and not settings.REDIS_URL:
        found.append("REDIS_URL is not set: run one web process only; it does the background work itself.")
    if not settings.DEBUG and settings.WHITENOISE_USE_FINDERS:
        found.append("Static files are not collected and therefore slow: run manage.py collectstatic.")
    if not settings.TWILIO_AUTH_TOKEN:
        found.append("TWILIO_AUTH_TOKEN is not set: anyone may post webhooks, signatures are not checked.")
    if not settings.OPENAI_API_KEY:
        found.append(f"OPENAI_API_KEY is not set: the stand-in engine at {settings.OPENAI_REALTIME_URL} answers calls.")
    if not settings.DEBUG and not settings.EMAIL_HOST:
        found.append(
            "EMAIL_HOST is not set: no mail is sent. Invitations show their link on the page only, and nobody can ask "
            "for a new password: manage.py changepassword EMAIL sets one."
        )
    if not settings.DEBUG:
        found += secret_forms.doubts({name: str(getattr(settings, name)) for name in secret_forms.DOUBTED})
    return found
