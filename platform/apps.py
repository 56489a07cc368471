"""The installation as a Django app, so that its commands (`manage.py serve`) are found, and its checks."""

from django.apps import AppConfig
from django.conf import settings

from businesses.doctor import table


class FrontdeskConfig(AppConfig):
    """The app of the folder platform/, which is imported as `frontdesk` (see frontdesk.py)."""

    name = "frontdesk"

    def ready(self) -> None:
        """Have the installation looked at by `manage.py doctor`, and its spans sent if somebody collects them."""
        subjects = ("configuration", "stores", "parts", "address", "mail_server")
        table.look_in(*(f"frontdesk.doctor.{subject}" for subject in subjects), "frontdesk.backups.latest")
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from frontdesk import request_spans, spans  # noqa: PLC0415 - only where it is set

            request_spans.watch_tasks()
            spans.install(settings.OTEL_EXPORTER_OTLP_ENDPOINT, headers=settings.OTEL_EXPORTER_OTLP_HEADERS)
