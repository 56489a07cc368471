"""Background work of the installation."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Delete expired sign-ins."""
    call_command("clearsessions")
