"""The app of tenants: businesses, their members and their phone numbers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from businesses.doctor import table


class BusinessesConfig(AppConfig):
    """Businesses, their members and their phone numbers."""

    name = "businesses"
    verbose_name = _("Businesses")

    def ready(self) -> None:
        """Listen to what happens at sign-in, and register how long the rows of this app are kept."""
        from businesses.keeping import own_models  # noqa: PLC0415 - models are loaded by now, not before
        from businesses.polls import table as polls  # noqa: PLC0415
        from businesses.signing_in import news, sessions  # noqa: PLC0415 - they import models

        own_models.register()
        table.look_in("businesses.doctor.keys")
        polls.look_in("businesses.polls.own")
        news.connect()
        sessions.connect()
