"""Django as `startproject` makes it, with its admin and one more address: what starts and memory are compared with.

DATABASE_URL=… .venv/bin/python -m daphne bench.bare_site:application
"""

from __future__ import annotations

import os

import dj_database_url
from django.conf import settings

_MIDDLEWARE = (
    "security.SecurityMiddleware",
    "common.CommonMiddleware",
    "csrf.CsrfViewMiddleware",
    "clickjacking.XFrameOptionsMiddleware",
)
_CONTEXT = ("django.template.context_processors.request", "django.contrib.auth.context_processors.auth")

settings.configure(
    SECRET_KEY="bare",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"])},
    INSTALLED_APPS=[
        *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles"))
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        *(f"django.middleware.{name}" for name in _MIDDLEWARE),
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [*_CONTEXT, "django.contrib.messages.context_processors.messages"],
            },
        }
    ],
    STATIC_URL="static/",
)

from django.core.asgi import get_asgi_application  # noqa: E402 - the settings come first

application = get_asgi_application()

from django.contrib import admin  # noqa: E402 - needs the apps
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process lives."""
    return HttpResponse("alive")


urlpatterns = [path("admin/", admin.site.urls), path("healthz", healthz)]
