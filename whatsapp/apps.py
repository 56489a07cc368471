"""The WhatsApp app."""

from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """Contacts, templates and broadcasts over WhatsApp: models, sending, webhooks."""

    name = "whatsapp"
    verbose_name = "WhatsApp"

    def ready(self) -> None:
        """Say what becomes of what is kept."""
        from whatsapp.keeping import rules  # noqa: PLC0415 - models are loaded by now, not before

        rules.register()
