"""The installation as a Django app, so that its commands (`manage.py serve`) are found, and its checks."""

from django.apps import AppConfig


class FrontdeskConfig(AppConfig):
    """The app of the folder platform/, which is imported as `frontdesk` (see frontdesk.py)."""

    name = "frontdesk"

    def ready(self) -> None:
        """Have the installation itself looked at by `manage.py doctor`."""
        from frontdesk.backups import latest  # noqa: PLC0415
        from frontdesk.doctor import address, configuration, mail_server, parts, stores  # noqa: PLC0415 - need models

        for subject in (configuration, stores, parts, address, mail_server, latest):
            subject.register()
