"""Celery: wake-ups and background work. The database holds the work; a task only rings the doorbell."""

import os

from celery import Celery

# `celery -A frontdesk` comes here first, with an empty environment.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
