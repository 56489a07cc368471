"""Celery: wake-ups and background work. The database holds the work; a task only wakes up a worker."""

import os

from celery import Celery

# `celery -A frontdesk` imports this module first, before any settings are named.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
