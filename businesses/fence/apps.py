"""Puts the fenced site in the place of Django's own admin site."""

from django.contrib.admin.apps import AdminConfig


class FencedAdminConfig(AdminConfig):
    """Django's admin app with `FencedAdminSite` as its site."""

    default_site = "businesses.fence.site.FencedAdminSite"
