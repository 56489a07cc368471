"""The app of tenants: businesses, their members and their phone numbers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BusinessesConfig(AppConfig):
    """Businesses, their members and their phone numbers."""

    name = "businesses"
    verbose_name = _("Businesses")

    def ready(self) -> None:
        """Say what becomes of what is kept."""
        from businesses.keeping import own_models  # noqa: PLC0415 - models are loaded by now, not before

        own_models.register()
