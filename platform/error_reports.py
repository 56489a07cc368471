"""Errors reported to Sentry, or to whatever speaks its protocol, where `SENTRY_DSN` names it.

What is reported is what the log says of an error: its masked line, and where in the code it happened. An event is made
anew from the few parts that are allowed, since what libraries add to it grows with each version: no request, no user,
no body, no local variable, no line that was logged before. Django and Celery are not patched: they log their errors.
"""

from __future__ import annotations

from typing import Any, Final

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.types import Event, Hint

from frontdesk.log_lines import LONGEST_LINE, escaped, masked, shortened

_KEPT: Final = ("event_id", "timestamp", "level", "logger", "platform", "environment", "release")
_KEPT_OF_FRAMES: Final = ("filename", "module", "function", "lineno", "in_app")
_QUIET: Final = ("django.security.DisallowedHost",)
"""Any stranger can have this logged as an error."""


def install(dsn: str) -> None:
    """Report what is logged as an error from now on, and an error that ends the process."""
    sentry_sdk.init(
        dsn,
        default_integrations=False,
        integrations=[
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda _pending, _timeout: None),
        ],
        before_send=allowed,
        max_breadcrumbs=0,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        server_name="",
        auto_session_tracking=False,
        send_client_reports=False,
        enable_metrics=False,
        propagate_traces=False,
    )
    for name in _QUIET:
        ignore_logger(name)


def allowed(event: Event, hint: Hint) -> Event | None:
    """Returns what may leave the installation of an event; None for what is no error of ours."""
    told: dict[str, Any] = dict(event)
    kept: dict[str, Any] = {name: told[name] for name in _KEPT if name in told}
    entry = told.get("logentry") or {}
    if said := entry.get("formatted") or entry.get("message") or told.get("message"):
        kept["logentry"] = {"message": _text(said)}
    if exceptions := (told.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_exception(each) for each in exceptions]}
    return kept  # type: ignore[return-value]  # built of the event's own parts


def _exception(told: dict[str, Any]) -> dict[str, Any]:
    frames = (told.get("stacktrace") or {}).get("frames") or []
    return {
        "type": told.get("type"),
        "module": told.get("module"),
        "value": _text(told.get("value") or ""),
        "stacktrace": {"frames": [{name: each[name] for name in _KEPT_OF_FRAMES if name in each} for each in frames]},
    }


def _text(told: object) -> str:
    return shortened(escaped(masked(str(told))), LONGEST_LINE)
