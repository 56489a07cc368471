"""The tenants' app."""

from django.apps import AppConfig


class BusinessesConfig(AppConfig):
    """Businesses, their members and their phone numbers."""

    name = "businesses"
