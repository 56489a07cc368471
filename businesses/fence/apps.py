"""Replaces Django's own admin site with the fenced one, and loads its pages where there are addresses for them."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class FencedAdminConfig(SimpleAdminConfig):
    """Django's admin app with `FencedAdminSite` as its site.

    The apps' `admin` modules are loaded by whoever has addresses (`frontdesk/urls.py`) or checks: workers, media
    servers and nearly all commands don't, and start without a quarter of what Django would load.
    """

    default_site = "businesses.fence.site.FencedAdminSite"

    def ready(self) -> None:
        """Register Django's checks of an admin."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_discovered, checks.Tags.admin)


def check_discovered(app_configs: Sequence[AppConfig] | None, **more: Any) -> list[checks.CheckMessage]:
    """Check the admin of every app."""
    admin.autodiscover()
    found: list[checks.CheckMessage] = check_admin_app(app_configs, **more)
    return found
