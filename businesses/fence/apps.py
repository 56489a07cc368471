"""Replaces Django's own admin site with the fenced one."""

from django.contrib.admin.apps import AdminConfig


class FencedAdminConfig(AdminConfig):
    """Django's admin app with `FencedAdminSite` as its site."""

    default_site = "businesses.fence.site.FencedAdminSite"
