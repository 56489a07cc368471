"""The phone calls' app."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    """Phone calls: webhooks, the media stream, the conversation, and what is kept of it."""

    name = "calls"
