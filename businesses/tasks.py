"""Background work of the installation."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from businesses.signing_in.kept_secrets import encrypt_plain_second_factors
from businesses.signing_in.sessions import forget_dead_sessions


@shared_task
def clear_sessions() -> None:
    """Delete expired sign-ins, also from people's lists of them."""
    call_command("clearsessions")
    forget_dead_sessions()


@shared_task
def encrypt_second_factors() -> None:
    """Encrypt second factors that an earlier release stored in the clear; afterwards there are none."""
    encrypt_plain_second_factors()
