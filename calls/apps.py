"""The phone calls' app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from businesses.doctor import table

if TYPE_CHECKING:
    from businesses.reminder_calls import Caller


class CallsConfig(AppConfig):
    """Phone calls: webhooks, the media stream, the conversation, and what is kept of it."""

    name = "calls"
    verbose_name = _("Calls")

    def ready(self) -> None:
        """Hear of changed settings, say what becomes of what is kept, and what waits: missed calls, tasks."""
        from businesses import last_calls, reminder_calls  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.pages import badges  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.polls import table as polls  # noqa: PLC0415
        from businesses.signals import call_settings_changed  # noqa: PLC0415 - models are loaded by now, not before
        from calls.followups import todo  # noqa: PLC0415
        from calls.keeping import rules  # noqa: PLC0415
        from calls.records import call_figures  # noqa: PLC0415

        call_settings_changed.connect(_on_call_settings_changed, dispatch_uid="calls.greeting")
        rules.register()
        last_calls.register(call_figures.last_calls)
        reminder_calls.register(_reminder_calls)
        badges.register("tasks", _("tasks to do"), todo.count_open)
        badges.register("calls", _("calls missed today"), call_figures.missed_today)
        table.look_in("calls.doctor.webhooks", "calls.doctor.models", "calls.doctor.numbers")
        polls.look_in("calls.polls")


def _reminder_calls() -> Caller:
    from calls.pages.reminder_calls import ReminderCalls  # noqa: PLC0415 - only pages of appointments need it

    return ReminderCalls()


def _on_call_settings_changed(**told: Any) -> None:
    from calls import tasks  # noqa: PLC0415 - it loads all that is done in the background

    tasks.on_call_settings_changed(**told)
