"""The mail of an installation that has no mail server and callers: it goes nowhere, and its text into no log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)


class EmailBackend(BaseEmailBackend):
    """Sends nothing. Printing mails, as in development, would put links that let people in into the log."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Returns 0: nothing is sent."""
        logger.warning("EMAIL_HOST is not set: %d mails were not sent", len(email_messages))
        return 0
