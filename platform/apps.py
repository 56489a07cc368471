"""The installation as a Django app, so that its commands (`manage.py serve`) are found."""

from django.apps import AppConfig


class FrontdeskConfig(AppConfig):
    """The folder platform/, by the name that frontdesk.py lends it."""

    name = "frontdesk"
