"""Celery: wake-ups and background work. The database holds the work; a task only wakes up a worker."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

# `celery -A frontdesk` imports this module first, before any settings are named.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

TRANSPORT_ALIASES["memory"] = "frontdesk.memory_broker:Transport"

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
