"""Celery: wake-ups and background work. The database holds the work; a task only rings the doorbell."""

from celery import Celery

app = Celery("frontdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
