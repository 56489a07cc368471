"""Writes sign-ins, failures and changes of a person's account to the audit logs of their businesses."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from businesses.audit import AuditKind, record_for_person
from businesses.models import User


def connect() -> None:
    """Listen to what allauth tells. Called once, when the app is ready."""
    account.user_logged_in.connect(_signed_in)
    account.password_changed.connect(_password_changed)
    account.password_reset.connect(_password_reset)
    mfa.authenticator_added.connect(_second_factor_added)
    mfa.authenticator_removed.connect(_second_factor_removed)
    mfa.authenticator_reset.connect(_second_factor_added)
    mfa.authentication_failed.connect(_second_factor_failed)


def sign_in_failed(email: str) -> None:
    """Note a wrong password. Of addresses without an account nothing is written: no business would own the entry."""
    user = User.objects.filter(email=email).first()
    if user is not None:
        record_for_person(user, AuditKind.SIGN_IN_FAILED, email=user.email, how="password")


def session_ended(user: User, *, device: str, address: str) -> None:
    """Note that a person has ended one of their sessions."""
    record_for_person(user, AuditKind.SESSION_ENDED, device=device, of_address=address)


def _signed_in(request: HttpRequest, user: User, **named: Any) -> None:
    record_for_person(user, AuditKind.SIGNED_IN)


def _password_changed(request: HttpRequest, user: User, **named: Any) -> None:
    record_for_person(user, AuditKind.PASSWORD_CHANGED, how="signed_in")


def _password_reset(request: HttpRequest, user: User, **named: Any) -> None:
    """The link came to the mailbox, so the address is proved, too."""
    User.objects.filter(pk=user.pk, email_proved_at=None).update(email_proved_at=timezone.now())
    record_for_person(user, AuditKind.PASSWORD_CHANGED, how="mail")


def _second_factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **named: Any) -> None:
    record_for_person(user, AuditKind.SECOND_FACTOR_ADDED, factor=authenticator.type)


def _second_factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **named: Any) -> None:
    record_for_person(user, AuditKind.SECOND_FACTOR_REMOVED, factor=authenticator.type)


def _second_factor_failed(request: HttpRequest, user: User, **named: Any) -> None:
    record_for_person(user, AuditKind.SIGN_IN_FAILED, email=user.email, how="second_factor")
