"""The phone calls' app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    """Phone calls: webhooks, the media stream, the conversation, and what is kept of it."""

    name = "calls"
    verbose_name = _("Calls")

    def ready(self) -> None:
        """Hear of changed settings, say what becomes of what is kept, and how many calls were missed."""
        from businesses import last_calls  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.pages import badges  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.signals import call_settings_changed  # noqa: PLC0415 - models are loaded by now, not before
        from calls.doctor import models, numbers, webhooks  # noqa: PLC0415
        from calls.keeping import rules  # noqa: PLC0415
        from calls.records import call_figures  # noqa: PLC0415
        from calls.tasks import on_call_settings_changed  # noqa: PLC0415

        call_settings_changed.connect(on_call_settings_changed, dispatch_uid="calls.greeting")
        rules.register()
        last_calls.register(call_figures.last_calls)
        badges.register("calls", _("calls missed today"), call_figures.missed_today)
        for subject in (webhooks, models, numbers):
            subject.register()
