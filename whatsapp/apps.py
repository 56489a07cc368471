"""The WhatsApp app."""

from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """Contacts, templates and broadcasts over WhatsApp: models, sending, webhooks."""

    name = "whatsapp"
    verbose_name = "WhatsApp"
