"""The installation as a Django app, so that its commands (`manage.py serve`) are found."""

from django.apps import AppConfig


class FrontdeskConfig(AppConfig):
    """The app of the folder platform/, which is imported as `frontdesk` (see frontdesk.py)."""

    name = "frontdesk"
