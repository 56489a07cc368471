"""The mail server: does it let us in? Nothing is sent."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import get_connection

from businesses.doctor import table
from businesses.doctor.table import ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.doctor.web import no_answer


def register() -> None:
    """Have it tried."""
    table.register("mail", _checks)


def _checks() -> Iterator[Check]:
    yield Check("server", _ask)


def refused(error: smtplib.SMTPException) -> Verdict:
    """Returns what a mail server's refusal means, without its words, which may hold the login."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return wrong("The mail server refuses the login.", "Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.")
        case smtplib.SMTPNotSupportedError():
            return wrong(
                "The mail server offers no STARTTLS, or no login.", "Set EMAIL_PORT to its port for submission (587)."
            )
        case smtplib.SMTPResponseException():
            return wrong(f"The mail server refuses with {error.smtp_code}.", "Let it accept mail from this machine.")
    return wrong(
        f"The mail server broke off: {type(error).__name__}.",
        "Set EMAIL_PORT to its port with STARTTLS (587): 465, where TLS comes first, is not spoken.",
    )


def _ask() -> Verdict:
    if not settings.EMAIL_HOST:
        return not_tried("EMAIL_HOST is not set: no mail is sent, and passwords are reset by manage.py changepassword.")
    connection = get_connection(timeout=ASK_S)
    try:
        connection.open()
    except smtplib.SMTPException as error:
        return refused(error)
    except OSError as error:
        found = no_answer(error, f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
        return wrong(found.says, "Compare EMAIL_HOST and EMAIL_PORT with what your mail provider says.")
    finally:
        connection.close()
    return ok("It lets us in. Nothing was sent.")
